// SPDX-License-Identifier: MIT
#include <roombridge/proto/error.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace roombridge::proto::test {
namespace {

// PROTOCOL.md's table of error codes is the truth: `| 100 | bad_frame | … |`.
TEST(error_code, is_the_table_of_the_document) {
  std::ifstream file{ROOMBRIDGE_PROTO_DIR "/PROTOCOL.md"};
  ASSERT_TRUE(file);
  std::set<std::string> seen;
  for (std::string line; std::getline(file, line);) {
    std::istringstream cells{line};
    std::string bar, name;
    int code = 0;
    if (!(cells >> bar >> code >> bar >> name) || bar != "|" || code < 100) continue;  // another table
    EXPECT_EQ(to_string(static_cast<error_code>(code)), name);
    EXPECT_EQ(error_code_of(name), static_cast<error_code>(code));
    EXPECT_EQ(is_fatal(static_cast<error_code>(code)), code < 200) << name;
    const std::set<int> retried{107, 203, 210, 214, 216, 218, 300, 301, 302, 303, 304};
    EXPECT_EQ(may_retry(static_cast<error_code>(code)), retried.contains(code)) << name;
    seen.insert(name);
  }
  EXPECT_EQ(seen.size(), 34u);
}

TEST(error_code, that_is_not_in_the_table_has_no_name) {
  EXPECT_EQ(to_string(static_cast<error_code>(999)), "unknown");
  EXPECT_EQ(error_code_of("too_lazy"), error_code::none);
}

}  // namespace
}  // namespace roombridge::proto::test
