// SPDX-License-Identifier: MIT
#include "daemon/upstream/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace roombridge::upstream {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// Longer than anybody waits, and far from where sums of times overflow.
constexpr seconds longest = std::chrono::hours{24 * 365};

// An HTTP-date in one of its three forms (RFC 9110 section 5.6.7). The daemon's locale is "C", in which days and months
// have their English names.
std::optional<sys_seconds> parse_date(std::string_view text) {
  const std::string terminated(text);
  for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm fields{};
    const char* end = ::strptime(terminated.c_str(), form, &fields);
    if (end != nullptr && *end == '\0') return sys_seconds(seconds(::timegm(&fields)));
  }
  return std::nullopt;
}

std::optional<seconds> parse_seconds(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::min(seconds(std::min(value, longest.count())), longest) : longest;
}

}  // namespace

std::optional<quiet_wish> parse_retry_after(std::string_view value, std::string_view date) {
  if (const auto wait = parse_seconds(value))
    return wait->count() == 0 ? std::nullopt : std::optional(quiet_wish(*wait));
  const auto until = parse_date(value);
  if (!until) return std::nullopt;
  const auto sent = parse_date(date);
  if (!sent) return *until;
  const seconds wait = length_of(*until, *sent);
  return wait.count() == 0 ? std::nullopt : std::optional(quiet_wish(wait));
}

seconds length_of(const quiet_wish& wish, sys_seconds now) {
  const auto* until = std::get_if<sys_seconds>(&wish);
  return until == nullptr ? std::get<seconds>(wish) : std::clamp(*until - now, seconds{0}, longest);
}

}  // namespace roombridge::upstream
