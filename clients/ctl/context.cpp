// SPDX-License-Identifier: MIT
#include "clients/ctl/context.hpp"

#include <algorithm>

#include <roombridge/proto/printable.hpp>

#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

constexpr std::chrono::milliseconds shortest_attempt{100};

std::optional<std::string> ask(const context& where, std::string_view method, std::string_view params, exit_code& ended,
                               exit_code (*how)(const context&, const failure&), bool* own = nullptr) {
  auto daemon = connect(where, ended);
  if (!daemon) return std::nullopt;
  if (own != nullptr) *own = !daemon->daemon().may_control;
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
  where.err << where.look.bad("roombridgectl:") << ' ' << proto::printable(why.text) << std::endl;
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
  where.err << where.look.bad("roombridgectl:") << ' ' << proto::printable(why.name) << ": ";
  // A config can have several mistakes: a line each.
  std::string_view text = why.text;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    where.err << proto::printable(text.substr(0, end)) << "\n  ";
    text.remove_prefix(end + 1);
  }
  where.err << proto::printable(text) << std::endl;
  return exit_code::failed;
}

std::chrono::milliseconds attempt_time(std::optional<std::chrono::milliseconds> whole) {
  constexpr std::chrono::milliseconds longest{5000};
  return std::clamp(whole.value_or(longest), shortest_attempt, longest);
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
  // Who only looks in has to get through, too.
  auto enough = until;
  if (enough) enough = std::max(*until, std::chrono::steady_clock::now() + shortest_attempt);
  while (!daemon.is_connected()) {
    const auto got = daemon.next(left_until(enough));
    const auto* why = got ? std::get_if<closed>(&*got) : nullptr;
    if (!got || (why != nullptr && (!why->retry_in || why->why.kind == failure_kind::not_permitted))) {
      return daemon.last_end();
    }
    if (why != nullptr) told(why->why);
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> left_until(const deadline& until) {
  if (!until) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds{0});
}

std::optional<std::string> call(const context& where, std::string_view method, exit_code& ended, bool* own) {
  return ask(where, method, "{}", ended, report, own);
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
