// SPDX-License-Identifier: MIT
#include "daemon/log/segment_ring.hpp"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace roombridge::log {
namespace {

void put(segment_ring& ring, std::string_view frame, std::string_view name,
         const std::vector<matched_text>& topics = {}) {
  const auto room = ring.append(frame.size(), {.name = name, .topics = topics});
  std::memcpy(room.data(), frame.data(), frame.size());
}

std::vector<std::string> all_of(const packed_texts& texts) {
  std::vector<std::string> out;
  EXPECT_FALSE(texts.any_of([&out](std::string_view text) {
    out.emplace_back(text);
    return false;
  }));
  return out;
}

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(segment_ring, gives_back_what_was_put) {
  segment_ring ring{512, 2};
  position at = ring.head();
  const std::string long_text(300, 'x');
  put(ring, "first", "n", {"t1", ""});
  put(ring, "second", "", {});
  const record first = ring.read(at);
  EXPECT_EQ(first.seq, 1u);
  EXPECT_EQ(text(first.frame), "first");
  EXPECT_EQ(first.name, "n");
  EXPECT_EQ(first.topics.size(), 2u);
  EXPECT_EQ(all_of(first.topics), (std::vector<std::string>{"t1", ""}));
  segment_ring::step(at, first);
  EXPECT_EQ(text(ring.read(at).frame), "second");
  EXPECT_EQ(ring.read(at).name, "");
}

TEST(segment_ring, keeps_all_of_an_entry) {
  segment_ring ring{512, 2};
  position at = ring.head();
  const std::vector<matched_text> topics{"shop-7"};
  const std::vector<matched_text> fields{"shopId=7", "status=confirmed"};
  (void)ring.append(3, {.kind = record_kind::oversize,
                        .name = "n",
                        .topics = topics,
                        .fields = fields,
                        .unexpected = true,
                        .received = 1'764'000'000'000'000'001});
  const record only = ring.read(at);
  EXPECT_EQ(only.kind, record_kind::oversize);
  EXPECT_EQ(all_of(only.topics), (std::vector<std::string>{"shop-7"}));
  EXPECT_EQ(all_of(only.fields), (std::vector<std::string>{"shopId=7", "status=confirmed"}));
  EXPECT_TRUE(only.unexpected);
  EXPECT_EQ(only.received, 1'764'000'000'000'000'001);
}

TEST(segment_ring, keeps_of_names_what_a_pattern_can_see) {
  segment_ring ring{2048, 2};
  position at = ring.head();
  const std::string name(300, 'n');
  const std::string topic(257, 't');
  put(ring, "f", name, {topic});
  EXPECT_EQ(ring.read(at).name, name.substr(0, 257));
  EXPECT_TRUE(ring.read(at).topics.any_of([&topic](std::string_view text) { return text == topic; }));
}

TEST(segment_ring, fills_a_segment_to_the_last_byte) {
  segment_ring ring{256, 2};
  const std::size_t entry = segment_ring::entry_size({.name = "n"});
  EXPECT_TRUE(ring.fits(256 - entry, entry));
  EXPECT_FALSE(ring.fits(256 - entry + 1, entry));
  position at = ring.head();
  const std::string frame(256 - entry, 'f');
  put(ring, frame, "n");
  EXPECT_FALSE(ring.fits(1, 0));
  EXPECT_EQ(text(ring.read(at).frame), frame);
}

TEST(segment_ring, reuses_the_oldest_segment) {
  segment_ring ring{64, 3};
  EXPECT_EQ(ring.expiring(), std::nullopt);
  put(ring, "1", "");
  ring.advance();
  put(ring, "2", "");
  ring.advance();
  position at{.segment = 1, .seq = 2};
  put(ring, "3", "");
  EXPECT_EQ(ring.expiring(), 0u);
  EXPECT_EQ(ring.bytes(), 3u);
  EXPECT_EQ(ring.first(), 1u);
  ring.advance();
  EXPECT_EQ(ring.first(), 2u);
  EXPECT_EQ(ring.bytes(), 2u);
  put(ring, "4", "");
  std::string seen;
  while (at.seq < ring.head().seq) {
    const record current = ring.read(at);
    seen += text(current.frame);
    segment_ring::step(at, current);
  }
  EXPECT_EQ(seen, "234");
}

}  // namespace
}  // namespace roombridge::log
