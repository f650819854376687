// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/jwt.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>

#include "daemon/upstream/wire/json_text.hpp"

namespace roombridge::upstream {
namespace {

// 10000-01-01 00:00:00, in seconds.
constexpr double end_of_time = 253'402'300'800.0;

// 0 to 63; above: not of the alphabet.
unsigned sextet(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a') + 26;
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0') + 52;
  if (c == '-') return 62;
  return c == '_' ? 63 : 64;
}

// RFC 4648 section 5, without padding; loose about the bits that the last character has too many.
std::optional<std::string> decode_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const unsigned value = sextet(c);
    if (value > 63) return std::nullopt;
    bits = bits << 6 | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xff);
  }
  return out;
}

}  // namespace

std::optional<std::string> jwt_claims(std::string_view token) {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return decode_base64url(token.substr(first + 1, second - first - 1));
}

std::optional<std::chrono::sys_seconds> jwt_expiry(std::string_view token) {
  const auto claims = jwt_claims(token);
  if (!claims) return std::nullopt;
  const json_fields fields = json_fields::of_first(*claims);
  const std::string text = fields.raw("exp");
  double seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || !(seconds >= 0 && seconds < end_of_time)) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

std::string in_utc(std::chrono::sys_seconds time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(time - midnight);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d UTC", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

}  // namespace roombridge::upstream
