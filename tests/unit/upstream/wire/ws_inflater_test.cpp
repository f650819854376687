// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/ws_inflater.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstddef>
#include <random>
#include <string>

namespace roombridge::upstream {
namespace {

using namespace std::string_literals;

constexpr std::size_t limit = 1 << 20;

// The sender's half (RFC 7692 section 7.2.1), on zlib itself.
class deflater {
 public:
  explicit deflater(bool keeps_window) : keeps_window_(keeps_window) {
    deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  }
  ~deflater() { deflateEnd(&stream_); }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;

  std::string message(std::string text, int flush = Z_SYNC_FLUSH) {
    std::string out(text.size() + 1024, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(text.data());
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream_, flush);
    out.resize(out.size() - stream_.avail_out);
    out.resize(flush == Z_SYNC_FLUSH ? out.size() - 4
                                     : out.size() + 1);  // section 7.2.3.4 wants a zero behind the last
    if (!keeps_window_ || flush == Z_FINISH) deflateReset(&stream_);
    return out;
  }

 private:
  bool keeps_window_;
  z_stream stream_{};
};

// What the next message inflates to, or the error in words.
std::string inflated(ws_inflater& inflater, std::string_view payload) {
  const ws_error failed = inflater.inflate(payload);
  return failed == ws_error::none ? std::string(inflater.view()) : std::string(to_string(failed));
}

TEST(ws_inflater, inflates_the_examples_of_rfc_7692_section_7_2_3) {
  ws_inflater shared({}, limit);
  EXPECT_EQ(inflated(shared, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
  EXPECT_EQ(inflated(shared, "\xf2\x00\x11\x00\x00"s), "Hello") << "with the window of the message before";
  ws_inflater stored({}, limit);
  EXPECT_EQ(inflated(stored, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s), "Hello");
  ws_inflater ended({}, limit);
  EXPECT_EQ(inflated(ended, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), "Hello") << "a block that is marked as the last";
  EXPECT_EQ(inflated(ended, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), "Hello") << "and another such message";
  ws_inflater two({}, limit);
  EXPECT_EQ(inflated(two, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s), "Hello") << "two blocks";
}

TEST(ws_inflater, without_context_takeover_each_message_stands_alone) {
  ws_inflater inflater({.server_no_context_takeover = true}, limit);
  EXPECT_EQ(inflated(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
  EXPECT_EQ(inflated(inflater, "\xf2\x00\x11\x00\x00"s), to_string(ws_error::deflate_data));
}

TEST(ws_inflater, an_empty_message_is_empty) {
  ws_inflater inflater({}, limit);
  EXPECT_EQ(inflated(inflater, "\x00"s), "");
}

TEST(ws_inflater, gives_back_what_was_deflated) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (const bool keeps_window : {true, false}) {
    deflater sender(keeps_window);
    ws_inflater inflater({.server_no_context_takeover = !keeps_window}, limit);
    for (int round = 0; round < 300; ++round) {
      std::string text(random() % 50'000, 'e');
      const auto letters = 1 + random() % 255;
      for (char& c : text) c = static_cast<char>(random() % letters);
      const int flush = random() % 8 == 0 ? Z_FINISH : Z_SYNC_FLUSH;
      ASSERT_EQ(inflated(inflater, sender.message(text, flush)), text) << round;
    }
  }
}

TEST(ws_inflater, stops_at_the_limit) {
  deflater sender(true);
  ws_inflater exactly({}, 100'000);
  EXPECT_EQ(inflated(exactly, sender.message(std::string(100'000, 'x'))), std::string(100'000, 'x'));
  deflater bomber(true);
  const std::string bomb = bomber.message(std::string(64 << 20, 'x'));
  EXPECT_LT(bomb.size(), 100'000u);
  ws_inflater bounded({}, 100'000);
  EXPECT_EQ(bounded.inflate(bomb), ws_error::message_too_big);
  EXPECT_LE(bounded.view().size(), 100'000u);
}

// What would be made of it is noise, and so would be what follows.
TEST(ws_inflater, names_a_message_that_ends_inside_a_block) {
  deflater sender(true);
  const std::string whole = sender.message("Hello, hello, hello: 예약이 확정되었습니다!");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    ws_inflater inflater({}, limit);
    EXPECT_EQ(inflater.inflate(std::string_view(whole).substr(0, size)), ws_error::deflate_data) << size;
  }
}

TEST(ws_inflater, takes_a_last_block_without_the_zero_behind_it) {
  ws_inflater inflater({}, limit);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(inflated(inflater, "\xf3\x48\xcd\xc9\xc9\x07\x00"s), "Hello") << i;
  EXPECT_EQ(inflated(inflater, ""), "");
  EXPECT_EQ(inflated(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
}

TEST(ws_inflater, names_what_is_no_deflate_data) {
  for (const std::string& payload : {"\xff\xff\xff"s, "Hello"s, "\x01\x05\x00\x00\x00"s}) {
    ws_inflater inflater({}, limit);
    EXPECT_EQ(inflater.inflate(payload), ws_error::deflate_data) << payload;
  }
}

}  // namespace
}  // namespace roombridge::upstream
