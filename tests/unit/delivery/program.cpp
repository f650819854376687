// SPDX-License-Identifier: MIT
#include "program.hpp"

namespace roombridge::delivery {

std::uint64_t program::slow_gaps = 0;
std::uint64_t program::other_gaps = 0;

void program::begin(local::test_client client) {
  client_.emplace(std::move(client));
  client_->send_message(proto::hello{.client = "model"});
  proto::subscribe request;
  request.id = 1;
  request.events = wants_.events;
  request.topics = wants_.topics;
  request.since = at_;
  client_->send_message(request);
}

void program::read() {
  if (!client_) return;
  while (const auto frame = client_->next()) {
    handle(*frame);
    if (testing::Test::HasFatalFailure()) return;
  }
}

std::optional<log::sequence> program::missing() const {
  return truth_.next(at_->epoch, at_->seq, wants_);
}

void program::expect_complete(const std::string& epoch) const {
  ASSERT_TRUE(at_) << "it was never welcomed";
  EXPECT_EQ(at_->epoch, epoch);
  const auto what = missing();
  EXPECT_FALSE(what) << "nothing tells of " << *what << "; position " << at_->seq;
}

void program::handle(const local::received& frame) {
  switch (frame.type) {
    case proto::frame_type::welcome: {
      const auto welcome = *proto::parse<proto::welcome>(frame.head);
      if (!at_) at_ = {welcome.epoch, welcome.newest};
      return;
    }
    case proto::frame_type::result:
      EXPECT_FALSE(proto::parse<proto::result>(frame.head)->error) << frame.head;
      return;
    case proto::frame_type::event:
      return handle_event(frame);
    case proto::frame_type::gap:
      return handle_gap(*proto::parse<proto::gap>(frame.head));
    case proto::frame_type::live: {
      const auto seq = proto::parse<proto::live>(frame.head)->seq;
      expect_nothing_between(at_->seq, seq + 1);
      at_->seq = std::max(at_->seq, seq);
      return;
    }
    case proto::frame_type::status:
      return;
    default:
      FAIL() << proto::to_string(frame.type) << " " << frame.head;
  }
}

void program::handle_event(const local::received& frame) {
  const auto event = *proto::parse<proto::event>(frame.head);
  ASSERT_GT(event.seq, at_->seq) << "twice";
  expect_nothing_between(at_->seq, event.seq);
  const happening* const what = truth_.at(event.seq);
  ASSERT_NE(what, nullptr) << event.seq << " never happened";
  EXPECT_EQ(what->what, happening::kind::event);
  EXPECT_EQ(what->epoch, at_->epoch) << "of another user's time";
  EXPECT_EQ(what->name, event.name);
  EXPECT_EQ(what->topics, event.topics);
  EXPECT_EQ('[' + what->arguments + ']', frame.payload);
  EXPECT_TRUE(history::matches(*what, wants_)) << event.seq << " is for others";
  at_->seq = event.seq;
}

void program::handle_gap(const proto::gap& told) {
  ASSERT_LE(told.first, told.last);
  ++(told.reason == "slow" ? slow_gaps : other_gaps);
  if (told.reason == "slow") {
    expect_nothing_between(at_->seq, told.first);
    EXPECT_EQ(told.count.value_or(truth_.count(told.first, told.last, wants_)),
              truth_.count(told.first, told.last, wants_));
  } else if (told.reason == "oversize") {
    EXPECT_EQ(told.first, told.last);
    expect_nothing_between(at_->seq, told.last);
    const happening* const what = truth_.at(told.last);
    ASSERT_NE(what, nullptr);
    EXPECT_EQ(what->what, happening::kind::oversize);
    EXPECT_TRUE(history::matches(*what, wants_));
  } else if (told.reason == "upstream") {
    // It may stand for several with nothing between them.
    EXPECT_EQ(told.first, told.last);
    EXPECT_EQ(truth_.count(at_->seq + 1, told.last, wants_), 0u);
    const happening* const what = truth_.at(told.last);
    ASSERT_NE(what, nullptr);
    EXPECT_EQ(what->what, happening::kind::upstream_gap);
  } else if (told.reason == "expired") {
    expect_nothing_between(at_->seq, told.first);
    EXPECT_FALSE(told.count);
  } else if (told.reason == "epoch") {
    EXPECT_FALSE(told.epoch.empty());
  } else {
    EXPECT_EQ(told.reason, "crash");
  }
  at_->seq = std::max(at_->seq, told.last);
  if (told.epoch.empty()) return;
  at_ = {told.epoch, told.last};
}

// Both ends excluded.
void program::expect_nothing_between(log::sequence after, log::sequence before) const {
  const auto passed = truth_.next(at_->epoch, after, wants_);
  EXPECT_FALSE(passed && *passed < before) << *passed << " was passed over between " << after << " and " << before;
}

}  // namespace roombridge::delivery
