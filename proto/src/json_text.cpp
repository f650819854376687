// SPDX-License-Identifier: MIT
#include <roombridge/proto/json_text.hpp>

#include <array>
#include <cstring>

namespace roombridge::proto {
namespace {

constexpr std::array<char, 16> hex{'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

// The letter behind the backslash for what has a short form, 'u' for other control characters, 0 for what stays as it
// is.
constexpr char escape_of(unsigned char byte) {
  switch (byte) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return byte < 0x20 ? 'u' : '\0';
  }
}

constexpr auto escapes = [] {
  std::array<char, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) table[byte] = escape_of(static_cast<unsigned char>(byte));
  return table;
}();

char escape_at(std::string_view text, std::size_t index) {
  return escapes[static_cast<unsigned char>(text[index])];
}

// Eight bytes at once: the high bit of some byte is set if one of them is a control character, a quote or a backslash.
constexpr std::uint64_t suspicious(std::uint64_t word) {
  constexpr std::uint64_t ones = 0x0101010101010101u;
  constexpr std::uint64_t highs = 0x8080808080808080u;
  const auto has_zero = [](std::uint64_t value) { return (value - ones) & ~value; };
  const std::uint64_t control = (word - ones * 0x20) & ~word;
  return (control | has_zero(word ^ (ones * '"')) | has_zero(word ^ (ones * '\\'))) & highs;
}

// Length of the beginning of `text` that certainly needs no escape.
std::size_t plain_prefix(std::string_view text) {
  const auto plain_word = [text](std::size_t index) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + index, sizeof word);
    return suspicious(word) == 0;
  };
  std::size_t at = 0;
  while (at + 8 <= text.size() && plain_word(at)) at += 8;
  // The last word overlaps the one before it, so that a rest is not looked at byte by byte.
  if (at + 8 > text.size() && at != 0 && plain_word(text.size() - 8)) return text.size();
  while (at < text.size() && escape_at(text, at) == 0) ++at;
  return at;
}

}  // namespace

std::size_t json_text_size(std::string_view text) noexcept {
  std::size_t size = text.size();
  for (std::size_t at = plain_prefix(text); at < text.size(); ++at) {
    const char escape = escape_at(text, at);
    if (escape != 0) size += escape == 'u' ? 5 : 1;
  }
  return size;
}

char* write_json_text(char* out, std::string_view text) noexcept {
  const std::size_t plain = plain_prefix(text);
  if (plain != 0) std::memcpy(out, text.data(), plain);
  out += plain;
  for (std::size_t at = plain; at < text.size(); ++at) {
    const char escape = escape_at(text, at);
    if (escape == 0) {
      *out++ = text[at];
      continue;
    }
    *out++ = '\\';
    *out++ = escape;
    if (escape == 'u') {
      const auto byte = static_cast<unsigned char>(text[at]);
      for (const char digit : {'0', '0', hex[byte >> 4], hex[byte & 0xf]}) *out++ = digit;
    }
  }
  return out;
}

void append_json_text(std::string& out, std::string_view text) {
  const std::size_t before = out.size();
  out.resize(before + json_text_size(text));
  write_json_text(out.data() + before, text);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_text(out, text);
  out += '"';
}

bool is_utf8(std::string_view text) noexcept {
  const auto byte = [text](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  for (std::size_t at = 0; at < text.size();) {
    const unsigned char lead = byte(at++);
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const std::size_t more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (text.size() - at < more) return false;
    // The first continuation byte's range excludes overlong forms, surrogates and what lies above U+10FFFF.
    const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (byte(at) < low || byte(at) > high) return false;
    for (std::size_t next = 1; next < more; ++next) {
      if ((byte(at + next) & 0xc0) != 0x80) return false;
    }
    at += more;
  }
  return true;
}

}  // namespace roombridge::proto
