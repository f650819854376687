// SPDX-License-Identifier: MIT
#include "clients/ctl/explain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace roombridge::ctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t now = 1'764'072'000'000'000;

std::string explained(const std::string& json) {
  ::setenv("TZ", "UTC", 1);
  return explain_status(json, style{}, now).value_or("nothing");
}

TEST(explain_status, when_all_is_well) {
  EXPECT_THAT(explained(R"({"server":"roombridged 0.1.0","pid":7,"started":1764071990000000,"config":"/etc/x.yaml",
    "upstream":{"state":"authenticated","since":1764071998000000,"url":"http://h:1","transport":"polling","user":"3","attempts":4,"outages":1},
    "rooms":[{"room":"shop-7","state":"joined"},{"room":"shop-8","state":"waiting"},{"room":"42","number":true,"state":"asked"}],
    "local":{"connections":2,"subscribers":1,"latency":{"events":3,"p50_us":128,"p99_us":1050,"max_us":5}},"log":{"first":1,"newest":9,"bytes":100,"capacity":200}})"),
              AllOf(HasSubstr("authenticated at http://h:1 over polling as user 3, since 11:59:58 (2 s)"),
                    HasSubstr("shop-7, shop-8 (waiting), 42 (a number) (asked)\n"),
                    HasSubstr("4 attempts to connect, 1 outage\n"), HasSubstr("2 programs connected, 1 subscribed"),
                    HasSubstr("half of 3 deliveries within 0.13 ms, 99 of 100 within 1.05 ms, the slowest 0.01 ms\n"),
                    HasSubstr("events 1 to 9, 100 of 200 bytes"), HasSubstr("roombridged 0.1.0, process 7, up 10 s"),
                    HasSubstr("/etc/x.yaml"), Not(HasSubstr("next"))));
}

TEST(explain_status, says_that_nothing_names_the_user) {
  EXPECT_THAT(explained(R"({"upstream":{"state":"authenticated","user_unnamed":"nothing names the user: so"}})"),
              HasSubstr("user        nothing names the user: so\n"));
}

TEST(explain_status, shows_every_warning) {
  EXPECT_THAT(
      explained(R"({"upstream":{"state":"authenticated"},"warnings":["upstream.url: so\u001b",7,"and so"]})"),
      AllOf(HasSubstr("warning     upstream.url: so"), HasSubstr("warning     and so\n"), Not(HasSubstr("\033"))));
}

TEST(explain_status, says_why_not_and_when_it_tries_again) {
  EXPECT_THAT(explained(R"({"upstream":{"state":"offline","cause":"tcp_refused","text":"nothing listens at h:1",
    "next_attempt":1764072003000000}})"),
              AllOf(HasSubstr("because     nothing listens at h:1 (tcp_refused)"),
                    HasSubstr("next attempt in 3 s (12:00:03)"), HasSubstr("roombridgectl reconnect")));
}

TEST(explain_status, says_how_long_an_outage_lasts_whatever_its_states) {
  EXPECT_THAT(
      explained(
          R"({"upstream":{"state":"offline","since":1764071999000000,"away_since":1764060120000000,"url":"http://h:1"}})"),
      HasSubstr("offline at http://h:1, away since 08:42:00 (3 h 18 min)\n"));
}

TEST(explain_status, says_what_to_do_and_what_happened_how_often) {
  const auto text = explained(R"({"upstream":{"state":"offline","cause":"tcp_refused","text":"nothing listens at h:1",
    "next_attempt":1764072003000000,"causes":{"kicked":1,"tcp_refused":12,"a\u001b":2,"x":"y"}}})");
  EXPECT_THAT(text, HasSubstr("advice      is the server running, and the port in upstream.url right?\n"));
  EXPECT_THAT(text, HasSubstr("ended by    tcp_refused 12, a"));
  EXPECT_THAT(text, AllOf(HasSubstr(", kicked 1\n"), Not(HasSubstr("\033"))));
  EXPECT_THAT(explained(R"({"upstream":{"state":"authenticated","cause":"tcp_refused","causes":[]}})"),
              AllOf(Not(HasSubstr("advice")), Not(HasSubstr("ended by"))));
}

