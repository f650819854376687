// SPDX-License-Identifier: MIT
#include "daemon/local/named_subscribers.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

#include <roombridge/proto/client_messages.hpp>
#include <roombridge/proto/json_text.hpp>

namespace roombridge::local {

void named_subscribers::configure(std::size_t per_user, std::chrono::milliseconds expire) {
  per_user_ = per_user;
  expire_ = expire;
}

void named_subscribers::restore(std::size_t slot, named_subscriber what) {
  if (slot >= most || used_[slot]) return;
  entry made{.what = std::move(what), .slot = slot};
  if (made.what.seen == 0) leave(made);
  used_[slot] = true;
  if (const auto other = entries_.find(made.what.key); other != entries_.end()) {
    if (other->second.what.seen >= made.what.seen) {
      (void)put(slot, nullptr);
      used_[slot] = false;
      return;
    }
    (void)forget(other);
  }
  subscriber_key key = made.what.key;
  shares_.take(key.user, 1);
  entries_.emplace(std::move(key), std::move(made));
}

std::optional<pid_t> named_subscribers::hold(const subscriber_key& key, pid_t process) {
  forget_expired();
  if (const auto [held, taken] = holders_.emplace(key, process); !taken) return held->second;
  if (const auto found = entries_.find(key); found != entries_.end()) {
    found->second.what.seen = 0;
    keep(found->second);
  }
  return std::nullopt;
}

void named_subscribers::release(const subscriber_key& key) {
  if (holders_.erase(key) == 0) return;
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  leave(found->second);
  keep(found->second);
}

void named_subscribers::leave(entry& of) const {
  const wall_watch::reading now = now_();
  of.what.seen = now.wall.time_since_epoch().count();
  of.left = now.steady;
}

std::optional<pid_t> named_subscribers::holder(const subscriber_key& key) const {
  const auto found = holders_.find(key);
  if (found == holders_.end()) return std::nullopt;
  return found->second;
}

const named_subscriber* named_subscribers::find(const subscriber_key& key) {
  forget_expired();
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second.what;
}

std::optional<std::string> named_subscribers::objection_to_another(share_holder user) {
  forget_expired();
  if (shares_.of(user.user) >= per_user_) {
    return "this user has as many named subscribers as subscribers.per_user allows: " + std::to_string(per_user_) +
           "; see roombridgectl named, and remove";
  }
  if (!shares_.fits(most, user, 1)) return shares_.objection(most, user, "named subscribers");
  return std::nullopt;
}

void named_subscribers::add(const subscriber_key& key, std::uint64_t epoch, log::sequence seq) {
  const auto free = std::find(used_.begin(), used_.end(), false);
  assert(free != used_.end() && holders_.contains(key) && !entries_.contains(key));
  *free = true;
  shares_.take(key.user, 1);
  entry& made = entries_[key];
  made.what = {.key = key, .epoch = epoch, .seq = seq};
  made.slot = static_cast<std::size_t>(std::distance(used_.begin(), free));
  keep(made);
}

void named_subscribers::acknowledge(const subscriber_key& key, std::uint64_t epoch, log::sequence seq,
                                    kept_function done) {
  const auto found = entries_.find(key);
  assert(found != entries_.end());
  named_subscriber& what = found->second.what;
  if (epoch != what.epoch || seq > what.seq) {
    what.epoch = epoch;
    what.seq = seq;
    keep(found->second);
  }
  answer_when(found->second.kept, std::move(done));
}

void named_subscribers::when_kept(const subscriber_key& key, kept_function done) {
  const auto found = entries_.find(key);
  assert(found != entries_.end());
  answer_when(found->second.kept, std::move(done));
}

named_subscribers::removal named_subscribers::remove(const subscriber_key& key, kept_function done) {
  forget_expired();
  const auto found = entries_.find(key);
  if (found == entries_.end()) return removal::unknown;
  if (holders_.contains(key)) return removal::connected;
  answer_when(forget(found), std::move(done));
  return removal::removed;
}

void named_subscribers::settled(ticket all, ticket durable) {
  settled_ = all;
  durable_ = durable;
  while (!waiting_.empty() && waiting_.front().first <= settled_) {
    const auto [kept, done] = std::move(waiting_.front());
    waiting_.pop_front();
    done(is_durable(kept));
  }
}

std::string named_subscribers::list(std::optional<uid_t> of, std::uint64_t epoch, std::optional<log::sequence> newest) {
  forget_expired();
  std::string out = "[";
  for (auto next = of ? entries_.lower_bound({*of, {}}) : entries_.begin(); next != entries_.end(); ++next) {
    const auto& [key, each] = *next;
    if (of && key.user != *of) break;
    if (out.size() > 1) out += ',';
    out += R"({"name":)";
    proto::append_json_string(out, key.name);
    out += R"(,"uid":)" + std::to_string(key.user) + R"(,"position":{"epoch":")" + proto::epoch_text(each.what.epoch) +
           R"(","seq":)" + std::to_string(each.what.seq) + '}';
    if (newest && each.what.epoch == epoch)
      out += R"(,"behind":)" + std::to_string(*newest - std::min(*newest, each.what.seq));
    if (const auto process = holder(key)) {
      out += R"(,"connected":true,"pid":)" + std::to_string(*process) + '}';
    } else {
      out += R"(,"connected":false,"seen":)" + std::to_string(each.what.seen) + '}';
    }
  }
  return out + ']';
}

std::size_t named_subscribers::size(std::optional<uid_t> of) {
  forget_expired();
  return of ? shares_.of(*of) : entries_.size();
}

void named_subscribers::keep(entry& of) {
  of.kept = put(of.slot, &of.what);
}

named_subscribers::ticket named_subscribers::put(std::size_t slot, const named_subscriber* what) {
  return storage_ == nullptr ? 0 : storage_->keep(slot, what);
}

void named_subscribers::answer_when(ticket kept, kept_function done) {
  if (kept <= settled_) return done(is_durable(kept));
  const auto place = std::upper_bound(waiting_.begin(), waiting_.end(), kept,
                                      [](ticket one, const auto& each) { return one < each.first; });
  waiting_.emplace(place, kept, std::move(done));
}

void named_subscribers::forget_expired() {
  const wall_watch::reading now = now_();
  watch_.look(now);
  const auto unused = [&](const entry& each) -> std::chrono::nanoseconds {
    if (each.left) return now.steady - *each.left;
    return watch_.since(wall_watch::wall_time{std::chrono::microseconds{each.what.seen}}, now);
  };
  for (auto next = entries_.begin(); next != entries_.end();) {
    const auto current = next++;
    if (!holders_.contains(current->first) && unused(current->second) > expire_) (void)forget(current);
  }
}

named_subscribers::ticket named_subscribers::forget(entries::iterator which) {
  const std::size_t slot = which->second.slot;
  used_[slot] = false;
  shares_.give_back(which->first.user, 1);
  entries_.erase(which);
  return put(slot, nullptr);
}

}  // namespace roombridge::local
