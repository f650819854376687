// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/polling_payload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace roombridge::upstream::polling_payload {
namespace {

using testing::ElementsAre;

std::vector<std::string> packets_of(std::string_view payload) {
  std::vector<std::string> out;
  while (!payload.empty()) out.emplace_back(take_packet(payload));
  return out;
}

// The protocol's document has this one.
TEST(polling_payload, joins_packets_and_takes_them_apart) {
  std::string out;
  append_text(out, "4hello");
  append_text(out, "2");
  append_binary(out, "\x01\x02\x03\x04");
  EXPECT_EQ(out,
            "4hello\x1e"
            "2\x1e"
            "bAQIDBA==");
  EXPECT_THAT(packets_of(out), ElementsAre("4hello", "2", "bAQIDBA=="));
  EXPECT_FALSE(is_binary("4b"));
  EXPECT_TRUE(is_binary("bAQIDBA=="));
  EXPECT_EQ(decode_binary("bAQIDBA=="), "\x01\x02\x03\x04");
  EXPECT_EQ(decode_binary("b"), "");
  EXPECT_FALSE(decode_binary("bAQ"));
  EXPECT_EQ(binary_size(4), 9u);
}

TEST(polling_payload, takes_empty_packets_as_such) {
  EXPECT_THAT(packets_of(""), ElementsAre());
  EXPECT_THAT(packets_of("\x1e"
                         "4a"),
              ElementsAre("", "4a"));
  EXPECT_THAT(packets_of("4a\x1e\x1e"
                         "4b"),
              ElementsAre("4a", "", "4b"));
  EXPECT_THAT(packets_of("4a\x1e"), ElementsAre("4a"));
}

TEST(polling_payload, is_taken_in_pieces_that_split_no_packet) {
  for (const std::string_view all : {"4a\x1e\x1e\x1e"
                                     "4bcdefgh\x1e"
                                     "2",
                                     "\x1e"
                                     "4a\x1e",
                                     "4a", "\x1e\x1e"}) {
    for (std::size_t limit = 1; limit <= all.size() + 1; ++limit) {
      std::string_view rest = all;
      std::vector<std::string> seen;
      while (!rest.empty()) {
        const std::string_view piece = take_piece(rest, limit);
        ASSERT_FALSE(piece.empty()) << all << " by " << limit;
        const auto some = packets_of(piece);
        EXPECT_TRUE(piece.size() <= limit || some.size() == 1) << all << " by " << limit;
        seen.insert(seen.end(), some.begin(), some.end());
      }
      EXPECT_EQ(seen, packets_of(all)) << limit;
    }
  }
}

TEST(polling_payload, fits_whole_packets_into_any_limit) {
  const std::vector<std::string> packets{"4a", "4bcdefgh", "2", "4ijk"};
  std::string all;
  for (const auto& one : packets) append_text(all, one);
  for (std::size_t limit = 0; limit <= all.size() + 1; ++limit) {
    std::string_view rest = all;
    std::vector<std::string> seen;
    while (!rest.empty()) {
      const std::string_view first = first_packets(rest, limit);
      const auto some = packets_of(first);
      EXPECT_TRUE(first.size() <= limit || some.size() == 1) << limit << ": " << first;
      // None of them would have fitted in, too.
      if (first.size() < rest.size()) {
        const auto next = rest.find(separator, first.size() + 1);
        EXPECT_GT(next == std::string_view::npos ? rest.size() : next, limit);
      }
      seen.insert(seen.end(), some.begin(), some.end());
      rest.remove_prefix(std::min(first.size() + 1, rest.size()));
    }
    EXPECT_EQ(seen, packets) << limit;
  }
}

TEST(polling_payload, puts_at_most_16_packets_into_one_request_in_their_order) {
  for (std::size_t count = 1; count <= 50; ++count) {
    std::string all;
    std::vector<std::string> packets;
    for (std::size_t n = 0; n < count; ++n) append_text(all, packets.emplace_back("4" + std::to_string(n)));
    std::vector<std::string> seen;
    for (std::string_view rest = all; !rest.empty();) {
      const std::string_view first = first_packets(rest, all.size());
      const auto some = packets_of(first);
      EXPECT_EQ(some.size(), std::min<std::size_t>(16, count - seen.size())) << count;
      seen.insert(seen.end(), some.begin(), some.end());
      rest.remove_prefix(std::min(first.size() + 1, rest.size()));
    }
    EXPECT_EQ(seen, packets) << count;
  }
}

}  // namespace
}  // namespace roombridge::upstream::polling_payload
