// SPDX-License-Identifier: MIT
#include "daemon/upstream/client/status_log.hpp"

#include <roombridge/proto/printable.hpp>
#include "daemon/base/duration_text.hpp"

namespace roombridge::upstream {
namespace {

// Going away because it was asked to, or logged out, is no trouble; everything else is somebody's to mend.
bool is_trouble(cause value) {
  const retry_policy policy = policy_of(value);
  return policy == retry_policy::normal || policy == retry_policy::slow || value == cause::token_unreadable ||
         value == cause::bad_url;
}

// A state that lasts until something happens: no later attempt brings another line about it.
bool lasts(const session_status& status) {
  return status.state == state::authenticated || (status.state == state::offline && !status.next_attempt);
}

std::string_view over(const session_status& status) {
  return status.transport == transport_kind::polling ? " over HTTP long-polling" : "";
}

std::string next_attempt(const session_status& status, moment at) {
  return status.next_attempt ? "; next attempt in " + duration_text(*status.next_attempt - at.now) : std::string();
}

}  // namespace

std::string in_words(const session_status& status, moment at) {
  std::string text(to_string(status.state));
  if (status.transport) text.append(" over ").append(to_string(*status.transport));
  // On the way to a connection the words are still of the last one's end.
  const bool stands_still = status.state == state::offline || status.next_attempt;
  if (stands_still && status.cause != cause::none) text.append(": ").append(in_general(status.cause));
  return text + next_attempt(status, at);
}

void status_log::report(const session_status& status, std::string_view url, std::size_t rooms, moment at) {
  std::string text = "upstream " + std::string(to_string(status.state));
  // What stays the same while a fault repeats itself: not the delays.
  std::string key = text + ' ' + std::string(to_string(status.cause)) + ' ' + status.text;
  key += over(status);
  log_level level = log_level::info;
  switch (status.state) {
    case state::offline:
      text += ": " + status.text + next_attempt(status, at);
      if (is_trouble(status.cause)) level = log_level::warning;
      break;
    case state::connecting:
      text += ": " + std::string(url) + std::string(over(status));
      break;
    case state::connected:
      if (!status.next_attempt) {
        level = log_level::debug;
        break;
      }
      text += ": " + status.text + next_attempt(status, at);
      level = log_level::warning;
      break;
    case state::authenticating:
      level = log_level::debug;
      break;
    case state::authenticated:
      text += ": " + std::string(url) +
              (status.user.empty() ? std::string() : " as " + proto::printable(status.user, 100)) + ", " +
              std::to_string(rooms) + (rooms == 1 ? " room" : " rooms") + std::string(over(status));
      if (status.lost) text += ", after " + duration_text(at.now - *status.lost) + " away";
      break;
  }
  write(level, key, std::move(text), &status, at);
}

void status_log::way(const std::string& name) {
  if (std::exchange(way_, name) != name && !name.empty()) log_.info("connecting to " + name);
}

void status_log::note(std::string_view text, moment at) {
  write(log_level::warning, text, std::string(text), nullptr, at);
}

void status_log::malformed(std::string_view why, moment at) {
  write(log_level::warning, "malformed", "dropped a message from the server: " + std::string(why), nullptr, at);
}

void status_log::write(log_level level, std::string_view key, std::string text, const session_status* status,
                       moment at) {
  auto held = filter_.pass(key, at.now);
  if (!held && status != nullptr && lasts(*status) && status->state != told_) held = 0;
  if (!held) level = log_level::debug;
  if (status != nullptr && level > log_level::debug) told_ = status->state;
  if (!log_.enabled(level)) return;
  if (held && *held != 0) text += " (" + std::to_string(*held) + " more since the last such line)";
  if (status == nullptr) {
    log_.write(level, text, {});
  } else {
    log_.write(level, text, {{"STATE", to_string(status->state)}, {"CAUSE", to_string(status->cause)}});
  }
}

}  // namespace roombridge::upstream
