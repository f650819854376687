// SPDX-License-Identifier: MIT
#include "clients/ctl/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <utility>

namespace roombridge::ctl {
namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t seconds_per_day = 86'400;

std::string two_units(std::int64_t large, const char* large_name, std::int64_t small, const char* small_name) {
  std::string out = std::to_string(large) + large_name;
  if (small != 0) out += ' ' + std::to_string(small) + small_name;
  return out;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> units{
      {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}}};
  constexpr std::int64_t longest = 365 * seconds_per_day * 1000;
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc{} || number < 0) return std::nullopt;
  for (const auto& [name, factor] : units) {
    if (name != std::string_view{rest, end} || number > longest / factor) continue;
    return std::chrono::milliseconds{number * factor};
  }
  return std::nullopt;
}

std::string duration_text(std::int64_t microseconds) {
  const std::int64_t milliseconds = std::max<std::int64_t>(microseconds, 0) / 1000;
  if (milliseconds < 1000) return std::to_string(milliseconds) + " ms";
  const std::int64_t seconds = milliseconds / 1000;
  if (seconds < 60) return std::to_string(seconds) + " s";
  if (seconds < 3600) return two_units(seconds / 60, " min", seconds % 60, " s");
  if (seconds < seconds_per_day) return two_units(seconds / 3600, " h", seconds % 3600 / 60, " min");
  return two_units(seconds / seconds_per_day, " d", seconds % seconds_per_day / 3600, " h");
}

std::string time_text(std::int64_t time, std::int64_t now) {
  const std::time_t seconds = time / microseconds_per_second;
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return std::to_string(time) + " us";
  const bool near = std::abs(now - time) < seconds_per_day * microseconds_per_second;
  std::array<char, 64> out{};
  const auto size = std::strftime(out.data(), out.size(), near ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &parts);
  return {out.data(), size};
}

std::string precise_time_text(std::int64_t time) {
  const std::string milliseconds = std::to_string(time % microseconds_per_second / 1000);
  return time_text(time, time) + '.' + std::string(3 - milliseconds.size(), '0') + milliseconds;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) out += i <= count ? letters[group >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

}  // namespace roombridge::ctl
