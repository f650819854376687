// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/recovery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/upstream/token/token.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr auto memory = 120s;
constexpr recovery::time_point start{};

// An authenticated connection of the pid "p" that has seen the offset "Pf3xK2a".
recovery established() {
  recovery made(memory);
  json_fields none;
  EXPECT_TRUE(made.ask("token", {}, none, start));
  made.on_reply("p", start);
  EXPECT_TRUE(made.on_authenticated("7", "token"));
  EXPECT_EQ(made.strip(R"(["auth_success",{},"Pf3xK2a"])", false), R"(["auth_success",{}])");
  return made;
}

std::string asked(recovery& of, std::string_view token = "token", recovery::time_point now = start) {
  json_fields payload;
  (void)of.ask(token, {}, payload, now);
  return payload.object();
}

void hold(recovery& in, std::string_view data, bool wants_ack = false) {
  socketio::packet packet;
  packet.data = data;
  if (wants_ack) packet.id = 1;
  in.hold(packet, {});
}

std::vector<std::string> deliver(recovery& from) {
  std::vector<std::string> out;
  for (const auto& one : from.take_held()) out.emplace_back(from.strip(one.data, one.ack.has_value()));
  return out;
}

TEST(recovery, is_asked_for_with_another_token_only_where_the_user_is_known_before_the_login) {
  for (const char* user : {"7", "8"}) {
    recovery r = established();
    r.on_end(cause::connection_lost);
    json_fields payload;
    EXPECT_EQ(r.ask("rotated", user, payload, start), *user == '7');
    EXPECT_EQ(payload.empty(), *user == '8');
  }
  recovery r = established();
  r.on_end(cause::connection_lost);
  json_fields payload;
  EXPECT_FALSE(r.ask("rotated", std::nullopt, payload, start)) << "to be told";
  EXPECT_TRUE(r.ask("rotated", std::nullopt, payload, start)) << "told once";
}

TEST(recovery, strips_nothing_where_it_is_not_offered) {
  recovery plain(memory);
  plain.on_reply(std::nullopt, start);
  EXPECT_EQ(plain.strip(R"(["e","Pf3xK2a"])", false), R"(["e","Pf3xK2a"])");
}

TEST(recovery, leaves_a_volatile_events_own_string_alone_and_keeps_its_offset) {
  recovery r = established();
  EXPECT_EQ(r.strip(R"(["e","hello"])", false), R"(["e","hello"])");
  EXPECT_EQ(r.strip(R"(["e","1700000000000-0"])", false), R"(["e","1700000000000-0"])");
  EXPECT_EQ(r.strip(R"(["e","Pf3xK2b"])", true), R"(["e","Pf3xK2b"])");
  r.on_end(cause::connection_lost);
  EXPECT_EQ(asked(r), R"({"pid":"p","offset":"Pf3xK2a"})");
}

TEST(recovery, takes_offsets_of_no_known_shape_until_it_sees_better) {
  recovery r(memory);
  r.on_reply("p", start);
  EXPECT_EQ(r.strip(R"(["e","17"])", false), R"(["e"])");
  EXPECT_EQ(r.strip(R"(["e",1,"Pf3xK2a"])", false), R"(["e",1])");
  EXPECT_EQ(r.strip(R"(["e","17"])", false), R"(["e","17"])");
}

TEST(recovery, hands_on_what_was_missed_in_order_once_the_server_has_said_so) {
  recovery r = established();
  r.on_end(cause::connection_lost);
  asked(r);
  ASSERT_TRUE(r.holding());
  hold(r, R"(["old","Pf3xK19"])");
  hold(r, R"(["known","Pf3xK2a"])");
  hold(r, R"(["one","Pf3xK2b"])");
  hold(r, R"(["two",2,"Pf3xK2c"])");
  EXPECT_THAT(deliver(r), ElementsAre());
  r.on_reply("p", start);
  EXPECT_FALSE(r.holding());
  EXPECT_THAT(deliver(r), ElementsAre(R"(["one"])", R"(["two",2])"));
  EXPECT_TRUE(r.take_complete());
  EXPECT_FALSE(r.take_complete());
  EXPECT_EQ(r.counters().recovered, 1u);
  r.on_end(cause::server_closed);  // before it was authenticated again
  EXPECT_EQ(asked(r), R"({"pid":"p","offset":"Pf3xK2c"})");
}

