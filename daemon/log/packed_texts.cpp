// SPDX-License-Identifier: MIT
#include "daemon/log/packed_texts.hpp"

#include <algorithm>

namespace roombridge::log {
namespace {

template <class Integer>
std::byte* put_integer(std::byte* out, Integer value) {
  std::memcpy(out, &value, sizeof value);
  return out + sizeof value;
}

}  // namespace

std::string_view packed_texts::text_of(std::size_t index) const {
  const char* text = texts();
  for (std::size_t i = 0; i < index; ++i) text += length_of(i);
  return {text, length_of(index)};
}

std::size_t packed_size(std::span<const matched_text> texts) {
  std::size_t size = texts.size() * (sizeof(std::uint32_t) + sizeof(std::uint16_t));
  for (const auto& each : texts) size += each.text.size();
  return size;
}

// std::copy becomes a call of memmove. Where g++ 12 knows a bound, as here, it makes of memcpy an instruction whose
// start alone takes as long as all of segment_ring::append().
std::byte* put_text(std::byte* out, std::string_view text) {
  const auto bytes = std::as_bytes(std::span{text});
  return std::copy(bytes.begin(), bytes.end(), out);
}

std::byte* put_packed(std::byte* out, std::span<const matched_text> texts) {
  for (const auto& each : texts) out = put_integer(out, each.hash);
  for (const auto& each : texts) out = put_integer(out, static_cast<std::uint16_t>(each.text.size()));
  for (const auto& each : texts) out = put_text(out, each.text);
  return out;
}

}  // namespace roombridge::log
