// SPDX-License-Identifier: MIT
#include <roombridge/proto/frame.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bytes.hpp"

namespace roombridge::proto::test {
namespace {

using testing::IsEmpty;

TEST(frame, header_is_little_endian) {
  const header value{0x01020304, frame_type::event, 0x0f, 0x0506};
  EXPECT_EQ(to_hex(text_of(encode_header(value))), "04030201420f0605");
  EXPECT_EQ(decode_header(encode_header(value)), value);
}

TEST(frame, header_errors_come_in_the_documented_order) {
  EXPECT_EQ(check_header({10, frame_type::ping, 0x0f, 10}, 10), error_code::none);
  EXPECT_EQ(check_header({11, frame_type::ping, 0xf0, 12}, 10), error_code::frame_too_large);
  EXPECT_EQ(check_header({10, frame_type::ping, 0xf0, 11}, 10), error_code::bad_frame);
  EXPECT_EQ(check_header({10, frame_type::ping, 0x10, 10}, 10), error_code::unknown_critical_flag);
}

TEST(frame, append_refuses_what_passes_a_limit_and_leaves_the_target_alone) {
  const std::string large(max_body, 'x');
  std::string out = "before";
  EXPECT_FALSE(append_frame(out, frame_type::emit, std::string_view{large}.substr(0, max_head + 1)));
  EXPECT_FALSE(append_frame(out, frame_type::emit, "{}", bytes_of(large).first(max_body - 1)));
  EXPECT_EQ(out, "before");
  EXPECT_TRUE(append_frame(out, frame_type::emit, "{}", bytes_of(large).first(max_body - 2)));
  EXPECT_TRUE(append_frame(out, frame_type::emit, std::string_view{large}.substr(0, max_head)));
}

std::string three_frames() {
  std::string out;
  EXPECT_TRUE(append_frame(out, frame_type::ping, R"({"id":1})"));
  EXPECT_TRUE(append_frame(out, frame_type::hello, ""));
  EXPECT_TRUE(append_frame(out, frame_type::emit, R"({"id":2,"event":"x"})", bytes_of("[1,2]")));
  return out;
}

TEST(frame_decoder, finds_the_same_frames_at_every_pair_of_cuts) {
  const std::string stream = three_frames();
  const std::string_view view = stream;
  const decoded whole = decode({view});
  ASSERT_EQ(whole.frames.size(), 3u);
  EXPECT_EQ(whole.frames[2].payload, "[1,2]");
  for (std::size_t first = 0; first <= view.size(); ++first) {
    for (std::size_t second = first; second <= view.size(); ++second) {
      ASSERT_EQ(decode({view.substr(0, first), view.substr(first, second - first), view.substr(second)}), whole)
          << "cuts at " << first << " and " << second;
    }
  }
}

TEST(frame_decoder, goes_on_with_what_was_kept_though_its_source_is_gone) {
  const std::string stream = three_frames() + three_frames();
  const decoded whole = decode({stream});
  for (std::size_t size = 0; size <= stream.size(); ++size) {
    for (std::size_t at_once = 1; at_once <= 3; ++at_once) {
      frame_decoder decoder;
      std::vector<frame_type> found;
      for (const std::string_view part :
           {std::string_view{stream}.substr(0, size), std::string_view{stream}.substr(size)}) {
        std::string source{part};
        decoder.feed(bytes_of(source));
        do {
          for (std::size_t i = 0; i < at_once; ++i) {
            if (const auto next = decoder.next()) found.push_back(next->type);
          }
          decoder.keep_rest();
          source.assign(source.size(), '?');
        } while (decoder.has_rest());
      }
      ASSERT_EQ(found.size(), whole.frames.size()) << size << " bytes first, " << at_once << " frames at once";
    }
  }
}

TEST(frame_decoder, holds_what_was_kept_until_it_has_been_looked_at) {
  const std::string stream = three_frames();
  frame_decoder decoder;
  decoder.feed(bytes_of(stream));
  EXPECT_TRUE(decoder.next());
  decoder.keep_rest();
  EXPECT_GT(decoder.capacity(), 0u);
  while (decoder.next()) {
  }
  EXPECT_FALSE(decoder.has_rest());
  decoder.keep_rest();
  EXPECT_EQ(decoder.capacity(), 0u);
}

TEST(frame_decoder, says_how_much_a_frame_that_has_begun_lacks) {
  const std::string stream = three_frames();
  frame_decoder decoder;
  EXPECT_EQ(decoder.missing(), 0u);
  decoder.feed(bytes_of(stream).first(10));
  EXPECT_FALSE(decoder.next());
  EXPECT_EQ(decoder.missing(), 6u);
  decoder.feed(bytes_of(stream).subspan(10, 6));
  EXPECT_TRUE(decoder.next());
  EXPECT_EQ(decoder.missing(), 0u);
  decoder.feed(bytes_of(stream).subspan(16, 3));
  EXPECT_FALSE(decoder.next());
  EXPECT_EQ(decoder.missing(), 0u) << "its header has not come whole";
}

TEST(frame_decoder, finds_nothing_in_a_beginning) {
  const std::string stream = three_frames();
  const std::size_t first_frame = header_size + 8;
  for (std::size_t size = 0; size < first_frame; ++size) {
    EXPECT_THAT(decode({std::string_view{stream}.substr(0, size)}).frames, IsEmpty()) << size;
  }
}

TEST(frame_decoder, does_not_copy_a_frame_that_lies_whole_in_the_input) {
  const std::string stream = three_frames();
  frame_decoder decoder;
  decoder.feed(bytes_of(stream));
  const auto found = decoder.next();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->head.data(), stream.data() + header_size);
  EXPECT_EQ(decoder.capacity(), 0u);
}

TEST(frame_decoder, allocates_nothing_for_what_a_header_announces) {
  const auto bytes = encode_header({max_body, frame_type::emit, 0, 0});
  frame_decoder decoder;
  decoder.feed(bytes);
  EXPECT_FALSE(decoder.next());
  EXPECT_EQ(decoder.error(), error_code::none);
  EXPECT_LE(decoder.capacity(), 64u);
}

TEST(frame_decoder, holds_never_more_than_one_frame_and_gives_a_large_buffer_back) {
  std::string stream;
  ASSERT_TRUE(append_frame(stream, frame_type::emit, "{}", bytes_of(std::string(max_body - 2, 'x'))));
  const auto bytes = bytes_of(stream);
  frame_decoder decoder;
  std::size_t largest = 0;
  bool found = false;
  for (std::size_t at = 0; at < bytes.size(); at += 4096) {
    decoder.feed(bytes.subspan(at, std::min<std::size_t>(4096, bytes.size() - at)));
    while (decoder.next()) found = true;
    largest = std::max(largest, decoder.capacity());
  }
  EXPECT_TRUE(found);
  EXPECT_LE(largest, header_size + max_body);
  EXPECT_EQ(decoder.capacity(), 0u);
}

TEST(frame_decoder, judges_a_frame_by_the_limit_that_holds_when_it_is_looked_at) {
  std::string stream;
  ASSERT_TRUE(append_frame(stream, frame_type::hello, "{}"));
  ASSERT_TRUE(append_frame(stream, frame_type::emit, "{}", bytes_of(std::string(5000, 'x'))));
  frame_decoder decoder{max_body_before_hello};
  decoder.feed(bytes_of(stream));
  ASSERT_TRUE(decoder.next());
  decoder.set_body_limit(max_body);
  EXPECT_TRUE(decoder.next());
  EXPECT_EQ(decode({stream}, max_body_before_hello).error, error_code::frame_too_large);
}

TEST(frame_decoder, stays_in_its_error) {
  std::string stream = text_of(encode_header({1, frame_type::ping, 0, 2}));
  stream += three_frames();
  frame_decoder decoder;
  decoder.feed(bytes_of(stream));
  EXPECT_FALSE(decoder.next());
  EXPECT_FALSE(decoder.next());
  EXPECT_EQ(decoder.error(), error_code::bad_frame);
  EXPECT_EQ(decoder.bad_header().head_length, 2);
}

}  // namespace
}  // namespace roombridge::proto::test
