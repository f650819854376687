// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/held_emits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr held_emits::time_point start{};

emit_request request(std::string_view event, std::string_view arguments = "[1]",
                     std::chrono::milliseconds deadline = 10s) {
  return {.event = event, .arguments = arguments, .attachments = {}, .want_ack = true, .deadline = deadline};
}

std::vector<std::string> arguments_of(const std::vector<held_emit>& emits) {
  std::vector<std::string> out;
  for (const held_emit& one : emits) out.push_back(one.arguments);
  return out;
}

class held_emits_test : public testing::Test {
 protected:
  held_emits_test() { held.configure({{"a", 3, 4096, 60s}, {"b", 100, 1u << 20, 60s}}); }
  held_emits held;
};

TEST_F(held_emits_test, only_what_the_config_names) {
  EXPECT_TRUE(held.allows("a"));
  EXPECT_FALSE(held.allows("c"));
  EXPECT_FALSE(held_emits().allows("a"));
}

TEST_F(held_emits_test, come_out_whole_and_in_their_order) {
  const std::array<std::byte, 2> bytes{std::byte{1}, std::byte{2}};
  const std::array<bytes_view, 2> attachments{bytes_view(bytes), bytes_view()};
  const auto first = held.hold(request("a", "[1]"), start);
  const auto second = held.hold({"b", "[2]", attachments, false, 5s}, start);
  const auto third = held.hold(request("a", "[3]"), start);
  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(held.count(), 3u);
  const auto all = held.take_all();
  EXPECT_THAT(arguments_of(all), ElementsAre("[1]", "[2]", "[3]"));
  EXPECT_EQ(all[1].id, *second);
  EXPECT_EQ(all[1].event, "b");
  EXPECT_FALSE(all[1].want_ack);
  EXPECT_THAT(all[1].attachments, ElementsAre(std::vector(bytes.begin(), bytes.end()), std::vector<std::byte>()));
  EXPECT_EQ(all[1].deadline, start + 5s);
  EXPECT_THAT(held.take_all(), IsEmpty());
  EXPECT_FALSE(held.next_deadline());
}

TEST_F(held_emits_test, expire_by_their_deadline_and_by_the_greatest_age) {
  ASSERT_TRUE(held.hold(request("a", "[1]", 5min), start));
  ASSERT_TRUE(held.hold(request("a", "[2]", 5s), start));
  ASSERT_TRUE(held.hold(request("b", "[3]", 10s), start));
  EXPECT_EQ(held.next_deadline(), start + 5s);
  EXPECT_THAT(held.expire(start + 5s - 1ms), IsEmpty());
  EXPECT_THAT(arguments_of(held.expire(start + 10s)), ElementsAre("[2]", "[3]"));
  EXPECT_EQ(held.next_deadline(), start + 60s);
  EXPECT_THAT(arguments_of(held.expire(start + 60s)), ElementsAre("[1]"));
  EXPECT_EQ(held.count(), 0u);
}

TEST_F(held_emits_test, no_more_of_an_event_than_its_count) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(held.hold(request("a"), start));
  EXPECT_FALSE(held.hold(request("a"), start));
  EXPECT_TRUE(held.hold(request("b"), start)) << "another one";
  (void)held.expire(start + 10s);
  EXPECT_TRUE(held.hold(request("a"), start));
}

TEST_F(held_emits_test, no_more_of_an_event_than_its_bytes) {
  const std::string fits(4096 - held_emits::overhead - 1, 'x');
  EXPECT_FALSE(held.hold(request("a", fits + "x"), start));
  EXPECT_TRUE(held.hold(request("a", fits), start));
  EXPECT_FALSE(held.hold(request("a", ""), start));
  const std::vector<std::byte> many(4096);
  const std::array<bytes_view, 1> attachments{bytes_view(many)};
  (void)held.take_all();
  EXPECT_FALSE(held.hold({"a", "[]", attachments, false, 5s}, start)) << "attachments count";
}

TEST_F(held_emits_test, no_more_in_all_than_goes_out_at_once) {
  held.configure({{"a", 10'000, held_emits::limit, 60s}, {"b", 10'000, held_emits::limit, 60s}});
  const std::string half(held_emits::limit / 2, 'x');
  EXPECT_FALSE(held.hold(request("a", half), start)) << "more than one user's share";
  EXPECT_TRUE(held.hold(request("a", std::string_view(half).substr(300)), start));
  EXPECT_FALSE(held.hold(request("b", "1"), start));
  emit_request of_another = request("b", "1");
  of_another.sender = {1001};
  EXPECT_TRUE(held.hold(of_another, start));
}

TEST_F(held_emits_test, a_rules_bounds_are_each_users_own) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(held.hold(request("a"), start));
  emit_request of_another = request("a");
  of_another.sender = {1001};
  EXPECT_TRUE(held.hold(of_another, start));
  EXPECT_FALSE(held.hold(request("a"), start));
}

TEST_F(held_emits_test, stay_when_the_config_changes) {
  ASSERT_TRUE(held.hold(request("a"), start));
  held.configure({});
  EXPECT_FALSE(held.allows("a"));
  EXPECT_EQ(held.take_all().size(), 1u);
}

// Whatever happens, each leaves once, and the accounts come back to nothing.
TEST_F(held_emits_test, random_histories) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::set<std::uint64_t> inside;
  auto now = start;
  const auto leave = [&](const std::vector<held_emit>& gone) {
    for (const held_emit& one : gone) EXPECT_EQ(inside.erase(one.id), 1u);
  };
  for (int i = 0; i < 5000; ++i) {
    now += std::chrono::milliseconds(random() % 2000);
    switch (random() % 8) {
      case 0:
        leave(held.take_all());
        break;
      case 1:
        leave(held.expire(now));
        break;
      default: {
        const std::string arguments(random() % 3000, 'x');
        const auto id = held.hold(request(random() % 2 ? "a" : "b", arguments, 1ms * (1 + random() % 90'000)), now);
        if (id) inside.insert(*id);
      }
    }
    EXPECT_EQ(held.count(), inside.size());
  }
  leave(held.expire(now + 60s));
  EXPECT_THAT(inside, IsEmpty());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(held.hold(request("a"), now)) << "nothing is left in the accounts";
}

TEST_F(held_emits_test, that_are_not_permitted_any_more_are_taken_out) {
  bool may = true;
  emit_request judged = request("a", "[1]");
  judged.permitted = [&may] { return may; };
  const auto first = held.hold(judged, start);
  ASSERT_TRUE(first && held.hold(request("a", "[2]"), start));
  EXPECT_THAT(held.take_revoked(), IsEmpty());
  may = false;
  const auto revoked = held.take_revoked();
  ASSERT_EQ(revoked.size(), 1u);
  EXPECT_EQ(revoked[0].id, *first);
  EXPECT_THAT(arguments_of(held.take_all()), ElementsAre("[2]"));
}

}  // namespace
}  // namespace roombridge::upstream
