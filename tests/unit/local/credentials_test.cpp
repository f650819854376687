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
  EXPECT_EQ(find_user("root").id, 0u);
  EXPECT_EQ(find_user("4711").id, 4711u);
  EXPECT_EQ(find_user("nobody knows").id, std::nullopt);
  EXPECT_EQ(find_user("nobody knows").error, 0);
  EXPECT_EQ(find_group("root").id, 0u);
  EXPECT_EQ(find_group("12x").id, std::nullopt);
}

TEST(credentials, say_whether_an_account_is_unknown_or_cannot_be_told_now) {
  EXPECT_EQ(describe_missing({}, "group", "tills"), "there is no group tills");
  EXPECT_EQ(describe_missing({std::nullopt, EIO}, "user", "till"),
            "the user till cannot be looked up now: Input/output error");
}

TEST(account_list, has_its_users_and_the_members_of_its_groups) {
  const account_list list{{"1001", "nobody knows"}, {"2002", "nor that group"}};
  EXPECT_TRUE(list.has({1, 1001, 5, {}}));
  EXPECT_TRUE(list.has({1, 1002, 2002, {}}));
  EXPECT_TRUE(list.has({1, 1002, 5, {7, 2002}}));
  EXPECT_FALSE(list.has({1, 1002, 5, {7, 1001}})) << "a user's number is not a group's";
  EXPECT_FALSE(list.has({1, 0, 0, {}}));
}

}  // namespace
}  // namespace roombridge::local
