// SPDX-License-Identifier: MIT
#include "daemon/config/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <optional>
#include <span>
#include <system_error>

namespace roombridge::config {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

// The largest first: the first that divides a limit is the one to print it in.
constexpr unit time_units[] = {{"h", 3'600'000}, {"min", 60'000}, {"s", 1000}, {"ms", 1}};
constexpr unit size_units[] = {{"GiB", 1u << 30}, {"MiB", 1u << 20}, {"KiB", 1u << 10}, {"", 1}};

struct number {
  std::uint64_t value = 0;  // the largest there is when the digits say more
  std::string_view rest;    // behind the digits
};

// The decimal number at the front; nothing: there is none.
std::optional<number> leading_number(std::string_view text) {
  number result;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result.value);
  if (error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) result.value = std::numeric_limits<std::uint64_t>::max();
  result.rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return result;
}

std::string print(std::uint64_t value, std::span<const unit> units) {
  for (const unit& each : units) {
    if (value != 0 && value % each.factor == 0) return std::to_string(value / each.factor) + std::string(each.name);
  }
  return "0";
}

problem out_of_range(std::uint64_t least, std::uint64_t most, std::span<const unit> units) {
  return {"out of range: " + print(least, units) + " to " + print(most, units)};
}

std::optional<std::uint64_t> factor_of(std::string_view name, std::span<const unit> units) {
  for (const unit& each : units) {
    if (each.name == name) return each.factor;
  }
  return std::nullopt;
}

// value × factor, where it lies within the limits; they are far below where it could overflow unseen.
parsed<std::uint64_t> scaled(std::uint64_t value, std::uint64_t factor, std::uint64_t least, std::uint64_t most,
                             std::span<const unit> units) {
  if (value > most / factor || value * factor < least) return out_of_range(least, most, units);
  return value * factor;
}

void skip_digits(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
}

// Takes one of these characters from the front, if one is there.
bool take_any(std::string_view& text, std::string_view of) {
  const bool found = !text.empty() && of.find(text.front()) != std::string_view::npos;
  if (found) text.remove_prefix(1);
  return found;
}

// "e7", "E-7", or nothing.
bool skip_exponent(std::string_view& text) {
  if (!take_any(text, "eE")) return true;
  take_any(text, "+-");
  const std::size_t before = text.size();
  skip_digits(text);
  return text.size() != before;
}

// RFC 8259 section 6.
bool is_json_number(std::string_view text) {
  take_any(text, "-");
  const std::string_view whole = text;
  skip_digits(text);
  const std::size_t digits = whole.size() - text.size();
  if (digits == 0 || (digits > 1 && whole.front() == '0')) return false;
  if (take_any(text, ".")) {
    const std::size_t before = text.size();
    skip_digits(text);
    if (text.size() == before) return false;
  }
  return skip_exponent(text) && text.empty();
}

// YAML 1.2 section 10.3.2.
bool is_yaml_number(std::string_view text) {
  const bool octal = text.starts_with("0o");
  if (octal || text.starts_with("0x")) {
    const std::string_view digits = text.substr(2);
    return !digits.empty() && digits.find_first_not_of(octal ? "01234567" : "0123456789abcdefABCDEF") == digits.npos;
  }
  take_any(text, "+-");
  for (const std::string_view word : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"}) {
    if (text == word) return true;
  }
  const std::size_t before = text.size();
  skip_digits(text);
  std::size_t digits = before - text.size();
  if (take_any(text, ".")) {
    const std::size_t from = text.size();
    skip_digits(text);
    digits += from - text.size();
  }
  return digits != 0 && skip_exponent(text) && text.empty();
}

// Of three octal digits, perhaps behind a 0.
std::optional<mode_t> octal_mode(std::string_view text) {
  const std::string_view digits = text.size() == 4 && text[0] == '0' ? text.substr(1) : text;
  if (digits.size() != 3 || digits.find_first_not_of("01234567") != std::string_view::npos) return std::nullopt;
  mode_t mode = 0;
  for (const char digit : digits) mode = mode * 8 + static_cast<mode_t>(digit - '0');
  return mode;
}

// The modes that somebody may have had in mind: 432 is 0660 in decimal, as YAML and JSON print the number; 660 is 0660
// without its 0, and 0o660 is how YAML 1.2 writes it.
std::string meant_by(std::string_view text) {
  std::array<char, 8> octal{};
  std::string out;
  const auto number = leading_number(text);
  if (number && number->rest.empty() && !text.starts_with('0') && number->value <= 0777) {
    std::snprintf(octal.data(), octal.size(), "%04o", static_cast<unsigned>(number->value));
    out = "\"" + std::string(octal.data()) + "\", which is " + std::string(text) + " in decimal";
  }
  const std::string_view digits = text.starts_with("0o") ? text.substr(2) : text;
  if (const auto mode = octal_mode(digits); mode && digits.size() == 3)
    out += (out.empty() ? "\"0" : ", or \"0") + std::string(digits) + '"';
  return out;
}

}  // namespace

parsed<std::optional<std::string>> plain_literal(std::string_view text) {
  for (const std::string_view word : {"true", "True", "TRUE"}) {
    if (text == word) return std::optional<std::string>("true");
  }
  for (const std::string_view word : {"false", "False", "FALSE"}) {
    if (text == word) return std::optional<std::string>("false");
  }
  for (const std::string_view word : {"null", "Null", "NULL", "~"}) {
    if (text == word) return std::optional<std::string>("null");
  }
  if (is_json_number(text)) return std::optional<std::string>(text);
  if (is_yaml_number(text))
    return problem{"YAML takes this for a number, but JSON cannot send it so; in quotes it is a text"};
  return std::optional<std::string>();
}

parsed<milliseconds> duration::operator()(std::string_view text) const {
  const auto found = leading_number(text);
  if (!found) return problem{"not a duration, such as 250ms, 1s, 5min or 2h"};
  if (found->rest.empty()) return problem{"a duration needs its unit: ms, s, min or h"};
  const auto factor = factor_of(found->rest, time_units);
  if (!factor) return problem{"not a duration: a whole number and ms, s, min or h, without blanks"};
  const auto result = scaled(found->value, *factor, static_cast<std::uint64_t>(least.count()),
                             static_cast<std::uint64_t>(most.count()), time_units);
  if (const auto* wrong = std::get_if<problem>(&result)) return *wrong;
  return milliseconds(std::get<std::uint64_t>(result));
}

parsed<milliseconds> duration_or_never::operator()(std::string_view text) const {
  if (text == "0s" || text == "0ms") return milliseconds(0);
  auto result = limits(text);
  if (auto* wrong = std::get_if<problem>(&result); wrong != nullptr && wrong->text.starts_with("out of range")) {
    wrong->text += ", or 0s for never";
  }
  return result;
}

parsed<std::size_t> byte_size::operator()(std::string_view text) const {
  const auto found = leading_number(text);
  const auto factor = found ? factor_of(found->rest, size_units) : std::nullopt;
  if (!factor) return problem{"not a size: a whole number and KiB, MiB or GiB, or bytes without a unit"};
  return scaled(found->value, *factor, least, most, size_units);
}

parsed<std::size_t> count::operator()(std::string_view text) const {
  const auto found = leading_number(text);
  if (!found || !found->rest.empty()) return problem{"not a whole number"};
  if (found->value < least || found->value > most) {
    return problem{"out of range: " + std::to_string(least) + " to " + std::to_string(most)};
  }
  return static_cast<std::size_t>(found->value);
}

parsed<bool> boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return problem{"expected true or false"};
}

parsed<mode_t> file_mode(std::string_view text) {
  const auto mode = octal_mode(text);
  if (mode && text.size() == 4) return *mode;
  const auto meant = meant_by(text);
  return problem{"not a file mode: a 0 and three octal digits, such as \"0660\"" +
                 (meant.empty() ? "" : "; did you mean " + meant + "?")};
}

}  // namespace roombridge::config
