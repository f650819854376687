// SPDX-License-Identifier: MIT
#include <boost/json.hpp>

#include "clients/ctl/commands.hpp"
#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& item, std::string_view field) {
  const auto* object = item.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(field);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : printable({text->data(), text->size()});
}

}  // namespace

exit_code rooms_command(const context& where) {
  exit_code ended = exit_code::ok;
  const auto rooms = call(where, "rooms", ended);
  if (!rooms) return ended;
  json::error_code failed;
  const auto value = json::parse(*rooms, failed);
  const auto* list = failed ? nullptr : value.if_array();
  if (list == nullptr) {
    return report(where, failure{failure_kind::protocol, "the daemon's list of rooms cannot be read", std::nullopt});
  }
  for (const auto& room : *list) {
    if (where.json) {
      where.out << json::serialize(room) << '\n';
      continue;
    }
    const auto state = text_of(room, "state");
    where.out << (state == "joined" ? where.look.good(state + "  ") : where.look.warn(state + " "))
              << text_of(room, "room") << '\n';
  }
  if (list->empty() && !where.json) where.out << "no rooms: none is declared, and the user's own is not known yet\n";
  where.out << std::flush;
  return exit_code::ok;
}

}  // namespace roombridge::ctl