TEST(recovery, takes_what_came_early_as_the_new_sessions_where_it_is_not_granted) {
  for (const auto& reply : {std::optional<std::string>("q"), std::optional<std::string>()}) {
    recovery r = established();
    r.on_end(cause::connection_lost);
    asked(r);
    hold(r, R"(["one",1])");
    r.on_reply(reply, start);
    EXPECT_THAT(deliver(r), ElementsAre(R"(["one",1])"));
    EXPECT_FALSE(r.take_complete());
    EXPECT_EQ(r.counters().failed, 1u);
    r.on_end(cause::connection_lost);
    EXPECT_EQ(asked(r), "{}");  // that one was never authenticated
  }
}

TEST(recovery, holds_what_comes_early_also_where_it_has_nothing_to_ask_for) {
  recovery r(memory);
  EXPECT_FALSE(r.holding());
  EXPECT_EQ(asked(r), "{}");
  ASSERT_TRUE(r.holding());
  hold(r, R"(["one"])");
  hold(r, R"(["two"])", true);
  EXPECT_THAT(deliver(r), ElementsAre());
  r.on_reply(std::nullopt, start);
  EXPECT_FALSE(r.holding());
  EXPECT_THAT(deliver(r), ElementsAre(R"(["one"])", R"(["two"])"));
  EXPECT_THAT(deliver(r), ElementsAre());

  EXPECT_EQ(asked(r), "{}");
  hold(r, R"(["of a connection that ended"])");
  r.on_end(cause::connection_lost);
  EXPECT_FALSE(r.holding());
  EXPECT_EQ(asked(r), "{}");
  r.on_reply(std::nullopt, start);
  EXPECT_THAT(deliver(r), ElementsAre());
}

TEST(recovery, is_a_failure_when_too_much_was_missed) {
  recovery r = established();
  r.on_end(cause::connection_lost);
  asked(r);
  for (std::size_t i = 0; i <= recovery::held_count; ++i) hold(r, R"(["e","Pf3xK2b"])");
  hold(r, R"(["late","Pf3xK2c"])");
  r.on_reply("p", start);
  EXPECT_THAT(deliver(r), ElementsAre());
  EXPECT_FALSE(r.take_complete());
  EXPECT_EQ(r.counters().failed, 1u);

  recovery large = established();
  large.on_end(cause::connection_lost);
  asked(large);
  hold(large, R"(["small","Pf3xK2b"])");
  hold(large, "[\"e\",\"" + std::string(recovery::held_bytes, 'x') + "\"]");
  large.on_reply("p", start);
  EXPECT_THAT(deliver(large), ElementsAre());
  EXPECT_FALSE(large.take_complete());
}

constexpr const char* asking = R"({"pid":"p","offset":"Pf3xK2a"})";

// Whether it is asked for after such an end of a connection that was itself recovered.
bool asked_twice_after(cause why, recovery::time_point now) {
  recovery r = established();
  r.on_end(cause::connection_lost);
  EXPECT_EQ(asked(r), asking);
  r.on_reply("p", start);
  EXPECT_TRUE(r.on_authenticated("7", "token"));
  r.on_end(why);
  return asked(r, "token", now) == asking;
}

