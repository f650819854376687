// SPDX-License-Identifier: MIT
#include "daemon/service/report.hpp"

#include <gtest/gtest.h>

namespace roombridge::service {
namespace {

upstream::client_status refused() {
  upstream::client_status out;
  out.state = upstream::state::offline;
  out.cause = "http_4xx";
  out.text = "the server answered 403: \"what the server said\"";
  return out;
}

TEST(manager_line, tells_every_user_of_the_machine_what_a_cause_means_and_not_what_the_server_said) {
  const std::string line = manager_line(refused(), {});
  EXPECT_TRUE(line.starts_with("offline: ")) << line;
  EXPECT_TRUE(line.ends_with(" (http_4xx)")) << line;
  EXPECT_EQ(line.find("said"), std::string::npos) << line;
}

TEST(manager_line, tells_no_cause_that_is_of_the_past) {
  upstream::client_status status = refused();
  status.state = upstream::state::connecting;
  EXPECT_EQ(manager_line(status, {}), "connecting");
  status.next_attempt = upstream::wall_time{};
  EXPECT_NE(manager_line(status, {}).find("http_4xx"), std::string::npos);
}

TEST(manager_line, is_one_line) {
  upstream::client_status status;
  status.state = upstream::state::authenticated;
  EXPECT_EQ(manager_line(status, "/a\nMAINPID=1"), "authenticated; no local program can connect: /a\\nMAINPID=1");
}

}  // namespace
}  // namespace roombridge::service
