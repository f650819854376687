// SPDX-License-Identifier: MIT
// Connections that have a name: who gets it, where their streams begin, and what ACK does.
#include <unistd.h>

#include <gmock/gmock.h>

#include "recording_storage.hpp"
#include "support.hpp"

namespace roombridge::local {
namespace {

using proto::error_code;
using testing::HasSubstr;

class named_peers : public hub_test {
 protected:
  static constexpr auto epoch_name = "0123456789abcdef";

  void SetUp() override {
    who_ = credentials{.pid = 10, .uid = 1000, .gid = 1000, .groups = {}};
    hub_test::SetUp();
  }
  test_client greeted(const std::string& name = "till") {
    auto client = connect();
    client.send_message(proto::hello{.client = "test", .subscriber = name});
    run();
    return client;
  }
  // Has subscribed to everything, and read the answer.
  test_client at_work(const std::string& name = "till") {
    auto client = greeted(name);
    client.expect<proto::welcome>();
    client.send_message(proto::subscribe{1, {}, {}});
    run();
    EXPECT_FALSE(client.expect<proto::result>().error);
    return client;
  }
  // Skips what it has not read yet.
  proto::result acknowledge(test_client& client, log::sequence seq, const std::string& of = epoch_name) {
    while (client.next()) {
    }
    client.send_message(proto::ack{.id = 9, .position = {of, seq}});
    run();
    return client.expect<proto::result>();
  }
  void append_many(int count) {
    while (count-- > 0) append("a");
    hub_->flush();
    run();
  }
  static std::vector<log::sequence> events_of(test_client& client) {
    std::vector<log::sequence> out;
    while (const auto frame = client.next()) {
      if (frame->type == proto::frame_type::event) out.push_back(proto::parse<proto::event>(frame->head)->seq);
    }
    return out;
  }
  proto::result call(test_client& client, std::string method, std::string params = "{}") {
    client.send_message(proto::call{5, std::move(method), std::move(params)});
    run();
    return client.expect<proto::result>();
  }

