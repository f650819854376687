// SPDX-License-Identifier: MIT
// Bytes in the tests of the protocol: hex, views, and what a decoder finds in a stream that is fed in pieces.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <roombridge/proto/frame.hpp>

namespace roombridge::proto::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
  }
  return out;
}

inline std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

struct owned_frame {
  frame_type type{};
  std::uint8_t flags = 0;
  std::string head;
  std::string payload;
  bool operator==(const owned_frame&) const = default;
};

struct decoded {
  std::vector<owned_frame> frames;
  error_code error = error_code::none;
  bool operator==(const decoded&) const = default;
};

// Each piece is fed from memory of its own that is gone afterwards, so that a view that outlives it is seen by the
// sanitizer.
inline decoded decode(const std::vector<std::string_view>& pieces, std::uint32_t body_limit = max_body) {
  decoded out;
  frame_decoder decoder{body_limit};
  for (const auto piece : pieces) {
    const std::vector<char> copy{piece.begin(), piece.end()};
    decoder.feed(std::as_bytes(std::span{copy}));
    while (const auto found = decoder.next()) {
      out.frames.push_back({found->type, found->flags, std::string{found->head}, text_of(found->payload)});
    }
    if (decoder.error() != error_code::none) break;
  }
  out.error = decoder.error();
  return out;
}

}  // namespace roombridge::proto::test
