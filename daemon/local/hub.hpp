// SPDX-License-Identifier: MIT
// All peers: who is ready to be written, whose deadline is next, what each user holds, who is to be destroyed.
//
// Invariants: a peer reads and writes only from flush(), when its turn comes (turns.hpp), and one flush() does no more
// than a turn's work; a peer that is over is destroyed only when no call into any peer is under way. Everything runs on
// the event thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/base/fair_shares.hpp"
#include "daemon/base/log_limiter.hpp"
#include "daemon/local/access_rules.hpp"
#include "daemon/local/credentials.hpp"
#include "daemon/local/deadline_queue.hpp"
#include "daemon/local/latency_histogram.hpp"
#include "daemon/local/peer.hpp"
#include "daemon/local/peer_host.hpp"
#include "daemon/local/poller.hpp"
#include "daemon/local/status_board.hpp"
#include "daemon/local/trace_watch.hpp"
#include "daemon/local/turns.hpp"

namespace roombridge::local {

class hub final : public peer_host {
 public:
  using clock = std::function<time_point()>;
  using identifier = std::function<std::optional<credentials>(int fd)>;

  // `now`, `identify`: tests bring their own. Throws std::system_error. All references outlive the hub.
  hub(io::context& context, const options& initial, std::string server_name, log::event_log& events,
      request_handler& handler, named_subscribers& named, logger& log, clock now = std::chrono::steady_clock::now,
      identifier identify = peer_credentials);
  ~hub();

  // A new connection, non-blocking.
  void adopt(unique_fd fd);

  // Ends every connection after what can be written at once; on_empty is called when the last one is gone.
  void shut_down(std::function<void()> on_empty);
  // Closes what is still there.
  void close_all();

  void publish_status(proto::status status);
  void trace(peer_token who, std::chrono::milliseconds time, answer_function done);
  bool publish_trace(const proto::trace& line);
  void flush();
  // Deadlines that have passed by now() are acted upon.
  void expire();

  // `access`: what the changed options have made.
  void reconfigure(options changed, access_rules access);

  [[nodiscard]] std::size_t size() const { return peers_.size(); }
  [[nodiscard]] std::vector<peer_info> peers() const;
  [[nodiscard]] connection_counts counts(const sight& whom) const;
  [[nodiscard]] const room_holders& room_holds() const { return holders_; }
  [[nodiscard]] latency_histogram latency() const;
  [[nodiscard]] server_counters counters() const;

 private:
  class call_scope;
  // The STATUS that waits is due.
  class late_status final : public deadline_entry {
   public:
    explicit late_status(hub& owner) : owner_(owner) {}
    void on_deadline() override { owner_.send_status(); }

   private:
    hub& owner_;
  };

  log::event_log& events() override { return events_; }
  const options& config() const override { return config_; }
  const std::string& server_name() const override { return server_name_; }
  shared_frame status_for(const shared_rights& may) override { return status_.frame_for(may); }
  request_handler& requests() override { return handler_; }
  named_subscribers& named() override { return named_; }
  logger& log() override { return log_; }
  time_point now() const override { return now_(); }
  std::string subscribers(const sight& whom) const override;
  room_holders& holders() override { return holders_; }
  answer_function answer_to(peer_token token, std::uint64_t id) override;
  std::function<bool()> permission(const peer& who, std::string event) override;
  std::span<std::byte> read_buffer() override { return read_buffer_; }
  peer_output::pieces& pieces() override { return pieces_; }
  void schedule(peer& who) override;
  void wait_for_room(peer& who) override { waiting_for_room_.push_back(who.token()); }
  void watch(peer& who, std::uint32_t events) override;
  void set_deadline(peer& who, time_point when) override;
  void clear_deadline(peer& who) override;
  void enforce_budget(const peer& who) override { shed(who.uid()); }
  void count_protocol_error(const peer& who, std::string_view what) override;
  void bury(peer& who) override;

  void on_ready(std::span<const epoll_event> events);
  [[nodiscard]] std::string no_room_for(const credentials& who, const rights& may, const user_account& account,
                                        int fd) const;
  void refuse(unique_fd fd, const credentials& who, const rights& may, const std::string& why);
  void send_status();
  void post_flush();
  void serve_turn();
  [[nodiscard]] std::vector<peer*> peers_of(uid_t user);
  void shed(uid_t user);
  void reap();
  [[nodiscard]] peer* find(peer_token token);

  options config_;
  const std::string server_name_;
  log::event_log& events_;
  request_handler& handler_;
  named_subscribers& named_;
  logger& log_;
  const clock now_;
  const identifier identify_;
  access_rules access_;
  user_accounts accounts_;
  room_holders holders_;
  status_board status_;
  server_counters counters_;   // of the peers that are gone, and what only the hub knows
  latency_histogram latency_;  // of the peers that are gone
  log_limiter protocol_errors_;
  log_limiter refusals_;
  log_limiter budget_ends_;

  io::executor executor_;
  std::shared_ptr<hub*> self_;  // null for completions and answers that come too late
  poller poller_;
  deadline_queue deadlines_;
  late_status late_status_{*this};

  std::unordered_map<peer_token, std::unique_ptr<peer>> peers_;
  std::set<std::pair<uid_t, peer_token>> by_user_;  // the same
  fair_shares connections_;                         // of peers_
  std::map<peer_token, trace_watch> watches_;       // of peers in peers_
  peer_token last_token_ = 0;
  turns turns_;
  std::vector<peer_token> waiting_for_room_;
  std::vector<peer_token> over_;
  std::function<void()> on_empty_;
  int calls_ = 0;  // into peers, nested
  bool flushing_ = false;
  bool flush_again_ = false;
  bool flush_posted_ = false;

  std::array<std::byte, 64u << 10> read_buffer_;
  peer_output::pieces pieces_;
};

}  // namespace roombridge::local
