// SPDX-License-Identifier: MIT
// What a peer needs of the server around it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "daemon/base/logger.hpp"
#include "daemon/local/access_rules.hpp"
#include "daemon/local/named_subscribers.hpp"
#include "daemon/local/options.hpp"
#include "daemon/local/peer_output.hpp"
#include "daemon/local/room_holders.hpp"
#include "daemon/local/server.hpp"
#include "daemon/log/event_log.hpp"

namespace roombridge::local {

class peer;

class peer_host {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  [[nodiscard]] virtual log::event_log& events() = 0;
  [[nodiscard]] virtual const options& config() const = 0;
  [[nodiscard]] virtual const std::string& server_name() const = 0;
  // The STATUS for peers with these rights; null: none yet.
  [[nodiscard]] virtual shared_frame status_for(const shared_rights& may) = 0;
  [[nodiscard]] virtual request_handler& requests() = 0;
  [[nodiscard]] virtual named_subscribers& named() = 0;
  [[nodiscard]] virtual logger& log() = 0;
  [[nodiscard]] virtual time_point now() const = 0;

  // The result of CALL `subscribers` for whom it is.
  [[nodiscard]] virtual std::string subscribers(const sight& whom) const = 0;
  [[nodiscard]] virtual room_holders& holders() = 0;

  // Hands an answer to peer::answer(token's peer), now or later; does nothing once that peer is gone.
  [[nodiscard]] virtual answer_function answer_to(peer_token token, std::uint64_t id) = 0;

  // Whether the rules of the moment let the peer emit events of this name, asked whenever, also once it is gone.
  [[nodiscard]] virtual std::function<bool()> permission(const peer& who, std::string event) = 0;

  // Scratch for one read or write.
  [[nodiscard]] virtual std::span<std::byte> read_buffer() = 0;
  [[nodiscard]] virtual peer_output::pieces& pieces() = 0;

  // peer::serve() is to be called when its turn comes.
  virtual void schedule(peer& who) = 0;
  // peer::offer_room() is to be called when somebody may have let go of something.
  virtual void wait_for_room(peer& who) = 0;
  // Which of EPOLLIN and EPOLLOUT the peer waits for.
  virtual void watch(peer& who, std::uint32_t events) = 0;
  // peer::on_deadline() is to be called at `when`, instead of any earlier arrangement.
  virtual void set_deadline(peer& who, time_point when) = 0;
  virtual void clear_deadline(peer& who) = 0;
  // The peer's user makes the daemon hold more than it may: ends connections of this user.
  virtual void enforce_budget(const peer& who) = 0;
  // A protocol error ended the connection.
  virtual void count_protocol_error(const peer& who, std::string_view what) = 0;
  // The connection is over: the peer is to be destroyed, not before the call that it is in has returned.
  virtual void bury(peer& who) = 0;

 protected:
  ~peer_host() = default;
};

}  // namespace roombridge::local
