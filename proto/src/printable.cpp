// SPDX-License-Identifier: MIT
#include <roombridge/proto/printable.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

#include <roombridge/proto/json_text.hpp>

namespace roombridge::proto {
namespace {

struct range {
  char32_t first, last;
};
constexpr std::array<range, 10> unsafe{{{0x00, 0x1f},
                                        {0x7f, 0x9f},
                                        {0x61c, 0x61c},
                                        {0x200b, 0x200b},
                                        {0x200e, 0x200f},
                                        {0x2028, 0x202e},
                                        {0x2060, 0x2060},
                                        {0x2066, 0x2069},
                                        {0xfeff, 0xfeff},
                                        {0xe0000, 0xe007f}}};

bool is_unsafe(char32_t code) {
  return std::any_of(unsafe.begin(), unsafe.end(),
                     [code](const range& one) { return code >= one.first && code <= one.last; });
}

// Bytes of the character that begins here; 0: none does.
std::size_t character_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return text.size() >= size && is_utf8(text.substr(0, size)) ? size : 0;
}

char32_t code_point(std::string_view character) {
  if (character.size() == 1) return static_cast<unsigned char>(character.front());
  char32_t code = static_cast<unsigned char>(character.front()) & (0x7fu >> character.size());
  for (const char next : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(next) & 0x3fu);
  return code;
}

std::string hex(char32_t value, std::size_t digits) {
  constexpr std::string_view letters = "0123456789abcdef";
  std::string out(digits, '0');
  for (std::size_t at = digits; at > 0 && value != 0; value >>= 4) out[--at] = letters[value & 15];
  return out;
}

std::string escape(char32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return code > 0xffff ? "\\u{" + hex(code, 5) + '}' : "\\u" + hex(code, 4);
  }
}

// RFC 8259 section 7. A control character below U+0020 stands between tokens: as white space.
std::string escape_in_json(char32_t code) {
  if (code < 0x20) return " ";
  if (code <= 0xffff) return "\\u" + hex(code, 4);
  const char32_t rest = code - 0x10000;
  return "\\u" + hex(0xd800 + (rest >> 10), 4) + "\\u" + hex(0xdc00 + (rest & 0x3ff), 4);
}

// How much of the beginning certainly stays as it is.
std::size_t plain_prefix(std::string_view text) {
  const auto found = std::find_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; });
  return static_cast<std::size_t>(found - text.begin());
}

template <class Escape, class EscapeByte>
std::string escaped(std::string_view text, Escape for_character, EscapeByte for_byte) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t plain = plain_prefix(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t size = character_size(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(size, 1));
    if (size == 0) {
      out += for_byte(character.front());
    } else if (const char32_t code = code_point(character); is_unsafe(code)) {
      out += for_character(code);
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return escaped(text, escape, [](char byte) { return "\\x" + hex(static_cast<unsigned char>(byte), 2); });
}

std::string printable(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return printable(text);
  // A character that goes on behind the limit is left out as a whole; one has three bytes behind its first at most.
  std::size_t end = limit;
  while (end > 0 && limit - end < 3 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return printable(text.substr(0, end)) + "...";
}

std::string printable_json(std::string_view json) {
  return escaped(json, escape_in_json, [](char) { return std::string("\\ufffd"); });
}

bool has_control_character(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0) return true;
  }
  return false;
}

}  // namespace roombridge::proto
