// SPDX-License-Identifier: MIT
#include "tests/upstream/console.hpp"

#include <cstddef>
#include <utility>

#include <boost/json/parse.hpp>

#include "tests/upstream/words.hpp"

namespace test_upstream {
namespace {

bool is_json_array(std::string_view text) {
  boost::system::error_code error;
  const auto value = boost::json::parse({text.data(), text.size()}, error);
  return !error && value.is_array();
}

bool take_attachments(std::string_view list, command& into) {
  while (true) {
    const auto end = list.find(',');
    auto bytes = from_hex(list.substr(0, end));
    if (!bytes) return false;
    into.attachments.push_back(std::move(*bytes));
    if (end == std::string_view::npos) return true;
    list.remove_prefix(end + 1);
  }
}

std::optional<command> parse_emit(std::string_view rest, bool with_rooms, bool with_attachments) {
  command result{.what = with_rooms ? command::kind::emit : command::kind::ask};
  if (with_rooms) {
    const auto room = take_word(rest);
    if (room != "*") result.rooms.emplace_back(room);
  }
  result.event = take_word(rest);
  if (with_attachments && !take_attachments(take_word(rest), result)) return std::nullopt;
  result.text = rest.empty() ? "[]" : rest;
  if (result.event.empty() || !is_json_array(result.text)) return std::nullopt;
  return result;
}

std::optional<command> parse_refuse(std::string_view rest) {
  const auto status = to_number(rest);
  if (!status || *status < 400 || *status > 599) return std::nullopt;
  return command{.what = command::kind::refuse, .status = *status};
}

std::optional<command> parse_disturb(std::string_view rest) {
  command result{.what = command::kind::disturb};
  if (rest == "none") return result;
  result.disturbance = parse_fault(rest);
  if (!result.disturbance) return std::nullopt;
  return result;
}

std::string details(const report& what) {
  switch (what.what) {
    case report::kind::connected:
      return "connected to namespace " + std::string{what.name};
    case report::kind::refused:
      return "refused " + std::string{what.name} + ": " + std::string{what.text};
    case report::kind::authenticated:
      return "authenticated as user " + std::string{what.name};
    case report::kind::joined:
      return "joined room " + std::string{what.name};
    case report::kind::left:
      return "left room " + std::string{what.name};
    case report::kind::event:
      return "sent " + std::string{what.name} + " " + std::string{what.text};
    case report::kind::acked:
      return "acknowledged " + std::string{what.text};
    case report::kind::struck:
      return "was struck by " + std::string{what.text} + " at " + std::string{what.name};
    case report::kind::disconnected:
      return "disconnected: " + std::string{what.text};
  }
  return {};
}

}  // namespace

std::optional<command> parse_command(std::string_view line) {
  const auto verb = take_word(line);
  using kind = command::kind;
  if (verb == "emit") return parse_emit(line, true, false);
  if (verb == "binary") return parse_emit(line, true, true);
  if (verb == "ask") return parse_emit(line, false, false);
  if (verb == "refuse") return parse_refuse(line);
  if (verb == "fault") return parse_disturb(line);
  if (verb == "raw") return command{.what = kind::raw, .text = std::string{line}};
  if (verb == "drop") return command{.what = kind::drop};
  if (verb == "kick") return command{.what = kind::kick};
  if (verb == "accept") return command{.what = kind::accept};
  if (verb == "stop") return command{.what = kind::stop};
  return std::nullopt;
}

std::string format(const report& what, bool json) {
  if (!json) return "client " + std::to_string(what.client) + " " + details(what);
  const bool has_arguments = what.what == report::kind::event || what.what == report::kind::acked;
  std::string line = "{\"what\":" + json_string(to_string(what.what)) + ",\"client\":" + std::to_string(what.client);
  if (!what.name.empty()) line += ",\"name\":" + json_string(what.name);
  if (has_arguments) line += ",\"arguments\":" + std::string{what.text};
  if (!has_arguments && !what.text.empty()) line += ",\"text\":" + json_string(what.text);
  if (!what.attachments.empty()) {
    line += ",\"attachments\":[";
    for (const auto& bytes : what.attachments) line += json_string(to_hex(bytes)) + ",";
    line.back() = ']';
  }
  return line + "}";
}

std::string format_emitted(const outgoing& what, std::size_t receivers, bool json) {
  if (json) {
    return "{\"what\":\"emitted\",\"name\":" + json_string(what.event) + ",\"receivers\":" + std::to_string(receivers) +
           ",\"arguments\":" + std::string{what.arguments} + "}";
  }
  return "emitted " + std::string{what.event} + " to " + std::to_string(receivers) +
         (receivers == 1 ? " client " : " clients ") + std::string{what.arguments};
}

}  // namespace test_upstream
