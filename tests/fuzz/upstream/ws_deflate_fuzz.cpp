// SPDX-License-Identifier: MIT
// permessage-deflate, our inflater and Beast's. The first byte chooses the pieces that ours gets, and what the rest is:
// a server's stream as it is, of which both must read the same; or messages, each led by a byte of kind and a byte of
// length, which zlib compresses as a server does: both must read what went in.
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/fuzz/upstream/require.hpp"
#include "tests/fuzz/upstream/ws_comparison.hpp"

namespace {

using namespace roombridge::upstream;
using namespace roombridge::fuzz;

constexpr std::size_t receive_limit = 300;

// The sender's half of RFC 7692 section 7.2.1.
class deflater {
 public:
  explicit deflater(int level) {
    require(deflateInit2(&stream_, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib has no memory");
  }
  ~deflater() { deflateEnd(&stream_); }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;

  std::string message(std::string text) {
    std::string out(text.size() + 64, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(text.data());
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    deflate(&stream_, Z_SYNC_FLUSH);
    out.resize(out.size() - stream_.avail_out);
    // Nothing came out: there was nothing since the last flush.
    return out.empty() ? std::string(1, '\0') : out.substr(0, out.size() - 4);
  }

 private:
  z_stream stream_{};
};

// At most 255 bytes and the little that zlib adds where it cannot compress.
void append_frame(std::string& out, unsigned first, std::string_view payload) {
  out += static_cast<char>(first);
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out.append(1, '\x7e')
        .append(1, static_cast<char>(payload.size() >> 8))
        .append(1, static_cast<char>(payload.size()));
  }
  out += payload;
}

struct script {
  std::string stream;
  std::vector<std::string> items;
};

// Of a message's kind: bit 0 compressed, bit 1 in two frames with a ping between, the rest where those part.
script play(std::string_view messages, int level) {
  script out;
  deflater sender(level);
  while (messages.size() >= 2) {
    const auto kind = static_cast<std::uint8_t>(messages[0]);
    const std::string data(messages.substr(2, static_cast<std::uint8_t>(messages[1])));
    messages.remove_prefix(2 + data.size());
    const std::string sent = (kind & 1) != 0 ? sender.message(data) : data;
    const unsigned first = (kind & 1) != 0 ? 0x42u : 0x02u;
    if ((kind & 2) == 0) {
      append_frame(out.stream, 0x80 | first, sent);
    } else {
      const std::size_t at = std::min<std::size_t>(kind >> 2, sent.size());
      append_frame(out.stream, first, sent.substr(0, at));
      append_frame(out.stream, 0x89, "p");
      append_frame(out.stream, 0x80, sent.substr(at));
      out.items.emplace_back("ping p");
    }
    out.items.push_back("binary " + data);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = data[0];
  const std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto nothing = [](const ws_item&) {};
  if ((choice & 2) == 0) {
    const auto ours = read_in_pieces(rest, choice, receive_limit, true, nothing);
    require_agreement(ours, read_with_beast(rest, receive_limit, true), true);
    return 0;
  }
  const script sent = play(rest, static_cast<int>(choice >> 2) % 10);
  const auto ours = read_in_pieces(sent.stream, choice, receive_limit, true, nothing);
  require(ours.error == ws_error::none && ours.items == sent.items, "we read something else than was compressed");
  const auto peer = read_with_beast(sent.stream, receive_limit, true);
  require(peer.end == peer_end::more && peer.items == sent.items, "Beast reads something else than was compressed");
  return 0;
}
