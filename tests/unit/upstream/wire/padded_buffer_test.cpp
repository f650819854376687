// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/padded_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace roombridge::upstream {
namespace {

TEST(padded_buffer, keeps_what_was_appended) {
  padded_buffer buffer;
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string piece(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
    buffer.append(piece);
    expected += piece;
    ASSERT_EQ(buffer.view(), expected);
  }
}

TEST(padded_buffer, has_readable_bytes_behind_its_content) {
  padded_buffer buffer;
  for (const std::size_t size : {0u, 1u, 63u, 64u, 1000u}) {
    buffer.append(std::string(size, 'x'));
    const char* behind = buffer.view().data() + buffer.view().size();
    EXPECT_TRUE(std::all_of(behind, behind + read_padding, [](char c) { return c == 0; })) << size;
  }
}

TEST(padded_buffer, has_them_behind_an_empty_content) {
  for (const std::size_t keep : {std::size_t{0}, std::size_t{100}}) {
    padded_buffer buffer;
    EXPECT_NE(buffer.view().data(), nullptr);
    buffer.append("text");
    buffer.clear(keep);
    EXPECT_TRUE(buffer.empty());
    ASSERT_NE(buffer.view().data(), nullptr);
    EXPECT_EQ(std::string_view(buffer.view().data(), read_padding).size(), read_padding);
  }
}

TEST(padded_buffer, gives_large_memory_back_and_keeps_small) {
  padded_buffer buffer;
  buffer.append(std::string(100, 'x'));
  const char* small = buffer.view().data();
  buffer.clear(100);
  EXPECT_EQ(buffer.view().data(), small);
  buffer.append(std::string(101, 'x'));
  const char* large = buffer.view().data();
  buffer.clear(100);
  EXPECT_NE(buffer.view().data(), large);
}

}  // namespace
}  // namespace roombridge::upstream
