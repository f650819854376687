// SPDX-License-Identifier: MIT
// Our frame decoder against Beast's WebSocket stream: the same messages and control frames in the same order, and the
// same end. Ours gets the bytes in pieces that the first byte chooses. What was decoded is then encoded, and read again
// unmasked.
#include <cstdint>
#include <string>
#include <type_traits>

#include "tests/fuzz/upstream/require.hpp"
#include "tests/fuzz/upstream/ws_comparison.hpp"

namespace {

using namespace roombridge::upstream;
using namespace roombridge::fuzz;

constexpr std::size_t receive_limit = 300;

// The frame that `append` writes, without its mask.
template <typename... Args>
std::string unmasked(void (*append)(std::string&, Args...), std::type_identity_t<Args>... args) {
  std::string frame;
  append(frame, args...);
  const std::size_t length = frame[1] & 0x7F;
  const std::size_t header = length < 126 ? 2 : length == 126 ? 4 : 10;
  for (std::size_t i = header + 4; i < frame.size(); ++i) frame[i] ^= frame[header + (i - header) % 4];
  frame.erase(header, 4);
  frame[1] &= 0x7F;
  return frame;
}

std::string encode(const ws_item& item, ws_mask mask) {
  switch (item.kind) {
    case ws_kind::text:
      return unmasked(append_frame, ws_opcode::text, item.data, mask);
    case ws_kind::binary:
      return unmasked(append_frame, ws_opcode::binary, item.data, mask);
    case ws_kind::ping:
      return unmasked(append_frame, ws_opcode::ping, item.data, mask);
    case ws_kind::pong:
      return unmasked(append_pong, item.data, mask);
    case ws_kind::close:
      return unmasked(append_close, item.code, item.data, mask);
    case ws_kind::error:
      break;
  }
  return {};
}

ws_reading read(std::string_view bytes, unsigned choice, std::string& encoded) {
  const ws_mask mask{static_cast<std::uint8_t>(choice), 0x5a, 0, static_cast<std::uint8_t>(~choice)};
  return read_in_pieces(bytes, choice, receive_limit, false,
                        [&](const ws_item& item) { encoded += encode(item, mask); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  std::string encoded;
  const ws_reading ours = read(bytes, data[0], encoded);
  require_agreement(ours, read_with_beast(bytes, receive_limit, false), false);

  std::string again;
  const ws_reading second = read(encoded, data[0] + 1u, again);
  require(second.items == ours.items && second.error == ws_error::none, "what was encoded reads differently");
  require(again == encoded, "what was read again encodes differently");
  return 0;
}
