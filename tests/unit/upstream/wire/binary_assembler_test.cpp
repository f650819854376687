// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/binary_assembler.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace roombridge::upstream::socketio {
namespace {

constexpr std::size_t limit = 1000;

std::vector<std::string> texts(const binary_assembler& assembler) {
  std::vector<std::string> all;
  for (const auto bytes : assembler.attachments()) {
    all.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return all;
}

packet two_attachments() {
  return *decode(R"(52-/admin,7["e",{"_placeholder":true,"num":0}])");
}

TEST(binary_assembler, collects_the_attachments_in_order) {
  binary_assembler assembler{limit};
  {
    // The text may go as soon as begin() has returned.
    const std::string text = R"(52-/admin,7["e",{"_placeholder":true,"num":0}])";
    EXPECT_EQ(assembler.begin(*decode(text)), std::nullopt);
  }
  EXPECT_TRUE(assembler.waiting());
  EXPECT_EQ(assembler.add("first"), std::nullopt);
  EXPECT_TRUE(assembler.waiting());
  EXPECT_FALSE(assembler.complete());
  EXPECT_EQ(assembler.add(std::string_view{"\0two", 4}), std::nullopt);
  EXPECT_FALSE(assembler.waiting());
  ASSERT_TRUE(assembler.complete());

  const packet whole = assembler.assembled();
  EXPECT_EQ(whole.type, packet_type::binary_event);
  EXPECT_EQ(whole.nsp, "/admin");
  EXPECT_EQ(whole.id, 7u);
  EXPECT_EQ(whole.attachments, 2u);
  EXPECT_EQ(whole.data, R"(["e",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(texts(assembler), (std::vector<std::string>{"first", std::string("\0two", 4)}));
}

TEST(binary_assembler, takes_empty_attachments) {
  binary_assembler assembler{limit};
  EXPECT_EQ(assembler.begin(two_attachments()), std::nullopt);
  EXPECT_EQ(assembler.add(""), std::nullopt);
  EXPECT_EQ(assembler.add(""), std::nullopt);
  ASSERT_TRUE(assembler.complete());
  EXPECT_EQ(texts(assembler), (std::vector<std::string>{"", ""}));
}

TEST(binary_assembler, has_readable_bytes_behind_the_last_attachment) {
  binary_assembler assembler{limit};
  EXPECT_EQ(assembler.begin(two_attachments()), std::nullopt);
  EXPECT_EQ(assembler.add("a"), std::nullopt);
  EXPECT_EQ(assembler.add("b"), std::nullopt);
  const auto last = assembler.attachments().back();
  const auto* behind = reinterpret_cast<const char*>(last.data()) + last.size();
  EXPECT_EQ(std::string(behind, read_padding), std::string(read_padding, '\0'));
}

TEST(binary_assembler, refuses_a_binary_message_that_nothing_announced) {
  binary_assembler assembler{limit};
  EXPECT_EQ(assembler.add("x"), error::unexpected_binary);
  EXPECT_EQ(assembler.begin(*decode("51-[\"e\"]")), std::nullopt);
  EXPECT_EQ(assembler.add("x"), std::nullopt);
  EXPECT_EQ(assembler.add("y"), error::unexpected_binary);
  EXPECT_FALSE(assembler.complete());
}

TEST(binary_assembler, refuses_a_packet_while_it_waits) {
  binary_assembler assembler{limit};
  EXPECT_EQ(assembler.begin(two_attachments()), std::nullopt);
  EXPECT_EQ(assembler.begin(two_attachments()), error::attachments_missing);
  EXPECT_FALSE(assembler.waiting());
  EXPECT_EQ(assembler.begin(two_attachments()), std::nullopt);
}

TEST(binary_assembler, holds_no_more_than_its_limit) {
  const packet head = *decode("52-[\"e\"]");
  binary_assembler assembler{limit};
  EXPECT_EQ(assembler.begin(head), std::nullopt);
  EXPECT_EQ(assembler.add(std::string(limit - head.data.size(), 'x')), std::nullopt);
  EXPECT_EQ(assembler.add("x"), error::packet_too_large);
  EXPECT_FALSE(assembler.waiting());

  binary_assembler small{head.data.size() - 1};
  EXPECT_EQ(small.begin(head), error::packet_too_large);
  EXPECT_FALSE(small.waiting());
}

TEST(binary_assembler, starts_afresh_after_each_packet) {
  binary_assembler assembler{limit};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(assembler.begin(*decode("51-[\"e\"]")), std::nullopt);
    EXPECT_FALSE(assembler.complete());
    EXPECT_EQ(assembler.add(std::to_string(i)), std::nullopt);
    EXPECT_EQ(texts(assembler), std::vector{std::to_string(i)});
    if (i == 1) assembler.clear();
  }
}

}  // namespace
}  // namespace roombridge::upstream::socketio
