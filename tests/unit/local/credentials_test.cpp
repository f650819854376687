// SPDX-License-Identifier: MIT
#include "daemon/local/credentials.hpp"

#include <grp.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "support.hpp"

namespace roombridge::local {
namespace {

// In a process of its own, since root gives itself more groups than are asked for at first.
[[noreturn]] void compare_with_own() {
  std::vector<gid_t> own(20);
  std::iota(own.begin(), own.end(), gid_t{5000});
  if (::geteuid() == 0) ::setgroups(own.size(), own.data());
  own.resize(static_cast<std::size_t>(::getgroups(0, nullptr)));
  own.resize(static_cast<std::size_t>(::getgroups(static_cast<int>(own.size()), own.data())));

  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()) != 0) ::_exit(2);
  auto who = peer_credentials(fds[0]);
  if (!who || who->pid != ::getpid() || who->uid != ::geteuid() || who->gid != ::getegid()) ::_exit(3);
  std::sort(own.begin(), own.end());
  std::sort(who->groups.begin(), who->groups.end());
  ::_exit(who->groups == own ? 0 : 4);
}

TEST(credentials, are_the_peers) {
  EXPECT_EXIT(compare_with_own(), testing::ExitedWithCode(0), "");
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
