// SPDX-License-Identifier: MIT
#include "daemon/service/crash_session.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace roombridge::service {

kept_session to_kept(std::optional<upstream::saved_session> from) {
  if (!from) return {};
  kept_session out;
  if (auto& recovery = from->recovery) {
    out.id = recovery->pid;
    recovery->offset = "0";  // whatever an offset may look like
  }
  out.text = upstream::to_text(*from);
  return out;
}

std::optional<upstream::saved_session> after_crash(const journal::journal::remains& left) {
  auto parsed = upstream::parse_saved_session(left.session);
  auto* const found = std::get_if<upstream::saved_session>(&parsed);
  if (found == nullptr) return std::nullopt;
  const std::chrono::sys_time<std::chrono::microseconds> last{std::chrono::microseconds{left.last}};
  // What comes while nobody is logged in says nothing of when the session ended.
  if (std::exchange(found->running, false)) found->ended = std::max(found->ended, last);
  if (left.offset.empty()) {
    found->recovery.reset();
  } else if (found->recovery) {
    found->recovery->offset = left.offset;
  }
  return std::move(*found);
}

}  // namespace roombridge::service
