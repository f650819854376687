// SPDX-License-Identifier: MIT
#include "tests/fuzz/upstream/ws_comparison.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "daemon/upstream/wire/ws_inflater.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace roombridge::fuzz {
namespace {

using namespace upstream;

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

// Known differences, each of them intended.
bool same_end(const ws_reading& ours, const peer_reading& peer) {
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
    case peer_end::deflate:
      break;
  }
  return false;
}

}  // namespace

ws_reading read_in_pieces(std::string_view bytes, unsigned choice, std::size_t receive_limit, bool deflate,
                          const std::function<void(const ws_item&)>& each) {
  ws_decoder decoder{receive_limit};
  std::optional<ws_inflater> inflater;
  if (deflate) {
    decoder.allow_compressed();
    inflater.emplace(deflate_parameters{}, receive_limit);
  }
  ws_reading seen;
  const unsigned longest = choice % 2 == 0 ? 1024 : 32;
  while (!bytes.empty() && seen.error == ws_error::none) {
    choice = choice * 1'103'515'245 + 12'345;
    const auto piece = bytes.substr(0, 1 + (choice >> 16) % longest);
    bytes.remove_prefix(piece.size());
    const auto buffer = std::make_unique<char[]>(piece.size() + read_padding);
    std::memcpy(buffer.get(), piece.data(), piece.size());
    decoder.feed({buffer.get(), piece.size()});
    while (auto item = decoder.next()) {
      seen.error = item->error;
      if (item->compressed) {
        seen.error = inflater->inflate(item->data);
        item->data = inflater->view();
      }
      if (seen.error != ws_error::none) break;
      require(item->data.size() <= receive_limit, "a message is larger than its limit");
      seen.closed = item->kind == ws_kind::close;
      seen.items.push_back(describe(*item));
      each(*item);
    }
  }
  return seen;
}

void require_agreement(ws_reading ours, peer_reading peer, bool deflate) {
  auto& mine = ours.items;
  auto& theirs = peer.items;
  const std::size_t common = std::min(mine.size(), theirs.size());
  // We bound the compressed frames as well (Beast only what comes out of them, and waits for more than there can be),
  // and refuse a message that ends inside a block, which Beast makes whole.
  const bool we_stop = deflate && (ours.error == ws_error::message_too_big || ours.error == ws_error::deflate_data ||
                                   ours.error == ws_error::length_too_large);
  // Beast ends a session for a text that is not UTF-8, and looks into a compressed message before it is whole.
  const bool peer_stops =
      peer.end == peer_end::not_utf8 || peer.end == peer_end::deflate || (deflate && peer.end == peer_end::too_big);
  if (we_stop) {
    theirs.resize(common);
  } else if (!peer_stops) {
    require(same_end(ours, peer), "the ends differ");
  }
  if (peer_stops) {
    mine.resize(common);
  } else if (peer.end == peer_end::closed && !ours.closed && !we_stop) {
    theirs.pop_back();
  } else if (peer.end == peer_end::violation && ours.closed) {
    mine.pop_back();
  }
  require(mine == theirs, "the items differ");
}

}  // namespace roombridge::fuzz
