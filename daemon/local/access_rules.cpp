// SPDX-License-Identifier: MIT
#include "daemon/local/access_rules.hpp"

#include <algorithm>
#include <utility>

#include "daemon/log/patterns.hpp"

namespace roombridge::local {
namespace {

using grant = log::visibility::grant;
using patterns = std::vector<std::string>;

constexpr std::string_view see_rule = "no rule of local.access lets this user see ";

bool has_everything(const patterns& list) {
  return std::find(list.begin(), list.end(), "*") != list.end();
}

bool is_everything(const grant& what) {
  return has_everything(what.events) && has_everything(what.topics);
}

void add(patterns& to, const patterns& more) {
  for (const auto& each : more) {
    if (std::find(to.begin(), to.end(), each) == to.end()) to.push_back(each);
  }
}

// A missing list asks for whatever may be seen: "" stands for that.
std::vector<std::string_view> or_whatever(const log::pattern_list& wanted) {
  if (wanted.empty()) return {""};
  std::vector<std::string_view> out;
  for (const log::pattern& each : wanted) out.emplace_back(each.text());
  return out;
}

bool covers(const patterns& granted, std::string_view wanted) {
  return wanted.empty() || log::any_covers(granted, wanted);
}

std::string describe(std::string_view event, std::string_view topic) {
  std::string out = event.empty() ? "events" : "events '" + std::string{event} + "'";
  if (!topic.empty()) out += " with the topic '" + std::string{topic} + "'";
  return out;
}

}  // namespace

rights::rights(bool control, std::vector<grant> see, patterns hold, patterns emit)
    : control_(control), see_(std::move(see)), hold_(std::move(hold)), emit_(std::move(emit)) {
  if (std::any_of(see_.begin(), see_.end(), is_everything)) {
    see_ = {{{"*"}, {"*"}}};
  } else {
    visible_ = std::make_shared<const log::visibility>(see_);
  }
}

rights rights::all() {
  return {true, {{{"*"}, {"*"}}}, {"*"}, {"*"}};
}

std::optional<std::string> rights::objection_to(const log::subscription& wanted) const {
  // Fields narrow what these allow.
  if (wanted.events.empty() && wanted.topics.empty()) return std::nullopt;
  const auto topics = or_whatever(wanted.topics);
  for (const auto event : or_whatever(wanted.events)) {
    for (const auto topic : topics) {
      const bool granted = std::any_of(see_.begin(), see_.end(), [&](const grant& each) {
        return covers(each.events, event) && covers(each.topics, topic);
      });
      if (!granted) return std::string{see_rule} + describe(event, topic);
    }
  }
  return std::nullopt;
}

bool rights::may_hold(std::string_view room) const {
  return log::any_matches(hold_, room);
}

bool rights::may_emit(std::string_view event) const {
  return log::any_matches(emit_, event);
}

bool rights::may_know(std::string_view room) const {
  return control_ || may_hold(room) || std::any_of(see_.begin(), see_.end(), [room](const grant& each) {
           return log::any_matches(each.topics, room);
         });
}

proto::permissions rights::told() const {
  proto::permissions out{.see = {}, .hold = hold_, .emit = emit_};
  for (const grant& each : see_) out.see.push_back({each.events, each.topics});
  return out;
}

access_rules::access_rules(const options& config, uid_t own)
    : own_(own), admins_(config.admin_users, config.admin_groups) {
  for (const access_rule& each : config.access) {
    rules_.push_back({account_list{each.users, each.groups}, each});
  }
}

shared_rights access_rules::of(const credentials& who) {
  // For root and the daemon's own user, of whom no rule speaks.
  std::vector<bool> concerned;
  if (who.uid != 0 && who.uid != own_) {
    concerned.push_back(admins_.has(who));
    for (const rule& each : rules_) concerned.push_back(each.what.everyone || each.accounts.has(who));
  }
  std::erase_if(known_, [](const auto& each) { return each.second.expired(); });
  auto& known = known_[concerned];
  auto found = known.lock();
  if (!found) known = found = std::make_shared<const rights>(concerned.empty() ? rights::all() : add_up(concerned));
  return found;
}

rights access_rules::add_up(const std::vector<bool>& concerned) const {
  std::vector<grant> see;
  patterns hold;
  patterns emit;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!concerned[i + 1]) continue;
    const access_rule& by = rules_[i].what;
    if (!by.events.empty() && !by.topics.empty()) see.push_back({by.events, by.topics});
    add(hold, by.rooms);
    add(emit, by.emits);
  }
  return {concerned.front(), std::move(see), std::move(hold), std::move(emit)};
}

}  // namespace roombridge::local
