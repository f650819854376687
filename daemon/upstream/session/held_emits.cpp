// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/held_emits.hpp"

#include <algorithm>

namespace roombridge::upstream {
namespace {

// Bytes, as they are counted.
template <class Attachments>
std::size_t size_of(std::string_view event, std::string_view arguments, const Attachments& attachments) {
  std::size_t bytes = held_emits::overhead + event.size() + arguments.size();
  for (const auto& attachment : attachments) bytes += attachment.size();
  return bytes;
}

}  // namespace

const hold_rule* held_emits::rule_of(std::string_view event) const {
  const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const auto& rule) { return rule.event == event; });
  return found == rules_.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> held_emits::hold(const emit_request& request, time_point now) {
  const hold_rule& rule = *rule_of(request.event);
  const std::size_t size = size_of(request.event, request.arguments, request.attachments);
  if (!shares_.fits(limit, request.sender, size)) return std::nullopt;
  const auto found = used_.try_emplace({rule.event, request.sender.user}).first;
  usage& used = found->second;
  if (used.count >= rule.count || used.bytes + size > rule.bytes) {
    if (used.count == 0) used_.erase(found);
    return std::nullopt;
  }
  ++used.count;
  used.bytes += size;
  shares_.take(request.sender.user, size);
  held_emit what{
      ++last_id_,     rule.event,       std::string(request.arguments), {}, request.want_ack, now + request.deadline,
      request.sender, request.permitted};
  for (const bytes_view& bytes : request.attachments) what.attachments.emplace_back(bytes.begin(), bytes.end());
  const time_point until = std::min(what.deadline, now + rule.age);
  by_deadline_.emplace(until, what.id);
  held_.emplace(last_id_, entry{std::move(what), until});
  return last_id_;
}

held_emit held_emits::take(std::uint64_t id) {
  const auto found = held_.find(id);
  held_emit what = std::move(found->second.what);
  by_deadline_.erase({found->second.until, id});
  held_.erase(found);
  const std::size_t size = size_of(what.event, what.arguments, what.attachments);
  shares_.give_back(what.sender.user, size);
  const auto used = used_.find({what.event, what.sender.user});
  used->second.bytes -= size;
  if (--used->second.count == 0) used_.erase(used);
  return what;
}

std::vector<held_emit> held_emits::expire(time_point now) {
  std::vector<held_emit> out;
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) out.push_back(take(by_deadline_.begin()->second));
  return out;
}

std::vector<held_emit> held_emits::take_revoked() {
  std::vector<std::uint64_t> revoked;
  for (const auto& [id, one] : held_) {
    if (one.what.permitted && !one.what.permitted()) revoked.push_back(id);
  }
  std::vector<held_emit> out;
  out.reserve(revoked.size());
  for (const std::uint64_t id : revoked) out.push_back(take(id));
  return out;
}

std::vector<held_emit> held_emits::take_all() {
  std::vector<held_emit> out;
  while (!held_.empty()) out.push_back(take(held_.begin()->first));
  return out;
}

std::optional<held_emits::time_point> held_emits::next_deadline() const {
  if (by_deadline_.empty()) return std::nullopt;
  return by_deadline_.begin()->first;
}

}  // namespace roombridge::upstream
