// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/ws_inflater.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace roombridge::upstream {
namespace {

// Raw deflate data, with the largest window that a server may use.
constexpr int raw_window_bits = -15;

// The end of each message's last block, which the sender leaves out (section 7.2.1).
constexpr std::string_view left_out{"\x00\x00\xff\xff", 4};

// z_stream::data_type: a block has ended, no bit of another one has been taken, and it was not the last.
constexpr int between_blocks = 128;

}  // namespace

struct ws_inflater::state {
  z_stream stream{};
};

void ws_inflater::state_deleter::operator()(state* released) const {
  inflateEnd(&released->stream);
  delete released;
}

ws_inflater::ws_inflater(deflate_parameters parameters, std::size_t receive_limit)
    : parameters_(parameters), receive_limit_(receive_limit), state_(new state) {
  if (inflateInit2(&state_->stream, raw_window_bits) != Z_OK) throw std::bad_alloc();
}

ws_error ws_inflater::inflate(std::string_view payload) {
  message_.clear();
  if (parameters_.server_no_context_takeover) inflateReset(&state_->stream);
  if (const ws_error failed = inflate_part(payload); failed != ws_error::none) return failed;
  // A sender that ends its stream with each message need not leave anything out.
  if (state_->stream.total_in == 0) return ws_error::none;
  if (const ws_error failed = inflate_part(left_out); failed != ws_error::none) return failed;
  return state_->stream.data_type == between_blocks ? ws_error::none : ws_error::deflate_data;
}

ws_error ws_inflater::inflate_part(std::string_view part) {
  static_assert(sizeof(uInt) >= 4, "a message's limit fits zlib's counts");
  z_stream& stream = state_->stream;
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(part.data()));  // zlib's declaration is older
  stream.avail_in = static_cast<uInt>(part.size());
  std::array<char, 16 * 1024> piece;
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    const int result = ::inflate(&stream, Z_SYNC_FLUSH);
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) return ws_error::deflate_data;
    const std::size_t got = piece.size() - stream.avail_out;
    if (got > receive_limit_ - message_.size()) return ws_error::message_too_big;
    message_.append({piece.data(), got});
    // A sender may end its deflate stream with any block (section 7.2.3.4): what follows is another.
    if (result == Z_STREAM_END) {
      inflateReset(&stream);
    } else if (stream.avail_out != 0) {
      return ws_error::none;  // all of the input is used up
    }
  }
}

}  // namespace roombridge::upstream
