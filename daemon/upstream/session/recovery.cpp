// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/recovery.hpp"

#include <algorithm>
#include <utility>

#include "daemon/upstream/token_reading.hpp"

namespace roombridge::upstream {
namespace {

// The server said so itself.
bool is_noticed(cause why) {
  return why == cause::server_closed || why == cause::server_error;
}

}  // namespace

bool recovery::ask(std::string_view token, const std::optional<std::string>& user, json_fields& payload,
                   time_point now) {
  drop_held();
  holding_ = true;
  recovered_ = complete_ = offered_ = false;
  if (pid_.empty()) return true;
  const bool nothing = offset_.empty() || may_deafen(now);
  const bool foreign = token_digest_ != token_digest(token) && user != user_;
  if (nothing || foreign) {
    forget();
    return nothing;
  }
  asked_ = true;
  asked_offset_ = offset_;
  payload.set("pid", json_string(pid_));
  payload.set("offset", json_string(offset_));
  return true;
}

void recovery::on_reply(const std::optional<std::string>& pid, time_point now) {
  const bool asked = std::exchange(asked_, false);
  holding_ = false;
  offered_ = pid.has_value();
  recovered_ = asked && pid == pid_;
  complete_ = recovered_ && !overflow_;
  if (asked) ++(complete_ ? counters_.recovered : counters_.failed);
  forgotten_at_ = recovered_ ? std::optional(now + memory_) : std::nullopt;
  if (recovered_) return;
  forget();
  shape_ = offset_shape::unseen;
  if (pid && pid->size() <= pid_limit) pid_ = *pid;
}

bool recovery::on_authenticated(std::string_view user, std::string_view token) {
  const bool foreign = (confirmed_ || recovered_) && user_ != user;
  user_ = user;
  token_digest_ = token_digest(token);
  if (foreign) forget();
  confirmed_ = !pid_.empty();
  return !(foreign && recovered_);
}

void recovery::on_end(cause why) {
  const bool established = offered_ || asked_;
  // Where the answer is lost it may have recovered us, and nobody knows when it had seen the former end.
  if (asked_) forgotten_at_ = time_point::max();
  holding_ = asked_ = offered_ = recovered_ = complete_ = false;
  drop_held();
  // After anything else, such as a message that cannot be read, what was sent last would come again.
  const bool askable = is_noticed(why) || may_be_one_sided(why) || why == cause::shutdown;
  if (!established) return;
  if (!(confirmed_ && askable)) forget();
  unnoticed_ = !is_noticed(why);
}

void recovery::on_refused() {
  confirmed_ = complete_ = false;
}

void recovery::forget() {
  pid_.clear();
  offset_.clear();
  confirmed_ = complete_ = false;
}

std::optional<saved_recovery> recovery::saved(time_point now) const {
  if (!confirmed_ || may_deafen(now) || offset_.empty()) return std::nullopt;
  return saved_recovery{pid_, offset_, user_, token_digest_};
}

std::optional<saved_recovery> recovery::running(moment at) const {
  if (pid_.empty() || !confirmed_ || forgotten_at_ == time_point::max()) return std::nullopt;
  saved_recovery out{pid_, offset_, user_, token_digest_};
  if (forgotten_at_ && at.now < *forgotten_at_) {
    out.not_before = std::chrono::ceil<std::chrono::microseconds>(at.wall + (*forgotten_at_ - at.now));
  }
  return out;
}

void recovery::restore(saved_recovery from) {
  pid_ = std::move(from.pid);
  offset_ = std::move(from.offset);
  shape_ = shape_of(offset_);
  user_ = std::move(from.user);
  token_digest_ = std::move(from.token_digest);
  confirmed_ = true;
}

bool recovery::take_complete() {
  return std::exchange(complete_, false);
}

void recovery::hold(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments) {
  if (overflow_) return;
  held_size_ += packet.data.size();
  for (const auto& one : attachments) held_size_ += one.size();
  if (held_.size() == held_count || held_size_ > held_bytes) {
    drop_held();
    overflow_ = true;
    return;
  }
  held_event& kept = held_.emplace_back();
  kept.data = packet.data;
  kept.ack = packet.id;
  for (const auto& one : attachments) kept.attachments.emplace_back(one.begin(), one.end());
}

// A server that begins before our offset sends it, too: up to there everything is known.
std::vector<recovery::held_event> recovery::take_held() {
  if (holding_) return {};
  auto events = std::exchange(held_, {});
  drop_held();
  if (!recovered_) return events;
  const auto known = std::find_if(events.rbegin(), events.rend(), [this](const held_event& one) {
    return !one.ack && trailing_token(one.data) == asked_offset_;
  });
  events.erase(events.begin(), known.base());
  return events;
}

std::string_view recovery::strip(std::string_view data, bool wants_ack) {
  if (!offered_ || wants_ack) return data;
  const std::string_view token = trailing_token(data);
  if (token.empty()) return data;
  const offset_shape shape = shape_of(token);
  if (shape == offset_shape::opaque && shape_ > offset_shape::opaque) return data;
  if (shape_ > offset_shape::opaque && shape != shape_) return data;
  shape_ = shape;
  if (!pid_.empty()) offset_ = token;
  stripped_.clear();
  stripped_.append(before_token(data));
  stripped_.append("]");
  return stripped_.view();
}

void recovery::drop_held() {
  held_.clear();
  held_size_ = 0;
  overflow_ = false;
}

}  // namespace roombridge::upstream
