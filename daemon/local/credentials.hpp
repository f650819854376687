// SPDX-License-Identifier: MIT
// Who a local peer is, by the kernel's word, and whether the config names it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/logger.hpp"

namespace roombridge::local {

// As of the peer's connect().
struct credentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
};

// Of the peer of a connected Unix socket; nothing when the kernel does not tell.
[[nodiscard]] std::optional<credentials> peer_credentials(int fd);

// Users and groups that the config names. Pure once resolved.
class account_list {
 public:
  // Looks the names up; one that does not exist is warned of, naming the config's `key`, and matches nobody.
  account_list(const std::vector<std::string>& users, const std::vector<std::string>& groups, std::string_view key,
               logger& log);

  // Whether it has the user, or one of the groups.
  [[nodiscard]] bool has(const credentials& who) const;

 private:
  std::vector<uid_t> users_;
  std::vector<gid_t> groups_;
};

// The id of a user or group given by name or number; nothing when there is none of this name.
[[nodiscard]] std::optional<uid_t> find_user(const std::string& name);
[[nodiscard]] std::optional<gid_t> find_group(const std::string& name);

}  // namespace roombridge::local
