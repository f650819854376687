// SPDX-License-Identifier: MIT
#include "clients/ctl/context.hpp"

#include <algorithm>
#include <thread>

#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

std::optional<std::string> ask(const context& where, std::string_view method, std::string_view params, exit_code& ended,
                               exit_code (*how)(const context&, const failure&)) {
  auto daemon = connect(where, ended);
  if (!daemon) return std::nullopt;
  auto answered = daemon->call(method, params);
  if (!answered) {
    ended = how(where, answered.error());
    return std::nullopt;
  }
  if (!answered->ok()) {
    ended = report(where, *answered->error);
    return std::nullopt;
  }
  return std::move(answered->payload);
}

}  // namespace

exit_code report(const context& where, const failure& why) {
  where.err << where.look.bad("roombridgectl:") << ' ' << printable(why.text) << std::endl;
  switch (why.kind) {
    case failure_kind::timeout:
      return exit_code::timeout;
    case failure_kind::refused:
    case failure_kind::protocol:
      return exit_code::failed;
    case failure_kind::invalid_argument:
      return exit_code::usage;
    default:
      return exit_code::unreachable;
  }
}

exit_code report_change(const context& where, const failure& why) {
  if (!why.sent) return report(where, why);
  failure told = why;
  told.text += " (sent, but it is not known whether it was done)";
  report(where, told);
  return exit_code::perhaps;
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
  return exit_code::failed;
}

std::chrono::milliseconds attempt_time(std::optional<std::chrono::milliseconds> whole) {
  using namespace std::chrono_literals;
  return std::clamp<std::chrono::milliseconds>(whole.value_or(5s), 100ms, 5s);
}

std::optional<client> connect(const context& where, exit_code& ended) {
  client made{{.socket = where.socket, .name = "roombridgectl", .timeout = attempt_time(std::nullopt)}};
  if (const auto failed = made.connect()) {
    ended = report(where, *failed);
    return std::nullopt;
  }
  return made;
}

std::optional<failure> reach(client& daemon, const deadline& until, const std::function<void(const failure&)>& told) {
  constexpr std::chrono::milliseconds between_attempts{100};
  for (bool first = true;; first = false) {
    auto failed = daemon.connect();
    if (!failed || failed->kind == failure_kind::not_permitted || failed->kind == failure_kind::invalid_argument)
      return failed;
    if (until && std::chrono::steady_clock::now() + between_attempts >= *until) return failed;
    if (first) told(*failed);
    std::this_thread::sleep_for(between_attempts);
  }
}

std::optional<std::string> call(const context& where, std::string_view method, exit_code& ended) {
  return ask(where, method, "{}", ended, report);
}

std::optional<std::string> change(const context& where, std::string_view method, exit_code& ended,
                                  std::string_view params) {
  return ask(where, method, params, ended, report_change);
}

std::int64_t wall_clock() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace roombridge::ctl
