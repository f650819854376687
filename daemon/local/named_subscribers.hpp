// SPDX-License-Identifier: MIT
// Subscribers that have a name (PROTOCOL.md section 4): whose they are, up to where they have acknowledged, and which
// connection has the name at present. Pure: the time comes from outside, and what outlasts the daemon is the storage's.
//
// Invariants: a position never moves backwards within its epoch; a name has one holder at most; every acknowledgement
// and removal is answered once, when the storage has said what became of it. A subscriber has a slot of the storage,
// which nobody else gets before the storage was told that it is free.
//
// How long nobody has had a name counts by the steady clock, and by the wall's only over the ends of the daemon and
// where that can be believed.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "daemon/base/fair_shares.hpp"
#include "daemon/base/wall_watch.hpp"
#include "daemon/log/sequence.hpp"

namespace roombridge::local {

struct subscriber_key {
  uid_t user = 0;
  std::string name;
  auto operator<=>(const subscriber_key&) const = default;
};

struct named_subscriber {
  subscriber_key key;
  std::uint64_t epoch = 0;
  log::sequence seq = 0;  // of the last record that it has acknowledged
  std::int64_t seen = 0;  // µs since the Unix epoch, when a connection last had the name; 0: one has
  bool operator==(const named_subscriber&) const = default;
};

// Where subscribers outlast the daemon.
class subscriber_storage {
 public:
  using ticket = std::uint64_t;

  // Has the slot hold `what` (null: nothing) from now on. named_subscribers::settled() tells later, never within the
  // call, what became of it; the tickets grow.
  [[nodiscard]] virtual ticket keep(std::size_t slot, const named_subscriber* what) = 0;

 protected:
  ~subscriber_storage() = default;
};

class named_subscribers {
 public:
  static constexpr std::size_t most = 1024;  // of all users, who share it

  using ticket = subscriber_storage::ticket;
  using clock = std::function<wall_watch::reading()>;
  // `durable`: the storage has it.
  using kept_function = std::function<void(bool durable)>;

  // `storage` outlives this; null: there is none, and nothing is ever durable.
  named_subscribers(subscriber_storage* storage, clock now) : storage_(storage), now_(std::move(now)), watch_(now_()) {}
  named_subscribers(const named_subscribers&) = delete;
  named_subscribers& operator=(const named_subscribers&) = delete;

  // Of one user at most so many; one that no connection has had for so long is forgotten.
  void configure(std::size_t per_user, std::chrono::milliseconds expire);

  // Takes up what an earlier life has left in the storage; whose connection that life did not see end is taken as seen
  // just now. Of two with one key the one that was seen last counts.
  void restore(std::size_t slot, named_subscriber what);

  // A connection takes the name, which need not be a subscriber's yet. The process that has it already, if one does.
  [[nodiscard]] std::optional<pid_t> hold(const subscriber_key& key, pid_t process);
  void release(const subscriber_key& key);

  // Null: there is none.
  [[nodiscard]] const named_subscriber* find(const subscriber_key& key);

  // Why this user may not have one more, in words; nothing: it may.
  [[nodiscard]] std::optional<std::string> objection_to_another(share_holder user);

  // A new one at this position. Preconditions: its name is held, find() has none, and there is no objection.
  void add(const subscriber_key& key, std::uint64_t epoch, log::sequence seq);

  // Moves the position of one that is there, unless it lies further ahead in this epoch already.
  void acknowledge(const subscriber_key& key, std::uint64_t epoch, log::sequence seq, kept_function done);
  // Calls `done` when what is known of it is kept.
  void when_kept(const subscriber_key& key, kept_function done);

  enum class removal : std::uint8_t { removed, unknown, connected };
  // Only where it is `removed`, `done` is called.
  [[nodiscard]] removal remove(const subscriber_key& key, kept_function done);

  // The process whose connection has the name.
  [[nodiscard]] std::optional<pid_t> holder(const subscriber_key& key) const;

  // From the storage: all that was kept up to the ticket `all` has been tried, and is there up to the ticket `durable`.
  void settled(ticket all, ticket durable);

  // The result of the call `named_subscribers`: those of one user, or all, in a log of this epoch. `newest`: its newest
  // number, which tells how far each is behind; nothing: who asks may not know when events come.
  [[nodiscard]] std::string list(std::optional<uid_t> of, std::uint64_t epoch, std::optional<log::sequence> newest);

  // How many there are of one user, or of all.
  [[nodiscard]] std::size_t size(std::optional<uid_t> of = std::nullopt);

 private:
  struct entry {
    named_subscriber what;
    std::size_t slot = 0;
    ticket kept = 0;  // that what is in the storage has
    // When a connection of this life last had it; nothing: none has.
    std::optional<std::chrono::steady_clock::time_point> left{};
  };
  using entries = std::map<subscriber_key, entry>;

  void keep(entry& of);
  void leave(entry& of) const;
  [[nodiscard]] ticket put(std::size_t slot, const named_subscriber* what);
  void answer_when(ticket kept, kept_function done);
  [[nodiscard]] bool is_durable(ticket kept) const { return storage_ != nullptr && kept <= durable_; }
  void forget_expired();
  [[nodiscard]] ticket forget(entries::iterator which);

  subscriber_storage* storage_;
  const clock now_;
  wall_watch watch_;
  std::size_t per_user_ = 64;
  std::chrono::microseconds expire_{std::chrono::hours{720}};
  entries entries_;
  fair_shares shares_;  // of entries_
  std::map<subscriber_key, pid_t> holders_;
  std::array<bool, most> used_{};  // slots
  ticket settled_ = 0;
  ticket durable_ = 0;
  std::deque<std::pair<ticket, kept_function>> waiting_;  // by ticket
};

}  // namespace roombridge::local