TEST(recovery, is_asked_for_only_where_the_server_cannot_do_it_before_it_knows_of_the_end) {
  for (const auto& entry : cause_table()) {
    const cause why = entry.value;
    const bool noticed = why == cause::server_closed || why == cause::server_error;
    const bool unnoticed = may_be_one_sided(why) || why == cause::shutdown;
    recovery fresh = established();
    fresh.on_end(why);
    EXPECT_EQ(asked(fresh) == asking, noticed || unnoticed) << entry.name;
    EXPECT_EQ(asked_twice_after(why, start + memory - 1ms), noticed) << entry.name;
    EXPECT_EQ(asked_twice_after(why, start + memory), noticed || unnoticed)
        << entry.name << ": the server has forgotten";
  }
}

TEST(recovery, is_asked_for_once_where_the_answer_is_lost) {
  recovery r = established();
  r.on_end(cause::connection_lost);
  r.on_end(cause::tcp_timeout);  // of an attempt
  EXPECT_EQ(asked(r), asking);
  r.on_end(cause::connection_lost);
  EXPECT_EQ(asked(r, "token", start + 100 * memory), "{}") << "who knows when the server saw the former end";
}

TEST(recovery, counts_the_servers_memory_from_the_last_time_it_was_recovered) {
  recovery r = established();
  for (int i = 0; i < 3; ++i) {
    const auto now = start + i * memory;
    r.on_end(cause::connection_lost);
    EXPECT_EQ(asked(r, "token", now), asking);
    r.on_reply("p", now);
    EXPECT_TRUE(r.on_authenticated("7", "token"));
  }
  r.on_end(cause::connection_lost);
  EXPECT_EQ(asked(r, "token", start + 3 * memory - 1ms), "{}");
}

TEST(recovery, is_not_asked_for_again_where_what_was_missed_cannot_be_read) {
  recovery r = established();
  r.on_end(cause::connection_lost);
  EXPECT_EQ(asked(r), asking);
  r.on_end(cause::message_too_large);
  EXPECT_EQ(asked(r), "{}");
}

TEST(recovery, begins_anew_with_a_fresh_pid) {
  recovery r = established();
  r.on_end(cause::connection_lost);
  EXPECT_EQ(asked(r), asking);
  r.on_reply("q", start);
  EXPECT_TRUE(r.on_authenticated("7", "token"));
  EXPECT_EQ(r.strip(R"(["e","Pf3xK2b"])", false), R"(["e"])");
  r.on_end(cause::connection_lost);
  EXPECT_EQ(asked(r), R"({"pid":"q","offset":"Pf3xK2b"})");
}

TEST(recovery, belongs_to_one_user) {
  recovery other_token = established();
  other_token.on_end(cause::connection_lost);
  EXPECT_EQ(asked(other_token, "another"), "{}");

  recovery r = established();
  r.on_end(cause::connection_lost);
  asked(r);
  r.on_reply("p", start);
  EXPECT_FALSE(r.on_authenticated("8", "token"));
  r.on_end(cause::reconnect_requested);
  EXPECT_EQ(asked(r), "{}");
}

TEST(recovery, outlives_a_stop_unnoticed_if_the_server_cannot_recover_it_twice) {
  recovery r = established();
  r.on_end(cause::server_closed);
  asked(r);
  r.on_reply("p", start);
  EXPECT_TRUE(r.on_authenticated("7", "token"));
  r.on_end(cause::shutdown);
  EXPECT_FALSE(r.saved(start));
  EXPECT_TRUE(r.saved(start + memory));
  r.on_close_answered();
  EXPECT_TRUE(r.saved(start));
}

TEST(recovery, outlives_a_stop) {
  recovery r = established();
  r.on_end(cause::shutdown);
  const auto saved = r.saved(start);
  EXPECT_EQ(saved, (saved_recovery{"p", "Pf3xK2a", "7", token_digest("token")}));

  recovery next(memory);
  next.restore(*saved);
  next.on_end(cause::tcp_refused);  // of an attempt
  EXPECT_EQ(next.saved(start), saved);
  EXPECT_EQ(asked(next), R"({"pid":"p","offset":"Pf3xK2a"})");
  hold(next, R"(["one","Pf3xK2b"])");
  next.on_reply("p", start);
  EXPECT_EQ(next.strip(R"(["volatile","hello"])", false), R"(["volatile","hello"])");
  EXPECT_THAT(deliver(next), ElementsAre(R"(["one"])"));
  EXPECT_FALSE(next.on_authenticated("8", "token"));

  recovery another_token(memory);
  another_token.restore(*saved);
  EXPECT_EQ(asked(another_token, "another"), "{}");
}

