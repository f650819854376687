// SPDX-License-Identifier: MIT
// SUBSCRIBE with `fields` and with `replaces`.
#include "support.hpp"

namespace roombridge::local {
namespace {

using proto::error_code;

class filtering : public hub_test {
 protected:
  void SetUp() override {
    options_.filter_fields = {"shopId", "updateType"};
    make();
  }

  void append_with(std::string_view name, std::vector<std::string_view> fields, std::string_view arguments = "1") {
    events_->append({.time = 1, .name = name, .fields = fields, .arguments = arguments});
  }
  static error_code refused(test_client& client) {
    const auto result = client.expect<proto::result>();
    return result.error ? result.error->code : error_code::none;
  }
  // The events that have come, all else skipped.
  static std::vector<std::uint64_t> events(test_client& client) {
    std::vector<std::uint64_t> out;
    while (const auto frame = client.next()) {
      if (frame->type == proto::frame_type::event) out.push_back(proto::parse<proto::event>(frame->head)->seq);
    }
    return out;
  }

  using numbers = std::vector<std::uint64_t>;
};

TEST_F(filtering, an_event_needs_one_value_of_each_field) {
  auto client = welcomed();
  client.send_message(proto::subscribe{
      .id = 1, .events = {"a"}, .topics = {}, .fields = {{"shopId", {"7", "8"}}, {"updateType", {"x"}}}});
  run();
  append_with("a", {"shopId=7", "updateType=x"});
  append_with("a", {"shopId=7", "updateType=y"});
  append_with("a", {"updateType=x", "shopId=8"});
  append_with("a", {"shopId=7"});
  append_with("b", {"shopId=7", "updateType=x"});
  append_with("a", {"shopId=77", "updateType=x"});
  hub_->flush();
  EXPECT_EQ(events(client), (numbers{1, 3}));
}

TEST_F(filtering, a_value_with_a_star_is_no_prefix) {
  auto client = welcomed();
  client.send_message(proto::subscribe{.id = 1, .events = {}, .topics = {}, .fields = {{"shopId", {"7*"}}}});
  run();
  append_with("a", {"shopId=77"});
  append_with("a", {"shopId=7*"});
  hub_->flush();
  EXPECT_EQ(events(client), numbers{2});
}

TEST_F(filtering, a_field_that_no_rule_declares_is_refused_by_name) {
  auto client = welcomed();
  const proto::subscribe wanted{.id = 1, .events = {}, .topics = {}, .fields = {{"shopId", {"7"}}, {"shopid", {"7"}}}};
  client.send_message(wanted);
  run();
  const auto result = client.expect<proto::result>();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code, error_code::bad_request);
  EXPECT_EQ(result.error->text, "`fields`: no rule of the config declares 'shopid'; there are: shopId, updateType");
  options_.filter_fields.emplace_back("shopid");
  hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
  client.send_message(wanted);
  run();
  EXPECT_EQ(refused(client), error_code::none) << "a changed config counts at once";
}

TEST_F(filtering, the_list_of_the_fields_that_there_are_is_bounded) {
  options_.filter_fields.assign(1000, std::string(100, 'f'));
  make();
  auto client = welcomed();
  client.send_message(proto::subscribe{.id = 1, .events = {}, .topics = {}, .fields = {{"shopId", {"7"}}}});
  run();
  const auto text = client.expect<proto::result>().error.value().text;
  EXPECT_LT(text.size(), 1200u);
  EXPECT_TRUE(text.ends_with("ff, …")) << text;
}

TEST_F(filtering, a_subscription_outlives_the_declaration_of_its_field) {
  auto client = welcomed();
  client.send_message(proto::subscribe{.id = 1, .events = {}, .topics = {}, .fields = {{"shopId", {"7"}}}});
  run();
  options_.filter_fields.clear();
  hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
  append_with("a", {});
  append_with("a", {"shopId=7"});  // declared again
  hub_->flush();
  EXPECT_EQ(events(client), numbers{2});
}

TEST_F(filtering, what_a_slow_client_has_not_been_sent_is_decided_by_the_replacing_one) {
  const std::string large(200'000, '1');
  auto client = subscribed({"a"}, {}, 4096);
  for (const char* name : {"b", "a", "b", "a", "b"}) append(name, {}, large);
  hub_->flush();  // the first `a` is under way, and fills the socket
  client.send_message(proto::subscribe{.id = 2, .events = {"b"}, .topics = {}, .replaces = 1});
  run();
  append("a");
  append("b");
  hub_->flush();
  std::vector<std::string> got;
  do {
    while (const auto frame = client.next()) {
      if (frame->type == proto::frame_type::event) {
        got.push_back(std::to_string(proto::parse<proto::event>(frame->head)->seq));
      } else {
        got.emplace_back(proto::to_string(frame->type));
      }
    }
    run();
  } while (client.read());
  EXPECT_EQ(got, (std::vector<std::string>{"2", "RESULT", "3", "5", "7"}));
}

TEST_F(filtering, the_id_of_a_replaced_subscription_is_free) {
  auto client = subscribed({"a"});
  client.send_message(proto::subscribe{.id = 2, .events = {"b"}, .topics = {}, .replaces = 1});
  client.send_message(proto::subscribe{.id = 1, .events = {"c"}, .topics = {}});
  client.send_message(proto::subscribe{.id = 2, .events = {"d"}, .topics = {}, .replaces = 2});  // by its own id
  client.send_message(proto::unsubscribe{3, 2});
  run();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(refused(client), error_code::none) << i;
  for (const char* name : {"a", "b", "c", "d"}) append(name);
  hub_->flush();
  EXPECT_EQ(events(client), numbers{3});
}

TEST_F(filtering, refused_the_old_one_stays) {
  options_.access = {
      {.users = {}, .groups = {}, .everyone = true, .events = {"a"}, .topics = {"*"}, .rooms = {}, .emits = {}}};
  make();
  who_ = credentials{1, 1000, 1000, {}};
  auto client = subscribed({"a"});
  const auto with = [](std::uint64_t id, std::vector<std::string> events, std::uint64_t replaced) {
    return proto::subscribe{.id = id, .events = std::move(events), .topics = {}, .replaces = replaced};
  };
  client.send_message(with(2, {"a"}, 7));
  client.send_message(with(2, {"b"}, 1));
  client.send_message(with(1, {"b"}, 1));
  client.send_message(with(7, {"a"}, 7));
  client.send_message(with(1, {"a"}, 7));
  run();
  EXPECT_EQ(refused(client), error_code::unknown_subscription);
  EXPECT_EQ(refused(client), error_code::not_permitted);
  EXPECT_EQ(refused(client), error_code::not_permitted);
  EXPECT_EQ(refused(client), error_code::unknown_subscription);
  EXPECT_EQ(refused(client), error_code::duplicate_id);
  append("a");
  hub_->flush();
  EXPECT_EQ(events(client), numbers{1});
}

TEST_F(filtering, replacing_is_possible_where_no_more_subscriptions_are) {
  options_.user_subscriptions = 1;
  make();
  auto client = subscribed({"a"});
  client.send_message(proto::subscribe{.id = 2, .events = {"b"}, .topics = {}});
  client.send_message(proto::subscribe{.id = 2, .events = {"b"}, .topics = {}, .replaces = 1});
  run();
  EXPECT_EQ(refused(client), error_code::too_many_subscriptions);
  EXPECT_EQ(refused(client), error_code::none);
  EXPECT_EQ(hub_->peers().front().subscriptions, 1u);
}

TEST_F(filtering, a_replaced_subscription_counts_no_more) {
  options_.user_buffer = 64u << 10;
  make();
  const auto wide = [](std::uint64_t id, std::optional<std::uint64_t> replaced) {
    proto::subscribe out{.id = id, .events = {}, .topics = {}, .replaces = replaced};
    for (std::uint64_t i = 0; i < 64; ++i) out.topics.push_back(std::to_string(id * 100 + i) + std::string(250, 'x'));
    return out;
  };
  auto client = subscribed({"a"});
  client.send_message(wide(2, {}));
  for (std::uint64_t id = 3; id < 6; ++id) client.send_message(wide(id, id - 1));
  run();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(refused(client), error_code::none) << i;
}

}  // namespace
}  // namespace roombridge::local
