// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/base64.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

std::string encoded(std::string_view bytes) {
  std::string out = "before ";
  append_base64(out, bytes);
  EXPECT_EQ(out.size(), 7 + base64_size(bytes.size()));
  return out.substr(7);
}

// RFC 4648 section 10.
TEST(base64, has_the_examples_of_the_rfc) {
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(base64, reads_back_whatever_was_written) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(decode_base64(encoded(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(base64, refuses_what_is_none) {
  for (const std::string_view text :
       {"A", "AA", "AAA", "AAAAA", "====", "A===", "AA=A", "AAA=AAAA", " AAA", "AAA ", "AA\nA", "AA-A", "AA_A",
        "AA\xff"
        "A"}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
}

}  // namespace
}  // namespace roombridge::upstream