  using numbers = std::vector<log::sequence>;
};

TEST_F(named_peers, begin_at_the_newest_and_go_on_where_they_have_acknowledged) {
  append_many(2);
  {
    auto client = at_work();
    client.expect<proto::live>();
    append_many(3);
    EXPECT_EQ(events_of(client), (numbers{3, 4, 5}));
    EXPECT_EQ(acknowledge(client, 4).durable, false) << "there is no journal";
  }
  run();
  append_many(1);
  auto again = greeted();
  EXPECT_EQ(again.expect<proto::welcome>().position, (proto::log_position{epoch_name, 4}));
  again.send_message(proto::subscribe{1, {}, {}});
  run();
  EXPECT_EQ(again.expect<proto::result>().resumption, (proto::resumption{.complete = true, .first = 1, .newest = 6}));
  EXPECT_EQ(events_of(again), (numbers{5, 6}));
}

TEST_F(named_peers, that_crash_before_their_first_ack_lose_nothing) {
  append_many(1);
  at_work();
  append_many(2);
  auto again = at_work();
  EXPECT_EQ(events_of(again), (numbers{2, 3}));
}

TEST_F(named_peers, are_told_nothing_of_a_position_that_is_not_there) {
  auto client = greeted();
  EXPECT_FALSE(client.expect<proto::welcome>().position);
  client.send_message(proto::subscribe{1, {}, {}});
  run();
  EXPECT_FALSE(client.expect<proto::result>().resumption);
}

TEST_F(named_peers, an_explicit_since_wins) {
  append_many(5);
  {
    auto client = greeted();
    client.expect<proto::welcome>();
    client.send_message(proto::subscribe{1, {}, {}, {}, proto::log_position{epoch_name, 2}});
    run();
    client.expect<proto::result>();
    EXPECT_EQ(events_of(client), (numbers{3, 4, 5}));
  }
  run();
  auto known = greeted();
  EXPECT_EQ(known.expect<proto::welcome>().position->seq, 2u) << "a new one begins where it says";
  known.send_message(proto::subscribe{1, {}, {}, {}, proto::log_position{epoch_name, 4}});
  run();
  known.expect<proto::result>();
  EXPECT_EQ(events_of(known), numbers{5});
  EXPECT_EQ(named_.find({1000, "till"})->seq, 2u) << "only ACK moves it";
}

TEST_F(named_peers, a_second_holder_is_refused_and_told_to_come_back) {
  auto first = at_work();
  auto second = greeted();
  const auto error = second.expect<proto::error>();
  EXPECT_EQ(error.info.code, error_code::subscriber_in_use);
  EXPECT_TRUE(error.fatal);
  EXPECT_TRUE(error.info.retry);
  EXPECT_THAT(error.info.text, HasSubstr("process 10"));
  const auto bye = second.expect<proto::bye>();
  EXPECT_EQ(bye.reason, "subscriber_in_use");
  EXPECT_TRUE(bye.reconnect);
  EXPECT_TRUE(second.closed());
  EXPECT_EQ(hub_->counters().protocol_errors, 0u);
  EXPECT_EQ(acknowledge(first, 0).error, std::nullopt) << "nothing has happened to the first";
  first.close();
  run();
  greeted().expect<proto::welcome>();
}

TEST_F(named_peers, of_two_users_do_not_touch_each_other) {
  append_many(3);
  auto mine = at_work();
  who_->uid = 1001;
  auto theirs = at_work();
  EXPECT_EQ(named_.size(), 2u);
  append_many(1);
  acknowledge(mine, 4);
  EXPECT_EQ(named_.find({1001, "till"})->seq, 3u);
}

TEST_F(named_peers, a_connection_that_is_ended_gives_its_name_back_at_once) {
  auto client = connect(4096);
  client.send_message(proto::hello{.client = "test", .subscriber = "till"});
  client.send_message(proto::subscribe{1, {}, {}});
  run();
  const std::string large(100'000, '1');
  for (int i = 0; i < 5; ++i) append("a", {}, large);
  hub_->flush();
  client.send(std::string(8, '\xff'));
  run();
  EXPECT_EQ(hub_->size(), 1u) << "BYE waits for a client that does not read";
  EXPECT_FALSE(named_.holder({1000, "till"}));
  greeted().expect<proto::welcome>();
}

TEST_F(named_peers, acknowledge_what_they_were_sent_and_no_more) {
  auto nameless = subscribed();
  EXPECT_EQ(acknowledge(nameless, 0).error->code, error_code::bad_request);
  auto client = greeted();
  client.expect<proto::welcome>();
  EXPECT_EQ(acknowledge(client, 0).error->code, error_code::bad_request) << "before the first SUBSCRIBE";
  client.send_message(proto::subscribe{1, {"a"}, {}});
  run();
  client.expect<proto::result>();
  client.expect<proto::live>();
  EXPECT_EQ(acknowledge(client, 1).error->code, error_code::bad_request) << "ahead of the log";
  append_many(1);
  append("b");
  EXPECT_EQ(events_of(client), numbers{1});
  EXPECT_FALSE(acknowledge(client, 2).error) << "nothing of it was for this one";
  append("a");
  EXPECT_EQ(acknowledge(client, 3).error->code, error_code::bad_request) << "not sent yet";
  EXPECT_EQ(named_.find({1000, "till"})->seq, 2u);
}

TEST_F(named_peers, an_ack_of_another_epoch_changes_nothing) {
  auto client = at_work();
  append_many(2);
  EXPECT_FALSE(acknowledge(client, 1).error);
  events_->start_epoch(0x0123456789abcdee);
  hub_->flush();
  run();
  client.expect<proto::gap>();
  EXPECT_FALSE(acknowledge(client, 2).error);
  EXPECT_EQ(named_.find({1000, "till"})->seq, 1u);
  EXPECT_FALSE(acknowledge(client, 3, "0123456789abcdee").error);
  EXPECT_EQ(named_.find({1000, "till"})->epoch, 0x0123456789abcdeeu);
}

TEST_F(named_peers, of_an_epoch_that_is_over_are_told_and_begin_with_the_new_one) {
  at_work();
  append_many(2);
  events_->start_epoch(0x0123456789abcdee);
  append_many(1);
  auto client = greeted();
  EXPECT_EQ(client.expect<proto::welcome>().position->epoch, epoch_name);
  client.send_message(proto::subscribe{1, {}, {}});
  run();
  EXPECT_FALSE(client.expect<proto::result>().resumption->complete);
  EXPECT_EQ(client.expect<proto::gap>().reason, "epoch");
  EXPECT_EQ(events_of(client), numbers{4});
}

TEST_F(named_peers, one_too_many_is_refused_at_its_subscribe) {
  options_.user_subscribers = 1;
  make();
  auto first = at_work("a");
  auto second = greeted("b");
  second.expect<proto::welcome>();
  second.send_message(proto::subscribe{1, {}, {}});
  run();
  const auto refused = second.expect<proto::result>();
  EXPECT_EQ(refused.error->code, error_code::too_many_subscribers);
  EXPECT_TRUE(refused.error->retry);
  options_.user_subscribers = 2;
  hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
  second.send_message(proto::subscribe{1, {}, {}});
  run();
  EXPECT_FALSE(second.expect<proto::result>().error);
}

TEST_F(named_peers, are_listed_to_their_user_and_to_control) {
  auto mine = at_work("a");
  mine.expect<proto::live>();
  who_ = credentials{.pid = 11, .uid = 1001, .gid = 1001, .groups = {}};
  auto theirs = at_work("b");
  theirs.expect<proto::live>();
  call(mine, "named_subscribers");
  EXPECT_THAT(mine.payload, HasSubstr(R"("name":"a","uid":1000)"));
  EXPECT_THAT(mine.payload, testing::Not(HasSubstr("1001")));
  who_->uid = 0;
  auto root = welcomed();
  call(root, "named_subscribers");
  EXPECT_THAT(root.payload, testing::AllOf(HasSubstr(R"("uid":1000)"), HasSubstr(R"("uid":1001)")));
}

TEST_F(named_peers, are_removed_by_their_user_and_by_control) {
  auto holder = at_work("a");
  at_work("b");
  run();
  auto mine = welcomed();
  EXPECT_EQ(call(mine, "remove_subscriber", R"({"name":"a"})").error->code, error_code::subscriber_connected);
  EXPECT_EQ(call(mine, "remove_subscriber", R"({"name":"c"})").error->code, error_code::unknown_subscriber);
  EXPECT_EQ(call(mine, "remove_subscriber", R"({"name":""})").error->code, error_code::bad_request);
  EXPECT_FALSE(call(mine, "remove_subscriber", R"({"name":"b"})").error);
  EXPECT_EQ(mine.payload, R"({"durable":false})");
  holder.close();
  who_->uid = 1001;
  auto theirs = welcomed();
  EXPECT_EQ(call(theirs, "remove_subscriber", R"({"name":"a"})").error->code, error_code::unknown_subscriber);
  EXPECT_EQ(call(theirs, "remove_subscriber", R"({"name":"a","uid":1000})").error->code, error_code::not_permitted);
  who_->uid = 0;
  auto root = welcomed();
  EXPECT_FALSE(call(root, "remove_subscriber", R"({"name":"a","uid":1000})").error);
  EXPECT_EQ(named_.size(), 0u);
}

TEST_F(named_peers, acks_wait_for_the_disk_and_are_open_requests) {
  recording_storage storage;
  named_subscribers stored{&storage, [this] { return reading(wall_); }};
  hub_.reset();
  events_.emplace(2u << 20, epoch);
  hub_.emplace(
      context_, options_, "roombridged test", *events_, handler_, stored, log_, [this] { return now_; },
      [this](int fd) { return identify(fd); });
  auto client = at_work();
  client.expect<proto::live>();
  append_many(1);
  events_of(client);
  for (std::uint64_t id = 2; id < 2 + proto::max_open_requests; ++id) {
    client.send_message(proto::ack{.id = id, .position = {epoch_name, 1}});
    if (id % 100 == 0) run();
  }
  client.send_message(proto::ack{.id = 5000, .position = {epoch_name, 1}});
  client.send_message(proto::ack{.id = 2, .position = {epoch_name, 1}});
  run();
  EXPECT_EQ(client.expect<proto::result>().error->code, error_code::too_many_requests);
  EXPECT_EQ(client.expect<proto::result>().error->code, error_code::duplicate_id);
  EXPECT_FALSE(client.next());
  stored.settled(storage.newest, storage.newest);
  run();
  for (std::uint64_t id = 2; id < 2 + proto::max_open_requests; ++id) {
    const auto result = client.expect<proto::result>();
    ASSERT_EQ(result.id, id);
    ASSERT_EQ(result.durable, true);
  }
  hub_.reset();
}

}  // namespace
}  // namespace roombridge::local
