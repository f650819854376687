// SPDX-License-Identifier: MIT
// Named subscribers: the list of them, and the end of one.
#include <boost/json.hpp>

#include <roombridge/proto/client_messages.hpp>
#include <roombridge/proto/printable.hpp>

#include "clients/ctl/commands.hpp"
#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

namespace json = boost::json;

std::optional<std::int64_t> number_of(const json::object& item, std::string_view field) {
  const auto* value = item.if_contains(field);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

// Where it is, and whether somebody is there.
std::string state_of(const json::object& item, bool own, std::int64_t now) {
  std::string out;
  if (const auto behind = number_of(item, "behind")) {
    out = *behind == 0 ? "has everything" : std::to_string(*behind) + " behind";
  } else {
    // Who does not see all events is not told how many there are.
    out = own ? "remembered" : "of an epoch that is over";
  }
  if (const auto process = number_of(item, "pid")) return out + ", connected: process " + std::to_string(*process);
  if (const auto seen = number_of(item, "seen")) {
    out += ", last seen " + time_text(*seen, now) + " (" + duration_text(now - *seen) + " ago)";
  }
  return out;
}

std::string line_of(const json::object& item, bool own, const style& look, std::int64_t now) {
  const auto* name = item.if_contains("name");
  std::string shown = name != nullptr && name->is_string() ? proto::printable(name->get_string()) : "?";
  shown.resize(std::max(shown.size() + 1, std::size_t{20}), ' ');
  const bool connected = number_of(item, "pid").has_value();
  const std::string state = state_of(item, own, now);
  return shown + look.faint("uid " + std::to_string(number_of(item, "uid").value_or(0)) + "  ") +
         (connected ? look.good(state) : state);
}

}  // namespace

exit_code named_command(const context& where) {
  exit_code ended = exit_code::ok;
  bool own = false;
  const auto named = call(where, "named_subscribers", ended, &own);
  if (!named) return ended;
  json::error_code failed;
  const auto value = json::parse(*named, failed);
  const auto* list = failed ? nullptr : value.if_array();
  if (list == nullptr) {
    return report(where,
                  failure{failure_kind::protocol, "the daemon's list of subscribers cannot be read", std::nullopt});
  }
  for (const auto& each : *list) {
    const auto* item = each.if_object();
    if (item == nullptr) continue;
    where.out << (where.json ? proto::printable_json(json::serialize(*item))
                             : line_of(*item, own, where.look, wall_clock()))
              << '\n';
  }
  if (list->empty() && !where.json) where.out << (own ? "no named subscribers of yours\n" : "no named subscribers\n");
  where.out << std::flush;
  return exit_code::ok;
}

exit_code remove_command(const context& where, const remove_options& options) {
  exit_code ended = exit_code::ok;
  const auto done = change(where, "remove_subscriber", ended,
                           proto::encode_head(proto::remove_subscriber_params{options.name, options.uid}));
  if (!done) return ended;
  where.out << (where.json ? proto::printable_json(*done)
                           : "the subscriber " + proto::printable(options.name) + " is forgotten")
            << std::endl;
  return exit_code::ok;
}

}  // namespace roombridge::ctl
