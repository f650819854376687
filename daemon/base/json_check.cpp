// SPDX-License-Identifier: MIT
#include "daemon/base/json_check.hpp"

#include <bit>
#include <bitset>
#include <cstdint>
#include <cstring>

namespace roombridge {
namespace {

// How many of eight bytes lie before the first quote, backslash or control character: the ones that end a run of plain
// string bytes.
std::size_t plain_bytes(const char* at) {
  constexpr std::uint64_t ones = 0x0101010101010101u;
  constexpr std::uint64_t highs = 0x8080808080808080u;
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  const auto zero_bytes = [](std::uint64_t value) { return (value - ones) & ~value & highs; };
  const std::uint64_t controls = (word - ones * 0x20) & ~word & highs;
  // A borrow can mark a byte wrongly, but only above one that is marked rightly.
  const std::uint64_t special = zero_bytes(word ^ (ones * '"')) | zero_bytes(word ^ (ones * '\\')) | controls;
  return static_cast<std::size_t>(std::countr_zero(special)) / 8;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

class checker {
 public:
  explicit checker(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  json_verdict run() {
    for (;;) {
      if (!value()) return fail();
      // After a value: close what it completes, or go on to its neighbour.
      for (;;) {
        space();
        if (depth_ == 0) return at_ == end_ ? json_verdict{} : fail();
        if (at_ == end_) return fail();
        const bool object = in_object_[depth_ - 1];
        if (*at_ == ',') {
          ++at_;
          if (object && !key()) return fail();
          break;
        }
        if (*at_ != (object ? '}' : ']')) return fail();
        ++at_;
        --depth_;
      }
    }
  }

 private:
  json_verdict fail() const { return {fault_, static_cast<std::size_t>(at_ - begin_)}; }

  void space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  // Consumes one scalar or empty container, and the openings of containers on the way to it.
  bool value() {
    for (;;) {
      space();
      if (at_ == end_) return false;
      switch (*at_) {
        case '"':
          return string();
        case 't':
          return literal("true");
        case 'f':
          return literal("false");
        case 'n':
          return literal("null");
        case '[':
        case '{': {
          const bool object = *at_ == '{';
          if (depth_ == max_json_depth) {
            fault_ = json_fault::too_deep;
            return false;
          }
          ++at_;
          space();
          if (at_ != end_ && *at_ == (object ? '}' : ']')) {
            ++at_;
            return true;
          }
          in_object_[depth_++] = object;
          if (object && !key()) return false;
          continue;
        }
        default:
          return number();
      }
    }
  }

  bool key() {
    space();
    if (at_ == end_ || *at_ != '"' || !string()) return false;
    space();
    if (at_ == end_ || *at_ != ':') return false;
    ++at_;
    return true;
  }

  bool literal(std::string_view word) {
    for (const char c : word) {
      if (at_ == end_ || *at_ != c) return false;
      ++at_;
    }
    return true;
  }

  bool string() {
    ++at_;
    for (;;) {
      while (end_ - at_ >= 8) {
        const std::size_t plain = plain_bytes(at_);
        at_ += plain;
        if (plain < 8) break;
      }
      while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) ++at_;
      if (at_ == end_) return false;
      if (*at_ == '"') {
        ++at_;
        return true;
      }
      if (*at_ != '\\' || !escape()) return false;
    }
  }

  bool escape() {
    ++at_;
    if (at_ == end_) return false;
    if (*at_ == 'u') {
      ++at_;
      for (int i = 0; i < 4; ++i, ++at_) {
        if (at_ == end_ || !is_hex(*at_)) return false;
      }
      return true;
    }
    if (*at_ == '\0' || std::strchr("\"\\/bfnrt", *at_) == nullptr) return false;
    ++at_;
    return true;
  }

  bool digits() {
    if (at_ == end_ || !is_digit(*at_)) return false;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return true;
  }

  bool number() {
    if (*at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0') {
      ++at_;
    } else if (!digits()) {
      return false;
    }
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!digits()) return false;
    }
    return true;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  json_fault fault_ = json_fault::syntax;
  std::size_t depth_ = 0;
  std::bitset<max_json_depth> in_object_;
};

}  // namespace

json_verdict check_json(std::string_view text) {
  return checker(text).run();
}

}  // namespace roombridge
