// SPDX-License-Identifier: MIT
#include <algorithm>

#include <boost/json.hpp>

#include <roombridge/proto/printable.hpp>

#include "clients/ctl/commands.hpp"
#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& item, std::string_view field) {
  const auto* object = item.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(field);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : proto::printable({text->data(), text->size()});
}

// Since when it is so, why the room is here, and why it is not joined.
std::string remark(const json::value& item, bool own, std::int64_t now) {
  const auto* room = item.if_object();
  if (room == nullptr) return {};
  std::string out;
  if (const auto* since = room->if_contains("since"); since != nullptr && since->is_int64())
    out += "  since " + time_text(since->get_int64(), now) + " (" + duration_text(now - since->get_int64()) + ")";
  if (room->contains("number")) out += "  a number, not a text";
  const auto* fixed = room->if_contains("fixed");
  const auto* holders = room->if_contains("holders");
  if (holders != nullptr && holders->is_int64()) {
    const bool one = holders->get_int64() == 1;
    out += "  held by " + std::to_string(holders->get_int64()) +
           (own   ? " of your programs"
            : one ? " program"
                  : " programs");
    if (const auto* pids = room->if_contains("pids")) out += " " + proto::printable(json::serialize(*pids));
  } else if (fixed == nullptr || !fixed->is_bool() || !fixed->get_bool()) {
    out += own ? "  no program of yours holds it" : "  no program holds it any more";
  }
  if (const auto why = text_of(item, "text"); !why.empty()) out += "  " + why;
  return out;
}

std::string state_text(const std::string& state, const style& look) {
  std::string padded = state;
  padded.resize(std::max(state.size() + 1, std::size_t{8}), ' ');
  if (state == "joined" || state == "asked") return look.good(padded);
  return state == "refused" ? look.bad(padded) : look.warn(padded);
}

}  // namespace

exit_code rooms_command(const context& where) {
  exit_code ended = exit_code::ok;
  bool own = false;
  const auto rooms = call(where, "rooms", ended, &own);
  if (!rooms) return ended;
  json::error_code failed;
  const auto value = json::parse(*rooms, failed);
  const auto* list = failed ? nullptr : value.if_array();
  if (list == nullptr) {
    return report(where, failure{failure_kind::protocol, "the daemon's list of rooms cannot be read", std::nullopt});
  }
  const std::int64_t now = wall_clock();
  for (const auto& room : *list) {
    if (where.json) {
      where.out << proto::printable_json(json::serialize(room)) << '\n';
      continue;
    }
    where.out << state_text(text_of(room, "state"), where.look) << text_of(room, "room")
              << where.look.faint(remark(room, own, now)) << '\n';
  }
  if (list->empty() && !where.json) {
    where.out << (own ? "no rooms that your user may know of\n"
                      : "no rooms: none is declared, and the user's own is not known yet\n");
  }
  where.out << std::flush;
  return exit_code::ok;
}

}  // namespace roombridge::ctl
