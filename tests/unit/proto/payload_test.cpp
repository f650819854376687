// SPDX-License-Identifier: MIT
#include <roombridge/proto/payload.hpp>

#include <gtest/gtest.h>

#include "bytes.hpp"

namespace roombridge::proto::test {
namespace {

using sizes = std::vector<std::uint32_t>;

TEST(split_payload, without_attachments_is_all_arguments) {
  const auto parts = split_payload(bytes_of("[1]"), {});
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->arguments(), "[1]");
  EXPECT_TRUE(parts->attachments().empty());
}

TEST(split_payload, takes_the_attachments_from_the_end_in_their_order) {
  const auto parts = split_payload(bytes_of("[{}]abcde"), sizes{2, 0, 3});
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->arguments(), "[{}]");
  ASSERT_EQ(parts->attachments().size(), 3u);
  EXPECT_EQ(text_of(parts->attachments()[0]), "ab");
  EXPECT_EQ(text_of(parts->attachments()[1]), "");
  EXPECT_EQ(text_of(parts->attachments()[2]), "cde");
}

TEST(split_payload, refuses_what_does_not_fit) {
  EXPECT_TRUE(split_payload(bytes_of("abc"), sizes{3}));
  EXPECT_FALSE(split_payload(bytes_of("abc"), sizes{4}));
  EXPECT_FALSE(split_payload(bytes_of("abc"), sizes{0xffffffff, 4}));
  EXPECT_TRUE(split_payload(bytes_of("abc"), sizes(16, 0)));
  EXPECT_FALSE(split_payload(bytes_of("abc"), sizes(17, 0)));
}

}  // namespace
}  // namespace roombridge::proto::test
