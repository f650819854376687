// SPDX-License-Identifier: MIT
// What one user's connections ask for at once is done in many turns, and other users come in between.
#include "support.hpp"

namespace roombridge::local {
namespace {

class peers_of_two_users : public hub_test {
 protected:
  // Lets the event loop run until the client has this frame, one handler after the other.
  void run_until(test_client& client, proto::frame_type type) {
    context_.restart();
    for (int handlers = 0; handlers < 1000; ++handlers) {
      while (const auto frame = client.next()) {
        if (frame->type == type) return;
      }
      if (context_.poll_one() == 0) break;
    }
    FAIL() << "no " << proto::to_string(type);
  }
  static std::size_t count(test_client& client, proto::frame_type type) {
    std::size_t found = 0;
    while (const auto frame = client.next()) found += frame->type == type;
    return found;
  }
  test_client of_user(uid_t user) {
    who_ = credentials{.pid = 1, .uid = user, .gid = user, .groups = {}};
    return welcomed();
  }
};

TEST_F(peers_of_two_users, come_in_between_what_the_other_asks_for) {
  constexpr std::size_t connections = 20;
  constexpr std::size_t requests = 500;
  std::vector<test_client> hostile;
  for (std::size_t i = 0; i < connections; ++i) hostile.push_back(of_user(1));
  auto quiet = of_user(2);
  std::string flood;
  for (std::size_t i = 0; i < requests; ++i) flood += proto::encode(proto::ping{1, {}});
  for (test_client& each : hostile) each.send(flood);
  quiet.send_message(proto::ping{1, {}});
  run_until(quiet, proto::frame_type::pong);
  std::size_t answered = 0;
  for (test_client& each : hostile) answered += count(each, proto::frame_type::pong);
  EXPECT_LT(answered, connections * requests / 4) << "one turn of it, and some of the next";
  run();
  for (test_client& each : hostile) answered += count(each, proto::frame_type::pong);
  EXPECT_EQ(answered, connections * requests);
}

TEST_F(peers_of_two_users, come_in_between_what_the_other_looks_for) {
  std::vector<std::string> never;
  for (int i = 0; i < 64; ++i) never.push_back("never-" + std::to_string(i));
  for (int i = 0; i < 10'000; ++i) append("a", {"x"});
  auto quiet = of_user(2);
  auto hostile = of_user(1);
  for (std::uint64_t id = 1; id <= 100; ++id) {
    proto::subscribe request{.id = id, .events = {}, .topics = never};
    if (id == 1) request.since = proto::log_position{proto::epoch_text(epoch), 0};
    request.more = id < 100;
    hostile.send_message(request);
    run_until(hostile, proto::frame_type::result);
  }
  quiet.send_message(proto::ping{1, {}});
  run_until(quiet, proto::frame_type::pong);
  EXPECT_EQ(count(hostile, proto::frame_type::live), 0u) << "it has not looked at all of the log yet";
  run();
  EXPECT_EQ(count(hostile, proto::frame_type::live), 1u);
}

}  // namespace
}  // namespace roombridge::local
