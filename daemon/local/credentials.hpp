// SPDX-License-Identifier: MIT
// Who a local peer is, by the kernel's word, and who may do what changes things.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "daemon/base/logger.hpp"
#include "daemon/local/options.hpp"

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

// The `admins` rule: root, the daemon's own user, and the users and groups of the config. Pure once resolved.
class admin_rule {
 public:
  // Looks the names up; one that does not exist is warned of and matches nobody.
  admin_rule(const options& config, uid_t own, logger& log);

  [[nodiscard]] bool allows(const credentials& who) const;

 private:
  std::vector<uid_t> users_;
  std::vector<gid_t> groups_;
};

// The id of a user or group given by name or number; nothing when there is none of this name.
[[nodiscard]] std::optional<uid_t> find_user(const std::string& name);
[[nodiscard]] std::optional<gid_t> find_group(const std::string& name);

}  // namespace roombridge::local
