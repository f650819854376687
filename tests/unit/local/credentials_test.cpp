// SPDX-License-Identifier: MIT
#include "daemon/local/credentials.hpp"

#include <grp.h>
#include <unistd.h>

#include "support.hpp"

namespace roombridge::local {
namespace {

TEST(credentials, are_the_peers) {
  std::array<int, 2> fds{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()), 0);
  const unique_fd mine{fds[0]};
  const unique_fd other{fds[1]};
  const auto who = peer_credentials(mine.get());
  ASSERT_TRUE(who);
  EXPECT_EQ(who->pid, ::getpid());
  EXPECT_EQ(who->uid, ::geteuid());
  EXPECT_EQ(who->gid, ::getegid());
  std::vector<gid_t> own(static_cast<std::size_t>(::getgroups(0, nullptr)));
  own.resize(static_cast<std::size_t>(::getgroups(static_cast<int>(own.size()), own.data())));
  EXPECT_EQ(who->groups, own);
}

TEST(credentials, names_and_numbers) {
  EXPECT_EQ(find_user("root"), 0u);
  EXPECT_EQ(find_user("4711"), 4711u);
  EXPECT_EQ(find_user("nobody knows"), std::nullopt);
  EXPECT_EQ(find_group("root"), 0u);
  EXPECT_EQ(find_group("12x"), std::nullopt);
}

TEST(admin_rule, root_the_daemon_and_whom_the_config_lists) {
  options config;
  config.admin_users = {"1001", "nobody knows"};
  config.admin_groups = {"2002", "nor that group"};
  recording_logger log;
  const admin_rule rule{config, 990, log};
  EXPECT_TRUE(rule.allows({1, 0, 5, {}}));
  EXPECT_TRUE(rule.allows({1, 990, 5, {}}));
  EXPECT_TRUE(rule.allows({1, 1001, 5, {}}));
  EXPECT_TRUE(rule.allows({1, 1002, 2002, {}}));
  EXPECT_TRUE(rule.allows({1, 1002, 5, {7, 2002}}));
  EXPECT_FALSE(rule.allows({1, 1002, 0, {7, 1001}})) << "a user's number is not a group's";
  EXPECT_EQ(log.count(log_level::warning), 2u);
}

}  // namespace
}  // namespace roombridge::local