TEST(recovery, outlives_a_crash_unless_it_was_asked_for_before) {
  recovery r = established();
  EXPECT_EQ(r.running({start}), (saved_recovery{"p", "Pf3xK2a", "7", token_digest("token")}));
  EXPECT_EQ(r.offset(), "Pf3xK2a");
  r.on_end(cause::server_closed);
  asked(r);
  r.on_reply("p", start);
  EXPECT_TRUE(r.on_authenticated("7", "token"));
  const std::chrono::sys_seconds wall{std::chrono::hours{1}};
  EXPECT_EQ(r.running({start, 0, wall})->not_before, wall + memory) << "till then the server might recover it twice";
  EXPECT_EQ(r.running({start + memory, 0, wall})->not_before, saved_recovery::any_time);
  r.on_end(cause::server_closed);
  asked(r);
  r.on_reply("another", start);
  EXPECT_FALSE(r.running({start})) << "nobody is authenticated by it yet";
  EXPECT_TRUE(r.on_authenticated("7", "token"));
  EXPECT_EQ(r.running({start}), (saved_recovery{"another", "", "7", token_digest("token")}));
}

TEST(recovery, outlives_a_stop_between_two_connections) {
  recovery r = established();
  r.on_end(cause::server_closed);
  r.on_end(cause::shutdown);
  EXPECT_TRUE(r.saved(start));
}

TEST(recovery, that_is_of_no_use_does_not_outlive_a_stop) {
  recovery never(memory);
  EXPECT_FALSE(never.saved(start));

  recovery refused = established();
  refused.on_refused();
  EXPECT_FALSE(refused.saved(start)) << "a crash in this moment";
  refused.on_end(cause::shutdown);
  EXPECT_FALSE(refused.saved(start));

  recovery silent(memory);  // no offset has been seen
  silent.on_reply("p", start);
  EXPECT_TRUE(silent.on_authenticated("7", "token"));
  silent.on_end(cause::shutdown);
  EXPECT_FALSE(silent.saved(start));
}

TEST(recovery, of_the_next_user_is_that_users) {
  recovery r = established();
  r.on_end(cause::connection_lost);
  EXPECT_EQ(asked(r, "another"), "{}");
  r.on_reply("q", start);
  EXPECT_TRUE(r.on_authenticated("8", "another"));
  EXPECT_EQ(r.strip(R"(["e","Pf3xK2b"])", false), R"(["e"])");
  r.on_end(cause::connection_lost);
  EXPECT_EQ(asked(r, "another"), R"({"pid":"q","offset":"Pf3xK2b"})");
}

TEST(recovery, of_a_refused_user_is_no_others) {
  recovery r = established();
  r.on_end(cause::connection_lost);
  asked(r);
  r.on_reply("p", start);
  r.on_refused();
  EXPECT_FALSE(r.on_authenticated("8", "another"));
}

TEST(recovery, is_given_up_while_the_token_is_refused) {
  recovery r = established();
  r.on_refused();
  r.on_end(cause::connection_lost);
  EXPECT_EQ(asked(r), "{}");

  recovery again = established();
  again.on_refused();
  EXPECT_TRUE(again.on_authenticated("7", "better"));
  again.on_end(cause::connection_lost);
  EXPECT_EQ(asked(again, "better"), R"({"pid":"p","offset":"Pf3xK2a"})");
}

}  // namespace
}  // namespace roombridge::upstream
