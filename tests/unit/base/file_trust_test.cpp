// SPDX-License-Identifier: MIT
#include "daemon/base/file_trust.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace roombridge {
namespace {

constexpr own_ids own{.user = 900, .group = 901};
constexpr uid_t stranger = 1000;
constexpr gid_t strangers = 1001;

// Whether the kernel lets a user that is not the file's owner write, by credentials(7).
bool may_write(const file_facts& what, gid_t member_of) {
  return (what.mode & (member_of == what.group ? S_IWGRP : S_IWOTH)) != 0;
}

TEST(file_trust, others_may_write_what_the_kernel_lets_some_stranger_write) {
  for (const gid_t group : std::array<gid_t, 3>{0, own.group, strangers}) {
    for (mode_t mode = 0; mode <= 07777; ++mode) {
      const file_facts what{.owner = own.user, .group = group, .mode = S_IFDIR | mode};
      constexpr gid_t none = 5000;
      const bool expected = may_write(what, strangers) || may_write(what, none);
      ASSERT_EQ(others_may_write(what, own), expected) << std::oct << mode << " group " << std::dec << group;
    }
  }
}

std::string objection(uid_t owner, gid_t group, mode_t mode, sticky bit = sticky::suffices) {
  return distrust_of_directory("/srv/rb", {owner, group, S_IFDIR | mode}, own, bit);
}

TEST(file_trust, a_directory_is_ours_when_nobody_else_can_put_something_into_it) {
  EXPECT_EQ(objection(own.user, own.group, 0700), "");
  EXPECT_EQ(objection(0, 0, 0755), "");
  EXPECT_EQ(objection(0, own.group, 0775), "") << "the service's own group";
  EXPECT_EQ(objection(0, 0, 01777), "") << "/tmp: a file stays its owner's";
  EXPECT_EQ(objection(stranger, own.group, 0770),
            "the directory /srv/rb belongs to uid 1000, who can replace what is in it; give it to the daemon's user: "
            "chown 900 /srv/rb");
  EXPECT_EQ(objection(own.user, strangers, 0770),
            "the directory /srv/rb has mode 0770 and gid 1001: others can replace what is in it; take that from them: "
            "chmod go-w /srv/rb");
  EXPECT_NE(objection(0, 0, 0777), "");
}

TEST(file_trust, a_sticky_bit_is_not_enough_for_what_must_be_ours_alone) {
  EXPECT_NE(objection(0, 0, 01777, sticky::does_not), "");
  EXPECT_NE(objection(stranger, 0, 01755), "") << "its owner may all the same";
}

TEST(file_trust, a_path_is_one_word_for_a_shell) {
  EXPECT_EQ(shell_word("/etc/roombridge/token"), "/etc/roombridge/token");
  EXPECT_EQ(shell_word("/srv/a b"), "'/srv/a b'");
  EXPECT_EQ(shell_word("/srv/it's"), "'/srv/it'\\''s'");
  EXPECT_EQ(shell_word("/srv/$(x)"), "'/srv/$(x)'");
  EXPECT_EQ(shell_word("-rf"), "'-rf'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace roombridge
