// SPDX-License-Identifier: MIT
// Our frame decoder against Beast's WebSocket stream: the same messages and control frames in the same order, and the
// same end. Ours gets the bytes in pieces that the first byte chooses. What was decoded is then encoded, and read again
// unmasked.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "daemon/upstream/ws_decoder.hpp"
#include "tests/fuzz/upstream/beast_peer.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace {

using namespace roombridge::upstream;
using roombridge::fuzz::peer_end;
using roombridge::fuzz::peer_reading;
using roombridge::fuzz::require;

constexpr std::size_t receive_limit = 300;

struct reading {
  std::vector<std::string> items;
  ws_error error = ws_error::none;
  bool closed = false;
};

std::string describe(const ws_item& item) {
  const std::string data{item.data};
  switch (item.kind) {
    case ws_kind::text:
      return "text " + data;
    case ws_kind::binary:
      return "binary " + data;
    case ws_kind::ping:
      return "ping " + data;
    case ws_kind::pong:
      return "pong " + data;
    case ws_kind::close:
      return "close " + std::to_string(item.code) + " " + data;
    case ws_kind::error:
      break;
  }
  return {};
}

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

void drain(ws_decoder& decoder, std::string_view piece, reading& seen, std::string& encoded, ws_mask mask) {
  const auto buffer = std::make_unique<char[]>(piece.size() + read_padding);
  if (!piece.empty()) std::memcpy(buffer.get(), piece.data(), piece.size());
  decoder.feed({buffer.get(), piece.size()});
  while (const auto item = decoder.next()) {
    if (item->kind == ws_kind::error) {
      seen.error = item->error;
      continue;
    }
    seen.closed = item->kind == ws_kind::close;
    seen.items.push_back(describe(*item));
    encoded += encode(*item, mask);
  }
}

reading read_pieces(std::string_view bytes, unsigned choice, std::string& encoded) {
  ws_decoder decoder{receive_limit};
  reading seen;
  const ws_mask mask{static_cast<std::uint8_t>(choice), 0x5a, 0, static_cast<std::uint8_t>(~choice)};
  const unsigned longest = choice % 2 == 0 ? 1024 : 32;
  while (!bytes.empty()) {
    choice = choice * 1'103'515'245 + 12'345;
    const auto piece = bytes.substr(0, 1 + (choice >> 16) % longest);
    bytes.remove_prefix(piece.size());
    drain(decoder, piece, seen, encoded, mask);
  }
  return seen;
}

// Known differences, each of them intended.
bool same_end(const reading& ours, const peer_reading& peer) {
  switch (peer.end) {
    case peer_end::more:
      // Beast waits for the key of a masked frame before it refuses it.
      return !ours.closed && (ours.error == ws_error::none || ours.error == ws_error::masked);
    case peer_end::closed:
      // Beast lets codes pass that RFC 6455 section 7.4.2 does not define.
      return ours.closed || ours.error == ws_error::close_code;
    case peer_end::too_big:
      return ours.error == ws_error::message_too_big || ours.error == ws_error::length_too_large;
    case peer_end::violation:
      // Beast does not know 1014, which was registered later.
      return ours.closed ? ours.items.back().starts_with("close 1014")
                         : ours.error != ws_error::none && ours.error != ws_error::message_too_big;
    case peer_end::not_utf8:
      return true;
  }
  return false;
}

void compare(const reading& ours, const peer_reading& peer) {
  require(same_end(ours, peer), "the ends differ");
  auto theirs = peer.items;
  auto mine = ours.items;
  if (peer.end == peer_end::closed && !ours.closed) theirs.pop_back();
  if (peer.end == peer_end::violation && ours.closed) mine.pop_back();
  // Beast ends a session for a text that is not UTF-8, we go on.
  if (peer.end == peer_end::not_utf8) mine.resize(std::min(mine.size(), theirs.size()));
  require(mine == theirs, "the items differ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  std::string encoded;
  const reading ours = read_pieces(bytes, data[0], encoded);
  compare(ours, roombridge::fuzz::read_with_beast(bytes, receive_limit));

  std::string again;
  const reading second = read_pieces(encoded, data[0] + 1u, again);
  require(second.items == ours.items && second.error == ws_error::none, "what was encoded reads differently");
  require(again == encoded, "what was read again encodes differently");
  return 0;
}
