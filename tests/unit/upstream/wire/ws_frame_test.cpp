// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/ws_frame.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace roombridge::upstream {
namespace {

constexpr ws_mask mask{0x37, 0xfa, 0x21, 0x3d};

std::string unmask(std::string_view bytes, ws_mask with) {
  std::string plain;
  for (std::size_t i = 0; i < bytes.size(); ++i) plain += static_cast<char>(bytes[i] ^ with[i % 4]);
  return plain;
}

// RFC 6455 section 5.7, "a single-frame masked text message".
TEST(ws_frame, writes_the_example_of_the_rfc) {
  std::string out = "before";
  append_frame(out, ws_opcode::text, "Hello", mask);
  EXPECT_EQ(out, "before\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

TEST(ws_frame, writes_the_shortest_length) {
  const auto header = [](std::size_t size) {
    std::string out;
    append_frame(out, ws_opcode::binary, std::string(size, 'x'), mask);
    return out.substr(0, out.size() - size - mask.size());
  };
  using namespace std::string_literals;
  EXPECT_EQ(header(0), "\x82\x80"s);
  EXPECT_EQ(header(125), "\x82\xfd"s);
  EXPECT_EQ(header(126), "\x82\xfe\x00\x7e"s);
  EXPECT_EQ(header(65535), "\x82\xfe\xff\xff"s);
  EXPECT_EQ(header(65536), "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00"s);
}

TEST(ws_frame, masks_every_length_and_mask) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  for (std::size_t size = 0; size <= 100; ++size) {
    std::string payload(size, '\0');
    for (char& c : payload) c = static_cast<char>(random());
    ws_mask any;
    for (auto& byte : any) byte = static_cast<std::uint8_t>(random());
    std::string out;
    append_frame(out, ws_opcode::text, payload, any);
    ASSERT_EQ(unmask(std::string_view{out}.substr(6), any), payload);
  }
}

TEST(ws_frame, answers_a_ping_with_its_payload) {
  std::string out;
  append_pong(out, "are you there", mask);
  EXPECT_EQ(out[0], '\x8a');
  EXPECT_EQ(unmask(std::string_view{out}.substr(6), mask), "are you there");
}

TEST(ws_frame, closes_with_code_and_reason) {
  std::string out;
  append_close(out, ws_close_normal, "bye", mask);
  EXPECT_EQ(out.substr(0, 2), "\x88\x85");
  EXPECT_EQ(unmask(std::string_view{out}.substr(6), mask),
            "\x03\xe8"
            "bye");
}

TEST(ws_frame, closes_without_a_code) {
  std::string out;
  append_close(out, ws_close_no_code, {}, mask);
  EXPECT_EQ(out, "\x88\x80\x37\xfa\x21\x3d");
}

TEST(ws_frame, knows_which_close_codes_travel) {
  std::set<unsigned> allowed;
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    if (close_code_allowed(static_cast<std::uint16_t>(code))) allowed.insert(code);
  }
  std::set<unsigned> expected{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014};
  for (unsigned code = 3000; code < 5000; ++code) expected.insert(code);
  EXPECT_EQ(allowed, expected);
}

TEST(ws_frame, names_close_codes) {
  EXPECT_EQ(close_code_words(1000), "normal closure");
  EXPECT_EQ(close_code_words(1005), "no code given");
  EXPECT_EQ(close_code_words(1009), "message too big");
  EXPECT_EQ(close_code_words(2999), "reserved code");
  EXPECT_EQ(close_code_words(3000), "code of a library or framework");
  EXPECT_EQ(close_code_words(4000), "private code");
}

}  // namespace
}  // namespace roombridge::upstream
