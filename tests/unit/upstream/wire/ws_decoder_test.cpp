// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/ws_decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace roombridge::upstream {
namespace {

using namespace std::string_literals;

constexpr std::size_t limit = 200'000;

// A frame as a server writes it: unmasked. `first`: FIN, RSV and opcode.
std::string frame(unsigned first, std::string_view payload) {
  std::string out(1, static_cast<char>(first));
  const auto append = [&](int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(std::uint64_t{payload.size()} >> (8 * i));
  };
  if (payload.size() <= 125) {
    append(1);
  } else if (payload.size() <= 0xFFFF) {
    out += '\x7e';
    append(2);
  } else {
    out += '\x7f';
    append(8);
  }
  return out.append(payload);
}

std::string describe(const ws_item& item) {
  switch (item.kind) {
    case ws_kind::text:
      return "text " + std::string{item.data};
    case ws_kind::binary:
      return "binary " + std::string{item.data};
    case ws_kind::ping:
      return "ping " + std::string{item.data};
    case ws_kind::pong:
      return "pong " + std::string{item.data};
    case ws_kind::close:
      return "close " + std::to_string(item.code) + " " + std::string{item.data};
    case ws_kind::error:
      return std::string{to_string(item.error)};
  }
  return "?";
}

// Feeds one read from a buffer that ends exactly where the contract says, so that the address sanitizer sees a read too
// far.
void feed(ws_decoder& decoder, std::string_view bytes, std::vector<std::string>& seen) {
  const auto buffer = std::make_unique<char[]>(bytes.size() + read_padding);
  std::copy(bytes.begin(), bytes.end(), buffer.get());
  decoder.feed({buffer.get(), bytes.size()});
  while (const auto item = decoder.next()) {
    seen.push_back(describe(*item));
    // What stands behind a message must be readable: the sanitizer objects if it is not.
    std::string behind(item->data.data() + item->data.size(), item->kind == ws_kind::error ? 0 : read_padding);
    EXPECT_LE(behind.size(), read_padding);
  }
}

std::vector<std::string> decode(const std::vector<std::string_view>& reads) {
  ws_decoder decoder{limit};
  std::vector<std::string> seen;
  for (const auto read : reads) feed(decoder, read, seen);
  return seen;
}

struct sample {
  std::string name;
  std::string bytes;
  std::vector<std::string> items;
};

std::string words(ws_error error) {
  return std::string{to_string(error)};
}

const std::vector<sample>& samples() {
  static const std::vector<sample> all{
      {"text", frame(0x81, "Hello"), {"text Hello"}},
      {"empty messages", frame(0x81, "") + frame(0x82, ""), {"text ", "binary "}},
      {"binary", frame(0x82, "\x00\xff"s), {"binary \x00\xff"s}},
      {"fragments", frame(0x01, "Hel") + frame(0x00, "") + frame(0x80, "lo"), {"text Hello"}},
      {"empty fragments", frame(0x02, "") + frame(0x80, ""), {"binary "}},
      {"control frames between fragments",
       frame(0x01, "a") + frame(0x89, "1") + frame(0x00, "b") + frame(0x8a, "") + frame(0x80, "c") + frame(0x81, "d"),
       {"ping 1", "pong ", "text abc", "text d"}},
      {"a whole burst",
       frame(0x81, "42[\"a\"]") + frame(0x81, "2") + frame(0x89, ""),
       {"text 42[\"a\"]", "text 2", "ping "}},
      {"text that is not UTF-8", frame(0x81, "\xff"), {"text \xff"}},
      {"longest ping", frame(0x89, std::string(125, 'p')), {"ping " + std::string(125, 'p')}},
      {"close",
       frame(0x88,
             "\x03\xe8"
             "bye"),
       {"close 1000 bye"}},
      {"close without a code", frame(0x88, ""), {"close 1005 "}},
      {"nothing after a close", frame(0x88, "\x03\xf1") + frame(0x81, "late"), {"close 1009 "}},
      {"a close between fragments", frame(0x01, "a") + frame(0x88, "\x03\xe9") + frame(0x80, "b"), {"close 1001 "}},
      {"nothing after an error", frame(0x80, "") + frame(0x81, "late"), {words(ws_error::unexpected_continuation)}},
      {"what came before an error", frame(0x81, "a") + frame(0xc1, "b"), {"text a", words(ws_error::reserved_bits)}},
      {"HTTP after the handshake", "HTTP/1.1 400 Bad Request\r\n\r\n", {words(ws_error::reserved_bits)}},
      {"masked", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", {words(ws_error::masked)}},
      {"masked, long", "\x81\xff"s, {words(ws_error::masked)}},
      {"RSV1", frame(0xc1, "x"), {words(ws_error::reserved_bits)}},
      {"RSV2", frame(0xa1, "x"), {words(ws_error::reserved_bits)}},
      {"RSV3", frame(0x91, "x"), {words(ws_error::reserved_bits)}},
      {"opcode 3", frame(0x83, "x"), {words(ws_error::unknown_opcode)}},
      {"opcode 11", frame(0x8b, "x"), {words(ws_error::unknown_opcode)}},
      {"fragmented ping", frame(0x09, "x"), {words(ws_error::control_fragmented)}},
      {"long ping", frame(0x89, std::string(126, 'p')), {words(ws_error::control_too_long)}},
      {"continuation of nothing", frame(0x80, "x"), {words(ws_error::unexpected_continuation)}},
      {"continuation after the end",
       frame(0x01, "a") + frame(0x80, "b") + frame(0x80, "c"),
       {"text ab", words(ws_error::unexpected_continuation)}},
      {"message in a message", frame(0x01, "a") + frame(0x81, "bcd"), {words(ws_error::expected_continuation)}},
      {"16 bits for 125", "\x81\x7e\x00\x7d"s + std::string(125, 'x'), {words(ws_error::length_not_minimal)}},
      {"64 bits for 65535", "\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff"s, {words(ws_error::length_not_minimal)}},
      {"64-bit length, top bit", "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00"s, {words(ws_error::length_too_large)}},
      {"most that 63 bits hold", "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"s, {words(ws_error::message_too_big)}},
      {"close of one byte", frame(0x88, "\x03"), {words(ws_error::close_truncated)}},
      {"close code 1005", frame(0x88, "\x03\xed"), {words(ws_error::close_code)}},
      {"close code 999", frame(0x88, "\x03\xe7"), {words(ws_error::close_code)}},
      {"close reason", frame(0x88, "\x03\xe8\xc0\x80"), {words(ws_error::close_reason)}},
      {"Korean close reason", frame(0x88, "\x03\xe8예약"), {"close 1000 예약"}},
  };
  return all;
}

TEST(ws_decoder, reads_every_sample_at_once) {
  for (const auto& each : samples()) EXPECT_EQ(decode({each.bytes}), each.items) << each.name;
}

TEST(ws_decoder, reads_every_sample_split_anywhere) {
  for (const auto& each : samples()) {
    const std::string_view bytes = each.bytes;
    for (std::size_t i = 0; i <= bytes.size(); ++i) {
      for (std::size_t j = i; j <= bytes.size(); ++j) {
        ASSERT_EQ(decode({bytes.substr(0, i), bytes.substr(i, j - i), bytes.substr(j)}), each.items)
            << each.name << " split at " << i << " and " << j;
      }
    }
  }
}

TEST(ws_decoder, reads_every_sample_byte_by_byte) {
  for (const auto& each : samples()) {
    std::vector<std::string_view> reads;
    for (std::size_t i = 0; i < each.bytes.size(); ++i) reads.push_back(std::string_view{each.bytes}.substr(i, 1));
    EXPECT_EQ(decode(reads), each.items) << each.name;
  }
}

TEST(ws_decoder, yields_nothing_of_what_is_not_whole) {
  const std::string bytes = frame(0x81, std::string(300, 'x'));
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_TRUE(decode({std::string_view{bytes}.substr(0, i)}).empty());
}

TEST(ws_decoder, knows_the_borders_of_lengths) {
  // 0x8105: a length that looks like a frame when a read begins with it.
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 0x8105u, 65535u, 65536u, 65537u}) {
    const std::string payload(size, 'x');
    const std::string bytes = frame(0x82, payload) + frame(0x81, "next");
    const std::vector<std::string> expected{"binary " + payload, "text next"};
    EXPECT_EQ(decode({bytes}), expected) << size;
    for (std::size_t at = 1; at < 16 && at < bytes.size(); ++at) {
      EXPECT_EQ(decode({std::string_view{bytes}.substr(0, at), std::string_view{bytes}.substr(at)}), expected);
    }
  }
}

