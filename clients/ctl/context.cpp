// SPDX-License-Identifier: MIT
#include "clients/ctl/context.hpp"

#include <algorithm>

#include "clients/ctl/text.hpp"

namespace roombridge::ctl {

exit_code report(const context& where, const failure& why) {
  where.err << where.look.bad("roombridgectl:") << ' ' << printable(why.text) << std::endl;
  switch (why.kind) {
    case failure_kind::timeout:
      return exit_code::timeout;
    case failure_kind::refused:
    case failure_kind::invalid_argument:
      return exit_code::failed;
    default:
      return exit_code::unreachable;
  }
}

exit_code report(const context& where, const error_info& why) {
  where.err << where.look.bad("roombridgectl:") << ' ' << printable(why.name) << ": ";
  // A config can have several mistakes: a line each.
  std::string_view text = why.text;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    where.err << printable(text.substr(0, end)) << "\n  ";
    text.remove_prefix(end + 1);
  }
  where.err << printable(text) << std::endl;
  return why.code == error_code::ack_timeout ? exit_code::timeout : exit_code::failed;
}

std::chrono::milliseconds attempt_time(std::optional<std::chrono::milliseconds> whole) {
  using namespace std::chrono_literals;
  return std::clamp<std::chrono::milliseconds>(whole.value_or(5s), 100ms, 5s);
}

std::optional<client> connect(const context& where, exit_code& ended, std::optional<std::chrono::milliseconds> whole,
                              const std::string& subscriber) {
  client made{
      {.socket = where.socket, .name = "roombridgectl", .subscriber = subscriber, .timeout = attempt_time(whole)}};
  if (const auto failed = made.connect()) {
    ended = report(where, *failed);
    return std::nullopt;
  }
  return made;
}

std::optional<std::string> call(const context& where, std::string_view method, exit_code& ended,
                                std::string_view params) {
  auto daemon = connect(where, ended);
  if (!daemon) return std::nullopt;
  auto answered = daemon->call(method, params);
  if (!answered) {
    ended = report(where, answered.error());
    return std::nullopt;
  }
  if (!answered->ok()) {
    ended = report(where, *answered->error);
    return std::nullopt;
  }
  return std::move(answered->payload);
}

std::int64_t wall_clock() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace roombridge::ctl
