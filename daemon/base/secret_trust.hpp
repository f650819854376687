// SPDX-License-Identifier: MIT
// Whether a file that holds a secret is one that only its service reads, and that nobody else can change or replace.
// Pure: it judges what was seen of the file and of the way to it. A directory that others may not enter hides what is
// in it, whatever the file's own mode.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/file_trust.hpp"

namespace roombridge {

// A directory on the way to a file, and what has the next name there; nothing: there is none.
struct path_stop {
  std::string directory;
  file_facts of_directory;
  std::optional<file_facts> entry;
};

struct secret_readers {
  own_ids own;                                        // of the service
  std::string own_group;                              // its name, for commands
  std::vector<std::pair<gid_t, std::string>> others;  // groups that may connect, with their names
};

// What is wrong and the command that mends it: "/etc/roombridge/token can be read by everyone (mode 0644); mend it by:
// chgrp roombridge /etc/roombridge/token; chmod 640 /etc/roombridge/token". Empty: nothing is.
[[nodiscard]] std::string distrust_of_secret(const std::string& path, const file_facts& file,
                                             const std::vector<path_stop>& way, const secret_readers& readers);

}  // namespace roombridge