TEST(ws_decoder, copies_nothing_when_a_message_lies_in_one_read) {
  std::string buffer = frame(0x81, "first") + frame(0x82, "second");
  const std::size_t size = buffer.size();
  buffer.append(read_padding, '\0');
  ws_decoder decoder{limit};
  decoder.feed(std::string_view{buffer}.substr(0, size));
  EXPECT_EQ(decoder.next()->data.data(), buffer.data() + 2);
  EXPECT_EQ(decoder.next()->data.data(), buffer.data() + 9);
  EXPECT_FALSE(decoder.next());
}

TEST(ws_decoder, takes_a_message_of_exactly_the_limit) {
  const std::string most(limit, 'x');
  EXPECT_EQ(decode({frame(0x82, most)}), std::vector{"binary " + most});
  EXPECT_EQ(decode({frame(0x02, most.substr(1)) + frame(0x80, "x")}), std::vector{"binary " + most});
}

TEST(ws_decoder, refuses_more_than_the_limit_before_it_comes) {
  const auto too_big = std::vector{words(ws_error::message_too_big)};
  const std::string message = frame(0x82, std::string(limit + 1, 'x'));
  EXPECT_EQ(decode({std::string_view{message}.substr(0, 10)}), too_big);
  EXPECT_EQ(decode({frame(0x02, std::string(limit, 'x')) + frame(0x00, "").append(frame(0x80, "x"))}), too_big);
}

