// SPDX-License-Identifier: MIT
#include "daemon/log/packed_texts.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/log/patterns.hpp"

namespace roombridge::log {
namespace {

class packed {
 public:
  explicit packed(const std::vector<matched_text>& texts) : bytes_(packed_size(texts)), count_(texts.size()) {
    EXPECT_EQ(put_packed(bytes_.data(), texts), bytes_.data() + bytes_.size());
  }
  [[nodiscard]] packed_texts view() const { return {bytes_.data(), count_}; }

 private:
  std::vector<std::byte> bytes_;
  std::size_t count_;
};

TEST(packed_texts, gives_back_what_was_put) {
  const packed some{{"shop-7", "", "user-1"}};
  std::vector<std::string> all;
  EXPECT_FALSE(some.view().any_of([&all](std::string_view text) {
    all.emplace_back(text);
    return false;
  }));
  EXPECT_EQ(all, (std::vector<std::string>{"shop-7", "", "user-1"}));
  for (const char* text : {"shop-7", "", "user-1"}) EXPECT_TRUE(some.view().contains(text)) << text;
  for (const char* text : {"shop-", "shop-77", "user-7", "x"}) EXPECT_FALSE(some.view().contains(text)) << text;
  EXPECT_FALSE(packed{{}}.view().contains(""));
}

TEST(packed_texts, the_hash_is_asked_first_and_the_text_in_the_end) {
  const matched_text known = "shop-7";
  const packed some{{{"shop-8", known.hash}, {"shop-9", 1}}};
  EXPECT_FALSE(some.view().contains(known)) << "another text of the same hash";
  EXPECT_TRUE(some.view().contains({"shop-8", known.hash}));
  EXPECT_FALSE(some.view().contains({"shop-9", 2}));
}

TEST(matched_text, ends_behind_what_a_pattern_can_see) {
  const std::string text(300, 'x');
  const matched_text cut = text;
  EXPECT_EQ(cut.text, text.substr(0, max_matched_text));
  EXPECT_EQ(cut, matched_text{cut.text});
}

TEST(pattern, matches_a_text_and_any_of_several) {
  const packed some{{"ab", "c"}};
  struct {
    pattern tried;
    bool matches_ab, matches_some;
  } const cases[] = {
      {pattern{"ab"}, true, true},          {pattern{"a"}, false, false},
      {pattern{"c"}, false, true},          {pattern{"a*"}, true, true},
      {pattern{"ab*"}, true, true},         {pattern{"abc*"}, false, false},
      {pattern{"*"}, true, true},           {pattern{"c*"}, false, true},
      {pattern::exactly("ab"), true, true}, {pattern::exactly("a*"), false, false},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(each.tried.matches(matched_text{"ab"}), each.matches_ab) << each.tried.text();
    EXPECT_EQ(each.tried.matches(some.view()), each.matches_some) << each.tried.text();
  }
  EXPECT_TRUE(pattern::exactly("a*").matches(matched_text{"a*"}));
  EXPECT_FALSE(pattern{"*"}.matches(packed{{}}.view()));
}

TEST(pattern_list, knows_whether_everything_is_in_it) {
  EXPECT_TRUE((pattern_list{"a", "*"}).has_everything());
  EXPECT_FALSE((pattern_list{"a", "a*"}).has_everything());
  EXPECT_FALSE(pattern_list{std::vector<pattern>{pattern::exactly("*")}}.has_everything());
  EXPECT_FALSE(pattern_list{}.has_everything());
}

}  // namespace
}  // namespace roombridge::log
