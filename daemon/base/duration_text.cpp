// SPDX-License-Identifier: MIT
#include "daemon/base/duration_text.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace roombridge {
namespace {

std::string both(std::int64_t large, std::string_view unit, std::int64_t small, std::string_view small_unit) {
  std::string out = std::to_string(large).append(unit);
  if (small != 0) out.append(" ").append(std::to_string(small)).append(small_unit);
  return out;
}

}  // namespace

std::string duration_text(std::chrono::steady_clock::duration value) {
  const auto ms = std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(value).count(), 0);
  if (ms < 1000) return std::to_string(ms) + " ms";
  const std::int64_t seconds = ms / 1000;
  if (seconds >= 3600) return both(seconds / 3600, " h", seconds % 3600 / 60, " min");
  if (seconds >= 60) return both(seconds / 60, " min", seconds % 60, " s");
  const std::int64_t tenths = ms / 100 % 10;
  return std::to_string(seconds) + (tenths == 0 ? "" : '.' + std::to_string(tenths)) + " s";
}

}  // namespace roombridge
