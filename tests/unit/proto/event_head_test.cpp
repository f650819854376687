// SPDX-License-Identifier: MIT
#include <roombridge/proto/event_head.hpp>

#include <gtest/gtest.h>

#include <array>

#include <roombridge/proto/messages.hpp>

namespace roombridge::proto::test {
namespace {

std::string head_of(const event_fields& fields) {
  std::string out;
  append_event_head(out, fields);
  return out;
}

TEST(event_head, leaves_out_what_says_nothing) {
  EXPECT_EQ(head_of({.seq = 1, .time = 0, .event = "x"}), R"({"seq":1,"time":0,"event":"x"})");
}

TEST(event_head, writes_everything_in_the_documented_order) {
  const std::array<std::string_view, 2> topics{"reservation-42", "shop \"7\""};
  const std::array<std::uint32_t, 2> attachments{3, 0};
  EXPECT_EQ(head_of({1043, 1764000000000000, "a\nb", topics, attachments, true}),
            R"({"seq":1043,"time":1764000000000000,"event":"a\nb","topics":["reservation-42","shop \"7\""],)"
            R"("attachments":[3,0],"unexpected":true})");
}

TEST(event_head, its_size_is_exact_for_every_length_of_a_number) {
  for (std::uint64_t number = 1; number <= max_integer / 10; number *= 10) {
    for (const auto seq : {number - 1, number, number + 1}) {
      const event_fields fields{.seq = seq, .time = static_cast<std::int64_t>(seq), .event = "예약\x01\""};
      std::array<char, 256> buffer{};
      EXPECT_EQ(static_cast<std::size_t>(write_event_head(buffer.data(), fields) - buffer.data()),
                event_head_size(fields));
    }
  }
}

TEST(event_head, is_what_clients_read) {
  const std::array<std::string_view, 2> topics{"예약-\\", ""};
  const std::array<std::uint32_t, 1> attachments{max_body};
  const auto read =
      parse<event>(head_of({max_integer, static_cast<std::int64_t>(max_integer), "\x1f\"", topics, attachments, true}));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(*read,
            (event{max_integer, static_cast<std::int64_t>(max_integer), "\x1f\"", {"예약-\\", ""}, {max_body}, true}));
}

}  // namespace
}  // namespace roombridge::proto::test
