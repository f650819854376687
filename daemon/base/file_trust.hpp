// SPDX-License-Identifier: MIT
// Whether somebody else may write a file or directory, or put another one in its place. Pure: it judges what stat(2)
// has told. Whom one trusts: root, the daemon's user, and the daemon's own group, which nobody else is in.
//
// Access control lists are not looked at. The group's bits are the most that a list may grant.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

namespace roombridge {

struct file_facts {
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0;  // with the type
};
[[nodiscard]] file_facts facts_of(const struct stat& status);

struct own_ids {
  uid_t user = 0;
  gid_t group = 0;
};
// Those that decide what this process may do with files.
[[nodiscard]] own_ids effective_ids();
// Those of the daemon, as far as who asks can tell: root may look at what is meant for another user, whom `directory`
// names best.
[[nodiscard]] own_ids likely_ids(const file_facts& directory);

// Its mode lets others write, whoever owns it.
[[nodiscard]] bool others_may_write(const file_facts& what, const own_ids& own);

// A directory in which a sticky bit leaves each file to its owner counts as one's own.
enum class sticky { suffices, does_not };

// Why a directory is no place for files of the daemon, and the command that mends it; empty: it is one. `path`: as it
// is shown.
[[nodiscard]] std::string distrust_of_directory(std::string_view path, const file_facts& what, const own_ids& own,
                                                sticky bit);

// For a shell: in quotes where it needs some.
[[nodiscard]] std::string shell_word(std::string_view path);

}  // namespace roombridge
