// SPDX-License-Identifier: MIT
#include "daemon/config/text.hpp"

#include <cstddef>
#include <cstdio>

namespace roombridge::config {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

std::string describe_byte(std::string_view what, char c) {
  char code[8];
  std::snprintf(code, sizeof code, "0x%02x", static_cast<unsigned char>(c));
  return std::string(what) + code;
}

}  // namespace

std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool narrow = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f);
    return follows(1) && follows(2) && !narrow ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool narrow = (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return follows(1) && follows(2) && follows(3) && !narrow ? 4 : 0;
  }
  return 0;
}

std::optional<text_fault> find_text_fault(std::string_view file) {
  position at{1, 1};
  for (std::size_t i = 0; i < file.size();) {
    const char c = file[i];
    const std::size_t size = character_size(file.substr(i));
    if (size == 0) return text_fault{at, describe_byte("not UTF-8: save the file in that encoding; the byte is ", c)};
    if (is_control(c) && c != '\n' && c != '\t' && c != '\r') {
      return text_fault{at, describe_byte("a control character that cannot stand in a config: ", c)};
    }
    at = c == '\n' ? position{at.line + 1, 1} : position{at.line, at.column + static_cast<int>(size)};
    i += size;
  }
  return std::nullopt;
}

bool is_clean_text(std::string_view value) {
  for (std::size_t i = 0; i < value.size();) {
    const std::size_t size = character_size(value.substr(i));
    if (size == 0 || is_control(value[i])) return false;
    i += size;
  }
  return true;
}

}  // namespace roombridge::config
