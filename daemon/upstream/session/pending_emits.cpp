// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/pending_emits.hpp"

namespace roombridge::upstream {

std::optional<std::string> pending_emits::objection_to_another(share_holder user) const {
  if (shares_.fits(most, user, 1)) return std::nullopt;
  return shares_.objection(most, user, "emits that wait for the server's acknowledgement");
}

void pending_emits::add(std::uint64_t id, std::uint64_t user, time_point deadline) {
  entries_.emplace(id, entry{deadline, user});
  by_deadline_.emplace(deadline, id);
  shares_.take(user, 1);
}

bool pending_emits::take(std::uint64_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  by_deadline_.erase({found->second.deadline, id});
  shares_.give_back(found->second.user, 1);
  entries_.erase(found);
  return true;
}

std::vector<std::uint64_t> pending_emits::take_expired(time_point now) {
  std::vector<std::uint64_t> out;
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
    out.push_back(by_deadline_.begin()->second);
    take(out.back());
  }
  return out;
}

std::vector<std::uint64_t> pending_emits::take_all() {
  std::vector<std::uint64_t> out;
  out.reserve(entries_.size());
  for (const auto& [id, one] : entries_) out.push_back(id);
  entries_.clear();
  by_deadline_.clear();
  shares_.give_back_all();
  return out;
}

std::optional<pending_emits::time_point> pending_emits::next_deadline() const {
  if (by_deadline_.empty()) return std::nullopt;
  return by_deadline_.begin()->first;
}

}  // namespace roombridge::upstream
