// SPDX-License-Identifier: MIT
// Without a journal: with one, the integration tests and journal_test.
#include "daemon/service/acknowledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roombridge::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class heard_log final : public logger {
 public:
  bool enabled(log_level) const override { return true; }
  void write(log_level, std::string_view text, std::initializer_list<log_field>) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

class acknowledgers : public testing::Test {
 protected:
  acknowledgers() {
    answers_.answer_by([this](const upstream::ack_ticket& wanted) { answered_.push_back(wanted.id); });
  }
  void take(std::string_view name, std::uint64_t id, events::acknowledge by) {
    events::parsed_event event;
    event.name = name;
    event.acknowledge = by;
    answers_.take(event, {.connection = 1, .id = id}, id);
  }

  heard_log log_;
  acknowledger answers_{nullptr, log_};
  std::vector<std::uint64_t> answered_;
};

TEST_F(acknowledgers, answer_what_the_rule_lets_them_once_and_in_order) {
  take("a", 1, events::acknowledge::received);
  take("b", 2, events::acknowledge::never);
  take("a", 3, events::acknowledge::received);
  EXPECT_THAT(answered_, ElementsAre()) << "before the burst's end";
  answers_.answer();
  answers_.answer();
  EXPECT_THAT(answered_, ElementsAre(1, 3));
  EXPECT_EQ(answers_.answered(), 2u);
  EXPECT_EQ(answers_.unanswered(), 1u);
}

TEST_F(acknowledgers, do_not_answer_what_is_erased_before_it_is_answered) {
  take("a", 1, events::acknowledge::received);
  answers_.forget();
  take("a", 2, events::acknowledge::received);
  answers_.answer();
  EXPECT_THAT(answered_, ElementsAre(2));
  EXPECT_EQ(answers_.unanswered(), 1u);
}

TEST_F(acknowledgers, tell_of_each_name_that_gets_no_answer_once) {
  for (int i = 0; i < 3; ++i) take("b", 1, events::acknowledge::never);
  take("c", 1, events::acknowledge::never);
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("event 'b' wants an acknowledgement and gets none"), HasSubstr("'c'")));
  EXPECT_THAT(log_.lines[0], HasSubstr("\"acknowledge: received\" in the event's rule (events.rules)"));
  for (int i = 0; i < 1000; ++i) take("n" + std::to_string(i), 1, events::acknowledge::never);
  EXPECT_EQ(log_.lines.size(), acknowledger::most_names);
}

TEST_F(acknowledgers, are_bounded) {
  for (std::size_t i = 0; i <= acknowledger::most_waiting; ++i) take("a", i, events::acknowledge::received);
  EXPECT_EQ(answers_.unanswered(), 1u);
  answers_.answer();
  EXPECT_EQ(answered_.size(), acknowledger::most_waiting);
}

}  // namespace
}  // namespace roombridge::service
