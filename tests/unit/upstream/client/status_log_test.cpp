// SPDX-License-Identifier: MIT
#include "daemon/upstream/client/status_log.hpp"

#include <gmock/gmock.h>

#include <utility>
#include <vector>

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// Keeps what is above debug.
class collector : public logger {
 public:
  bool enabled(log_level) const override { return true; }
  void write(log_level level, std::string_view text, std::initializer_list<log_field>) override {
    if (level > log_level::debug) lines.emplace_back(std::string(level == log_level::info ? "" : "! ").append(text));
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }

  std::vector<std::string> lines;
};

class status_log_test : public testing::Test {
 protected:
  void report(state now, cause why = cause::none, std::optional<std::chrono::seconds> next = std::nullopt) {
    session_status status;
    status.state = now;
    status.cause = why;
    status.text = to_string(why);
    if (next) status.next_attempt = now_ + *next;
    log_.report(status, "http://h:1", 2, {now_});
    now_ += 1s;
  }
  void authenticate(cause last) {
    report(state::connecting, last);
    report(state::connected, last);
    report(state::authenticating, last);
    report(state::authenticated, last);
  }

  std::chrono::steady_clock::time_point now_{};
  collector lines_;
  status_log log_{lines_};
};

TEST_F(status_log_test, the_way_is_told_when_it_changes_to_one_through_a_proxy) {
  for (const char* way : {"", "https://h:1 through http://p:2", "https://h:1 through http://p:2", "", "x"})
    log_.way(way);
  EXPECT_THAT(lines_.take(), ElementsAre("connecting to https://h:1 through http://p:2", "connecting to x"));
}

TEST_F(status_log_test, what_repeats_itself_is_told_once_a_minute) {
  for (int i = 0; i < 20; ++i) {
    report(state::connecting, cause::tcp_refused);
    report(state::offline, cause::tcp_refused, 1s);
  }
  EXPECT_THAT(lines_.take(), ElementsAre(StartsWith("upstream connecting"), StartsWith("! upstream offline")));
  now_ += 60s;
  report(state::offline, cause::tcp_refused, 1s);
  EXPECT_THAT(lines_.take(), ElementsAre(HasSubstr("(19 more since the last such line)")));
}

TEST_F(status_log_test, polling_is_told_and_so_is_its_end) {
  session_status status;
  status.state = state::authenticated;
  status.transport = transport_kind::polling;
  log_.report(status, "http://h:1", 2, {now_});
  EXPECT_THAT(lines_.take(), ElementsAre("upstream authenticated: http://h:1, 2 rooms over HTTP long-polling"));
  status.transport = transport_kind::websocket;
  log_.report(status, "http://h:1", 2, {now_});
  EXPECT_THAT(lines_.take(), ElementsAre("upstream authenticated: http://h:1, 2 rooms"));
}

TEST_F(status_log_test, a_logout_is_told_however_soon_it_follows_another) {
  for (int i = 0; i < 3; ++i) {
    report(state::offline, cause::token_missing);
    EXPECT_THAT(lines_.take(), ElementsAre(StartsWith("upstream offline"))) << i;
    authenticate(cause::token_missing);
    EXPECT_THAT(lines_.take(), Contains(StartsWith("upstream authenticated"))) << i;
  }
}

TEST_F(status_log_test, the_end_of_an_outage_is_told_when_its_begin_was) {
  authenticate(cause::none);
  report(state::offline, cause::server_closed, 1s);
  now_ += 30s;
  authenticate(cause::server_closed);
  now_ += 30s;
  lines_.take();
  report(state::offline, cause::server_closed, 1s);
  EXPECT_THAT(lines_.take(), ElementsAre(StartsWith("! upstream offline")));
  authenticate(cause::server_closed);
  EXPECT_THAT(lines_.take(), ElementsAre(StartsWith("upstream authenticated")));
}

TEST_F(status_log_test, a_connection_that_flaps_makes_no_noise) {
  for (int i = 0; i < 5; ++i) {
    authenticate(cause::server_closed);
    report(state::offline, cause::server_closed, 1s);
  }
  authenticate(cause::server_closed);
  EXPECT_THAT(lines_.take(), ElementsAre(StartsWith("upstream connecting"), StartsWith("upstream authenticated"),
                                         StartsWith("! upstream offline"), StartsWith("upstream authenticated")));
}

TEST_F(status_log_test, what_a_person_has_to_mend_is_a_warning) {
  for (const cause why : {cause::token_unreadable, cause::bad_url, cause::tls_expired, cause::http_4xx}) {
    report(state::offline, why);
    EXPECT_THAT(lines_.take(), ElementsAre(StartsWith("! "))) << to_string(why);
  }
  for (const cause why : {cause::token_missing, cause::shutdown, cause::reconnect_requested, cause::reconfigured}) {
    report(state::offline, why);
    EXPECT_THAT(lines_.take(), ElementsAre(StartsWith("upstream offline"))) << to_string(why);
  }
}

}  // namespace
}  // namespace roombridge::upstream
