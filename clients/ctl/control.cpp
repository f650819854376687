// SPDX-License-Identifier: MIT
// The commands that change something: reload, reconnect and forget. The daemon decides who may.
#include <boost/json.hpp>

#include <roombridge/proto/printable.hpp>

#include "clients/ctl/commands.hpp"
#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

namespace json = boost::json;

std::string joined(const json::object& verdict, std::string_view field) {
  const auto* value = verdict.if_contains(field);
  const auto* list = value == nullptr ? nullptr : value->if_array();
  std::string out;
  if (list == nullptr) return out;
  for (const auto& item : *list) {
    const auto* key = item.if_string();
    if (key != nullptr) out += (out.empty() ? "" : ", ") + proto::printable({key->data(), key->size()});
  }
  return out;
}

std::string verdict_text(const json::object& verdict, const style& look) {
  const auto changed = joined(verdict, "changed");
  std::string out =
      changed.empty() ? "reloaded, nothing changed\n" : look.good("reloaded") + ", changed: " + changed + '\n';
  const auto add = [&](const char* what, std::string_view field) {
    if (const auto keys = joined(verdict, field); !keys.empty()) out += look.warn(what) + keys + '\n';
  };
  add("makes a new connection: ", "new_connection");
  add("holds from the next connection on: ", "next_connection");
  add("takes effect after a restart: ", "restart_needed");
  const auto* warnings = verdict.if_contains("warnings");
  if (warnings != nullptr && warnings->is_array()) {
    for (const auto& each : warnings->get_array()) {
      if (each.is_string()) out += look.warn("warning: ") + proto::printable(each.get_string().c_str()) + '\n';
    }
  }
  const auto* trouble = verdict.if_contains("trouble");
  if (trouble != nullptr && trouble->is_string())
    out += look.bad("no local program can connect: ") + proto::printable(trouble->get_string().c_str()) + '\n';
  return out;
}

}  // namespace

exit_code reload_command(const context& where) {
  exit_code ended = exit_code::ok;
  const auto verdict = change(where, "reload", ended);
  if (!verdict) return ended;
  json::error_code failed;
  const auto value = json::parse(*verdict, failed);
  const auto* object = failed || where.json ? nullptr : value.if_object();
  where.out << (object == nullptr ? proto::printable_json(*verdict) + '\n' : verdict_text(*object, where.look))
            << std::flush;
  return exit_code::ok;
}

exit_code reconnect_command(const context& where) {
  exit_code ended = exit_code::ok;
  const auto done = change(where, "reconnect", ended);
  if (!done) return ended;
  where.out << (where.json ? proto::printable_json(*done)
                           : "a new attempt to connect has begun; see: roombridgectl wait --for authenticated")
            << std::endl;
  return exit_code::ok;
}

exit_code forget_command(const context& where) {
  exit_code ended = exit_code::ok;
  const auto done = change(where, "forget", ended);
  if (!done) return ended;
  where.out << (where.json ? proto::printable_json(*done) : "all events until now are forgotten, in memory and on disk")
            << std::endl;
  return exit_code::ok;
}

}  // namespace roombridge::ctl
