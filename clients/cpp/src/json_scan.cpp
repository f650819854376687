// SPDX-License-Identifier: MIT
#include "json_scan.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace roombridge {
namespace {

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

bool is_hex(char byte) {
  return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

// Goes over a text; each step is false when the grammar has nothing of the kind there.
class scanner {
 public:
  explicit scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() {
    skip_space();
    return at_ == text_.size();
  }

  // This punctuation mark, if it is the next one.
  bool take(char wanted) {
    skip_space();
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  std::optional<std::string_view> value() {
    skip_space();
    const auto begin = at_;
    if (!skip_value()) return std::nullopt;
    return text_.substr(begin, at_ - begin);
  }

  std::optional<std::string_view> name() {
    skip_space();
    const auto begin = at_;
    if (!skip_string()) return std::nullopt;
    const auto end = at_;
    if (!take(':')) return std::nullopt;
    return text_.substr(begin, end - begin);
  }

 private:
  // '\0', which is nowhere in the grammar, at the end.
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }

  bool skip_value() {
    std::string open;  // what closes the lists and objects that it is in
    do {
      if (take('{')) {
        if (!take('}')) {
          if (!name()) return false;
          open += '}';
          continue;
        }
      } else if (take('[')) {
        if (!take(']')) {
          open += ']';
          continue;
        }
      } else if (!skip_scalar()) {
        return false;
      }
      while (!open.empty() && take(open.back())) open.pop_back();
      if (open.empty()) return true;
      if (!take(',') || (open.back() == '}' && !name())) return false;
    } while (true);
  }

  bool skip_scalar() {
    if (peek() == '"') return skip_string();
    for (const std::string_view literal : {"true", "false", "null"}) {
      if (text_.substr(at_).starts_with(literal)) {
        at_ += literal.size();
        return true;
      }
    }
    return skip_number();
  }

  bool skip_digits() {
    const auto begin = at_;
    while (is_digit(peek())) ++at_;
    return at_ > begin;
  }

  bool skip_number() {
    if (peek() == '-') ++at_;
    const bool zero = peek() == '0';
    const auto begin = at_;
    if (!skip_digits() || (zero && at_ - begin > 1)) return false;
    if (peek() == '.') {
      ++at_;
      if (!skip_digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!skip_digits()) return false;
    }
    return true;
  }

  bool skip_string() {
    if (peek() != '"') return false;
    for (++at_; at_ < text_.size(); ++at_) {
      const char byte = text_[at_];
      if (byte == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(byte) < 0x20) return false;
      if (byte == '\\' && !skip_escape()) return false;
    }
    return false;
  }

  // Up to its last byte.
  bool skip_escape() {
    ++at_;
    if (peek() != 'u') return peek() != '\0' && std::string_view{"\"\\/bfnrt"}.find(peek()) != std::string_view::npos;
    for (int digit = 0; digit < 4; ++digit) {
      ++at_;
      if (!is_hex(peek())) return false;
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append_utf8(std::string& out, std::uint32_t point) {
  const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      byte(0xe0 | point >> 12);
    } else {
      byte(0xf0 | point >> 18);
      byte(0x80 | (point >> 12 & 0x3f));
    }
    byte(0x80 | (point >> 6 & 0x3f));
  }
  byte(0x80 | (point & 0x3f));
}

std::uint32_t unit_at(std::string_view text, std::size_t at) {
  std::uint32_t unit = 0;
  std::from_chars(text.data() + at, text.data() + at + 4, unit, 16);
  return unit;
}

// The code point of the escape whose four digits begin at `at`, which goes on to the last one's.
std::uint32_t point_at(std::string_view text, std::size_t& at) {
  constexpr std::uint32_t replacement = 0xfffd;
  const auto first = unit_at(text, at);
  at += 3;
  if (first < 0xd800 || first > 0xdfff) return first;
  if (first > 0xdbff || text.substr(at + 1, 2) != "\\u") return replacement;
  const auto second = unit_at(text, at + 3);
  if (second < 0xdc00 || second > 0xdfff) return replacement;
  at += 6;
  return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

char escaped(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

}  // namespace

std::optional<std::vector<std::string_view>> json_elements(std::string_view text) {
  scanner scan{text};
  std::vector<std::string_view> out;
  if (!scan.take('[')) return std::nullopt;
  for (bool more = !scan.take(']'); more; more = !scan.take(']')) {
    if (!out.empty() && !scan.take(',')) return std::nullopt;
    const auto value = scan.value();
    if (!value) return std::nullopt;
    out.push_back(*value);
  }
  if (!scan.at_end()) return std::nullopt;
  return out;
}

std::optional<std::map<std::string, std::string_view>> json_members(std::string_view text) {
  scanner scan{text};
  std::map<std::string, std::string_view> out;
  if (!scan.take('{')) return std::nullopt;
  bool first = true;
  for (bool more = !scan.take('}'); more; more = !scan.take('}')) {
    if (!std::exchange(first, false) && !scan.take(',')) return std::nullopt;
    const auto name = scan.name();
    const auto value = name ? scan.value() : std::nullopt;
    if (!value) return std::nullopt;
    out.insert_or_assign(json_string_text(*name), *value);
  }
  if (!scan.at_end()) return std::nullopt;
  return out;
}

std::string json_string_text(std::string_view quoted) {
  std::string out;
  for (std::size_t at = 1; at + 1 < quoted.size(); ++at) {
    if (quoted[at] != '\\') {
      out += quoted[at];
    } else if (quoted[++at] != 'u') {
      out += escaped(quoted[at]);
    } else {
      append_utf8(out, point_at(quoted, ++at));
    }
  }
  return out;
}

}  // namespace roombridge