TEST(ws_decoder, refuses_more_than_the_limit_in_one_read) {
  for (const std::size_t small : {std::size_t{5}, std::size_t{125}, std::size_t{1000}}) {
    const auto last_of = [small](std::size_t size) {
      ws_decoder decoder{small};
      std::vector<std::string> seen;
      feed(decoder, frame(0x81, std::string(size, 'x')), seen);
      return seen.back();
    };
    EXPECT_EQ(last_of(small), "text " + std::string(small, 'x'));
    EXPECT_EQ(last_of(small + 1), words(ws_error::message_too_big));
  }
}

TEST(ws_decoder, says_when_it_has_ended) {
  ws_decoder decoder{limit};
  std::vector<std::string> seen;
  feed(decoder, frame(0x81, "a"), seen);
  EXPECT_FALSE(decoder.ended());
  feed(decoder, frame(0x88, ""), seen);
  EXPECT_TRUE(decoder.ended());
  feed(decoder, frame(0x81, "late"), seen);
  EXPECT_EQ(seen, (std::vector{"text a"s, "close 1005 "s}));
}

TEST(ws_decoder, names_the_close_code_of_each_error) {
  EXPECT_EQ(close_code_for(ws_error::masked), 1002);
  EXPECT_EQ(close_code_for(ws_error::close_reason), 1007);
  EXPECT_EQ(close_code_for(ws_error::message_too_big), 1009);
}

// Random messages in random fragments with random control frames, in random reads.
class conversation {
 public:
  explicit conversation(std::uint32_t seed) : random_(seed) {
    for (int i = 0; i < 200; ++i) message();
  }

  std::string bytes;
  std::vector<std::string> items;

  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random_); }

 private:
  std::string payload(std::size_t size) {
    std::string made(size, '\0');
    for (char& c : made) c = static_cast<char>(random_());
    return made;
  }

  void control() {
    const bool ping = below(2) == 0;
    const auto made = payload(below(126));
    bytes += frame(ping ? 0x89 : 0x8a, made);
    items.push_back((ping ? "ping " : "pong ") + made);
  }

  void message() {
    const bool text = below(2) == 0;
    const std::size_t fragments = 1 + below(4);
    std::string whole;
    for (std::size_t i = 0; i < fragments; ++i) {
      while (below(4) == 0) control();
      const auto part = payload(below(8) == 0 ? 125 + below(3) : below(40));
      const unsigned opcode = i != 0 ? 0 : text ? 1 : 2;
      bytes += frame(opcode | (i + 1 == fragments ? 0x80 : 0), part);
      whole += part;
    }
    items.push_back((text ? "text " : "binary ") + whole);
  }

  std::mt19937 random_;
};

TEST(ws_decoder, reads_random_conversations_in_random_pieces) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  conversation made{seed};
  std::vector<std::string_view> reads;
  for (std::string_view rest = made.bytes; !rest.empty();) {
    reads.push_back(rest.substr(0, 1 + made.below(200)));
    rest.remove_prefix(reads.back().size());
  }
  EXPECT_EQ(decode(reads), made.items);
}

// Compressed items are marked with a star.
std::vector<std::string> decode_compressed(std::string_view bytes, std::size_t at) {
  ws_decoder decoder{limit};
  decoder.allow_compressed();
  std::vector<std::string> seen;
  for (const auto part : {bytes.substr(0, at), bytes.substr(at)}) {
    const std::string read = std::string(part) + std::string(read_padding, '\0');
    decoder.feed(std::string_view(read).substr(0, part.size()));
    while (const auto item = decoder.next()) seen.push_back((item->compressed ? "*" : "") + describe(*item));
  }
  return seen;
}

TEST(ws_decoder, marks_what_is_compressed_once_that_is_negotiated) {
  const std::string bytes = frame(0xc1, "a") + frame(0x81, "b") + frame(0x42, "c") + frame(0x89, "p") +
                            frame(0x80, "d") + frame(0x01, "e") + frame(0x80, "f") + frame(0xc2, "");
  const std::vector<std::string> expected{"*text a", "text b", "ping p", "*binary cd", "text ef", "*binary "};
  for (std::size_t at = 0; at <= bytes.size(); ++at) EXPECT_EQ(decode_compressed(bytes, at), expected) << at;
}

TEST(ws_decoder, only_a_messages_first_frame_says_that_it_is_compressed) {
  const std::string reserved = words(ws_error::reserved_bits);
  for (const std::string& bad : {frame(0x41, "a") + frame(0xc0, "b"), frame(0xc9, "a"), frame(0xc8, ""),
                                 frame(0xe1, "a"), frame(0xd1, "a"), frame(0xa1, "a")})
    EXPECT_EQ(decode_compressed(bad, 0), std::vector{reserved}) << bad;
}

}  // namespace
}  // namespace roombridge::upstream