TEST(explain_status, says_when_the_token_expires) {
  const auto token = [](const std::string& more) {
    return explained(R"({"upstream":{"state":"authenticated","token_expires":)" + more + "}}");
  };
  EXPECT_THAT(token("1764072030000000"), HasSubstr("token       expires at 12:00:30 (in 30 s)\n"));
  EXPECT_THAT(token(R"(1764072030000000,"token_stale":true)"),
              HasSubstr("expires at 12:00:30 (in 30 s), and its source has no newer one yet\n"));
  EXPECT_THAT(token("1764071990000000"), HasSubstr("expired at 11:59:50 (10 s ago)\n"));
}

TEST(explain_status, says_what_every_other_state_waits_for) {
  const auto state = [](const char* name) {
    return explained(R"({"upstream":{"state":")" + std::string{name} + "\"}}");
  };
  EXPECT_THAT(explained(R"({"upstream":{"state":"connecting","cause":"tcp_refused","text":"nothing listens"}})"),
              HasSubstr("before      nothing listens (tcp_refused)"));
  EXPECT_THAT(state("offline"), HasSubstr("no attempt is planned"));
  EXPECT_THAT(state("connecting"), HasSubstr("an attempt to connect is under way"));
  EXPECT_THAT(state("connected"), HasSubstr("without authentication"));
  EXPECT_THAT(state("authenticating"), HasSubstr("waits for the server's answer"));
}

TEST(explain_status, says_why_no_program_can_connect) {
  EXPECT_THAT(explained(R"({"local":{"connections":2,"trouble":"/run/s: there is a directory"}})"),
              HasSubstr("no program can connect: /run/s: there is a directory"));
}

TEST(explain_status, counts_named_subscribers) {
  EXPECT_THAT(explained(R"({"local":{"connections":2,"subscribers":1,"named_subscribers":1}})"),
              HasSubstr("2 programs connected, 1 subscribed, 1 named subscriber\n"));
  EXPECT_THAT(explained(R"({"local":{"connections":2,"subscribers":1,"named_subscribers":0}})"),
              HasSubstr("1 subscribed\n"));
}

TEST(explain_status, says_how_near_the_daemon_is_to_its_end_by_memory) {
  EXPECT_THAT(explained(R"({"memory":{"used":41943040}})"), HasSubstr("memory      40 MiB\n"));
  EXPECT_THAT(explained(R"({"memory":{"used":41943040,"limit":536870912}})"),
              HasSubstr("memory      40 MiB of at most 512 MiB (MemoryMax= of the unit)\n"));
  EXPECT_THAT(explained("{}"), Not(HasSubstr("memory")));
}

TEST(explain_status, names_a_journal_that_is_not_written_and_when_it_is_tried_again) {
  EXPECT_THAT(
      explained(R"({"log":{"journal":{"state":"degraded","text":"journal: cannot write /j/ledger: full",
    "next_attempt":1764072003000000}}})"),
      HasSubstr("journal     events are not kept on disk: journal: cannot write /j/ledger: full; tried again at "
                "12:00:03\n"));
  EXPECT_THAT(explained(R"({"log":{"journal":{"state":"degraded","text":"full"}}})"),
              HasSubstr("full; the last try worked, and is watched\n"));
  EXPECT_THAT(explained(R"({"log":{"journal":{"state":"durable"}}})"), Not(HasSubstr("journal  ")));
}

TEST(explain_status, says_what_of_the_journal_is_damaged) {
  EXPECT_THAT(explained(R"({"log":{"journal":{"state":"durable","damaged":1,"damage":"/j/1 is damaged at byte 7"}}})"),
              HasSubstr("damaged     /j/1 is damaged at byte 7\n"));
  EXPECT_THAT(explained(R"({"log":{"journal":{"state":"durable","damaged":3,"damage":"/j/1 is damaged at byte 7"}}})"),
              HasSubstr("damaged     3 places of the journal, see the log; the last: /j/1 is damaged at byte 7\n"));
}

TEST(explain_status, survives_whatever_a_daemon_says) {
  EXPECT_EQ(explained("not json"), "nothing");
  EXPECT_EQ(explained("[]"), "nothing");
  explained("{}");
  explained(R"({"upstream":7,"rooms":{},"local":[],"log":"x","pid":"y","started":-1,"config":null})");
  EXPECT_THAT(explained(R"({"rooms":[1,{"room":2},{"room":"a\u001b"}],"server":"\u001b[2J"})"), Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace roombridge::ctl
