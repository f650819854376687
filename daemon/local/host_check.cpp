// SPDX-License-Identifier: MIT
#include "daemon/local/host_check.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "daemon/base/file_look.hpp"
#include "daemon/base/file_trust.hpp"
#include "daemon/local/credentials.hpp"

namespace roombridge::local {
namespace {

using look_up = account_id (*)(const std::string&);

void check_owner(const std::string& key, const std::string& name, look_up find, std::string_view kind,
                 std::vector<objection>& out) {
  if (name.empty()) return;
  // That a name service does not answer passes by itself.
  if (const auto found = find(name); !found.id)
    out.push_back({key, describe_missing(found, kind, name), found.error == 0});
}

void check_all(const std::string& key, const std::vector<std::string>& names, look_up find, std::string_view kind,
               std::vector<objection>& out) {
  for (const std::string& name : names) {
    if (const auto found = find(name); !found.id)
      out.push_back(
          {key, describe_missing(found, kind, name) + "; the entry matches nobody until a reload finds it", false});
  }
}

}  // namespace

std::vector<objection> objections_to_accounts(const options& config) {
  std::vector<objection> out;
  check_owner("local.owner", config.owner, find_user, "user", out);
  check_owner("local.group", config.group, find_group, "group", out);
  check_all("local.admins.users", config.admin_users, find_user, "user", out);
  check_all("local.admins.groups", config.admin_groups, find_group, "group", out);
  for (std::size_t i = 0; i < config.access.size(); ++i) {
    const std::string rule = "local.access[" + std::to_string(i) + "].";
    check_all(rule + "users", config.access[i].users, find_user, "user", out);
    check_all(rule + "groups", config.access[i].groups, find_group, "group", out);
  }
  return out;
}

std::vector<objection> objections_to_place(const options& config) {
  const std::string& path = config.socket;
  const std::string directory = directory_of(path);
  struct stat there {};
  const int error = ::stat(directory.c_str(), &there) == 0 ? 0 : errno;
  if (error == ENOENT || error == ENOTDIR) {
    const bool made_at_start = error == ENOENT && directory.starts_with("/run/");
    return {{"local.socket",
             path + ": the directory " + directory + " does not exist" +
                 (made_at_start ? " now; the service manager makes it where the unit has RuntimeDirectory=" : ""),
             !made_at_start}};
  }
  if (const file_facts facts = facts_of(there); error == 0) {
    std::string distrust = distrust_of_directory(directory, facts, likely_ids(facts), sticky::suffices);
    if (!distrust.empty()) return {{"local.socket", path + ": " + distrust, true}};
  }
  if (::lstat(path.c_str(), &there) == 0 && !S_ISSOCK(there.st_mode))
    return {{"local.socket", path + ": there is something that is not a socket; remove it", true}};
  return {};
}

}  // namespace roombridge::local
