// SPDX-License-Identifier: MIT
// Who a local peer is, by the kernel's word, and whether the config names it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  // Looks the names up; one that does not exist matches nobody (host_check.hpp warns of it).
  account_list(const std::vector<std::string>& users, const std::vector<std::string>& groups);

  // Whether it has the user, or one of the groups.
  [[nodiscard]] bool has(const credentials& who) const;

 private:
  std::vector<uid_t> users_;
  std::vector<gid_t> groups_;
};

// Of a user or a group.
struct account_id {
  std::optional<std::uint32_t> id;
  int error = 0;  // without an id: 0, there is none of this name; else of errno, and nobody can tell now
};

// Of a user or group given by name or number.
[[nodiscard]] account_id find_user(const std::string& name);
[[nodiscard]] account_id find_group(const std::string& name);

// Why there is no id: "there is no group tills". `kind`: "user" or "group".
[[nodiscard]] std::string describe_missing(const account_id& found, std::string_view kind, const std::string& name);

}  // namespace roombridge::local
