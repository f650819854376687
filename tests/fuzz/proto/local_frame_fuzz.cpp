// SPDX-License-Identifier: MIT
// A stream of local frames, cut at random: the decoder agrees with a naive one that sees everything at once, what it
// finds put together again is the stream, and the C++ client's core makes the same messages of the pieces as of the
// whole.
//
// Input: four bytes that seed the cuts, one that chooses the body limit, then the stream.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <roombridge/connection.hpp>
#include <roombridge/proto/frame.hpp>

namespace {

using namespace roombridge;

void require(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "disagreement: " << what << '\n';
  std::abort();
}

struct outcome_of {
  std::string consumed;  // every whole frame, put together again
  proto::error_code error = proto::error_code::none;
  bool operator==(const outcome_of&) const = default;
};

// PROTOCOL.md section 1, without any thought of pieces.
outcome_of naive(const std::string& stream, std::uint32_t limit) {
  outcome_of out;
  const auto at = [&stream](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(stream[i]));
  };
  std::size_t begin = 0;
  while (stream.size() - begin >= 8) {
    const std::uint32_t body =
        at(begin) + at(begin + 1) * 0x100u + at(begin + 2) * 0x10000u + at(begin + 3) * 0x1000000u;
    const std::uint32_t head = at(begin + 6) + at(begin + 7) * 0x100u;
    if (body > limit)
      out.error = proto::error_code::frame_too_large;
    else if (head > body)
      out.error = proto::error_code::bad_frame;
    else if (at(begin + 5) >= 0x10)
      out.error = proto::error_code::unknown_critical_flag;
    if (out.error != proto::error_code::none || stream.size() - begin - 8 < body) break;
    begin += 8 + body;
  }
  out.consumed = stream.substr(0, begin);
  return out;
}

outcome_of decode(const std::vector<std::string>& pieces, std::uint32_t limit) {
  outcome_of out;
  proto::frame_decoder decoder{limit};
  for (const auto& piece : pieces) {
    decoder.feed(std::as_bytes(std::span{piece}));
    while (const auto frame = decoder.next()) {
      const auto header =
          proto::encode_header({static_cast<std::uint32_t>(frame->head.size() + frame->payload.size()), frame->type,
                                frame->flags, static_cast<std::uint16_t>(frame->head.size())});
      out.consumed.append(reinterpret_cast<const char*>(header.data()), header.size());
      out.consumed += frame->head;
      out.consumed.append(reinterpret_cast<const char*>(frame->payload.data()), frame->payload.size());
    }
    require(decoder.capacity() <= proto::header_size + limit, "the decoder holds more than a frame");
    if (decoder.error() != proto::error_code::none) break;
  }
  out.error = decoder.error();
  return out;
}

std::vector<std::string> cut(const std::string& stream, std::uint32_t seed) {
  std::minstd_rand random{seed};
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t longest = random() % 2 == 0 ? 4 : 200;
    pieces.push_back(stream.substr(at, random() % (longest + 1)));
    at += pieces.back().size();
  }
  return pieces;
}

struct conversation {
  std::vector<message> messages;
  std::string output;
  bool operator==(const conversation&) const = default;
};

conversation converse(const std::vector<std::string>& pieces) {
  connection core{"fuzz"};
  for (const auto& piece : pieces) core.receive(std::as_bytes(std::span{piece}));
  conversation out{{}, std::string{core.output()}};
  while (auto got = core.next()) out.messages.push_back(std::move(*got));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  std::uint32_t seed = 0;
  std::memcpy(&seed, data, sizeof seed);
  const std::uint32_t limit = data[4] % 2 == 0 ? proto::max_body : 64;
  const std::string stream{reinterpret_cast<const char*>(data) + 5, size - 5};
  const auto pieces = cut(stream, seed);

  const auto expected = naive(stream, limit);
  require(decode({stream}, limit) == expected, "the decoder and the naive one, whole");
  require(decode(pieces, limit) == expected, "the decoder and the naive one, in pieces");
  require(converse(pieces) == converse({stream}), "the client's core, in pieces and whole");
  return 0;
}
