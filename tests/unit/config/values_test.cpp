// SPDX-License-Identifier: MIT
#include "daemon/config/values.hpp"

#include <gtest/gtest.h>

namespace roombridge::config {
namespace {

using namespace std::chrono_literals;

template <typename T>
std::string wrong(const parsed<T>& result) {
  const problem* found = std::get_if<problem>(&result);
  return found == nullptr ? "(taken)" : found->text;
}

TEST(config_values, durations) {
  const duration rule{10ms, 2h};
  EXPECT_EQ(std::get<milliseconds>(rule("250ms")), 250ms);
  EXPECT_EQ(std::get<milliseconds>(rule("1s")), 1s);
  EXPECT_EQ(std::get<milliseconds>(rule("5min")), 5min);
  EXPECT_EQ(std::get<milliseconds>(rule("2h")), 2h);
  EXPECT_EQ(std::get<milliseconds>(rule("10ms")), 10ms);
  for (const char* text : {"", "soon", "-1s", "+1s", ".5s", " 1s"})
    EXPECT_EQ(wrong(rule(text)), "not a duration, such as 250ms, 1s, 5min or 2h") << text;
  EXPECT_EQ(wrong(rule("20")), "a duration needs its unit: ms, s, min or h");
  for (const char* text : {"1 s", "1m", "1S", "1.5s", "1s ", "1sec", "1min30s"})
    EXPECT_EQ(wrong(rule(text)), "not a duration: a whole number and ms, s, min or h, without blanks") << text;
  for (const char* text :
       {"9ms", "0s", "7200001ms", "3h", "18446744073709551615h", "99999999999999999999ms", "5124095576031h"})
    EXPECT_EQ(wrong(rule(text)), "out of range: 10ms to 2h") << text;
}

TEST(config_values, durations_that_may_be_never) {
  const duration_or_never rule{{100ms, 24h}};
  EXPECT_EQ(std::get<milliseconds>(rule("0s")), 0ms);
  EXPECT_EQ(std::get<milliseconds>(rule("0ms")), 0ms);
  EXPECT_EQ(std::get<milliseconds>(rule("1s")), 1s);
  EXPECT_EQ(wrong(rule("99ms")), "out of range: 100ms to 24h, or 0s for never");
  EXPECT_EQ(wrong(rule("0")), "a duration needs its unit: ms, s, min or h");
}

TEST(config_values, sizes) {
  const byte_size rule{64u << 10, 1u << 30};
  EXPECT_EQ(std::get<std::size_t>(rule("64KiB")), 65'536u);
  EXPECT_EQ(std::get<std::size_t>(rule("65536")), 65'536u);
  EXPECT_EQ(std::get<std::size_t>(rule("16MiB")), 16u << 20);
  EXPECT_EQ(std::get<std::size_t>(rule("1GiB")), 1u << 30);
  for (const char* text : {"", "big", "16MB", "16M", "16 MiB", "1.5MiB", "-1", "0x10000"})
    EXPECT_EQ(wrong(rule(text)), "not a size: a whole number and KiB, MiB or GiB, or bytes without a unit") << text;
  for (const char* text : {"0", "65535", "2GiB", "18446744073709551615", "99999999999999999999GiB", "17179869184GiB"})
    EXPECT_EQ(wrong(rule(text)), "out of range: 64KiB to 1GiB") << text;
}

TEST(config_values, counts) {
  const count rule{1, 4096};
  EXPECT_EQ(std::get<std::size_t>(rule("1")), 1u);
  EXPECT_EQ(std::get<std::size_t>(rule("4096")), 4096u);
  for (const char* text : {"", "many", "1.0", "1k", "-1"}) EXPECT_EQ(wrong(rule(text)), "not a whole number") << text;
  for (const char* text : {"0", "4097", "99999999999999999999"})
    EXPECT_EQ(wrong(rule(text)), "out of range: 1 to 4096") << text;
}

TEST(config_values, booleans) {
  EXPECT_TRUE(std::get<bool>(boolean("true")));
  EXPECT_FALSE(std::get<bool>(boolean("false")));
  for (const char* text : {"", "yes", "no", "on", "True", "1"})
    EXPECT_EQ(wrong(boolean(text)), "expected true or false") << text;
}

TEST(config_values, file_modes) {
  EXPECT_EQ(std::get<mode_t>(file_mode("0660")), mode_t{0660});
  EXPECT_EQ(std::get<mode_t>(file_mode("0000")), mode_t{0});
  const std::string none = "not a file mode: a 0 and three octal digits, such as \"0660\"";
  for (const char* text : {"", "0888", "rw-rw----", "4755", "1777", "00660", "0x1b0", "99999999999999999999"})
    EXPECT_EQ(wrong(file_mode(text)), none) << text;
}

TEST(config_values, a_file_mode_without_its_0_is_refused_with_what_may_have_been_meant) {
  const auto meant = [](std::string_view text) {
    const std::string said = wrong(file_mode(text));
    return said.substr(said.find("did you mean"));
  };
  EXPECT_EQ(meant("432"), R"(did you mean "0660", which is 432 in decimal, or "0432"?)");
  EXPECT_EQ(meant("384"), R"(did you mean "0600", which is 384 in decimal?)");
  EXPECT_EQ(meant("660"), R"(did you mean "0660"?)");
  EXPECT_EQ(meant("0o660"), R"(did you mean "0660"?)");
}

TEST(config_values, choices) {
  const choice<int> rule{{{"deliver", 1}, {"drop", 2}}};
  EXPECT_EQ(std::get<int>(rule("drop")), 2);
  EXPECT_EQ(wrong(rule("Drop")), "expected one of: deliver, drop");
  EXPECT_EQ(wrong(rule("")), "expected one of: deliver, drop");
}

}  // namespace
}  // namespace roombridge::config
