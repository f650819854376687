// SPDX-License-Identifier: MIT
#include "daemon/local/socket_access.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "daemon/local/credentials.hpp"
#include "daemon/local/socket_error.hpp"

namespace roombridge::local {
namespace {

constexpr auto unchanged = static_cast<uid_t>(-1);

std::uint32_t id_of(const std::string& name, const std::string& key, std::string_view kind,
                    account_id (*find)(const std::string&)) {
  if (name.empty()) return unchanged;
  const account_id found = find(name);
  // A name service that does not answer is no mistake of the config's.
  if (!found.id) throw socket_error(found.error == 0 ? EINVAL : EAGAIN, key, describe_missing(found, kind, name));
  return *found.id;
}

// Where the config names none. Whoever may connect must not share the group that may read the daemon's secrets.
gid_t default_group() {
  const account_id clients = find_group(std::string(clients_group));
  return clients.id && ::group_member(*clients.id) != 0 ? *clients.id : unchanged;
}

}  // namespace

socket_access look_up_socket_access(const options& config) {
  return {.owner = id_of(config.owner, "local.owner", "user", find_user),
          .group = config.group.empty() ? default_group() : id_of(config.group, "local.group", "group", find_group),
          .mode = config.mode};
}

}  // namespace roombridge::local
