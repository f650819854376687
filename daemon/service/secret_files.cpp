// SPDX-License-Identifier: MIT
#include "daemon/service/secret_files.hpp"

#include <grp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "daemon/base/file_look.hpp"
#include "daemon/local/credentials.hpp"
#include "daemon/upstream/token/token.hpp"

namespace roombridge::service {
namespace {

constexpr const char* service_account = "roombridge";  // of the package
constexpr const char* environment_file = "/etc/default/roombridge";

std::vector<secret_file> files_of(const config::reading& from) {
  std::vector<secret_file> out;
  const auto add = [&out](std::string key, std::string path) {
    if (!path.empty()) out.push_back({std::move(key), std::move(path)});
  };
  const upstream::options& up = from.value->upstream;
  if (!from.secret_keys.empty()) add("the configuration, which holds " + from.secret_keys.front(), from.places.file);
  add("upstream.token", upstream::token_path(up.token).value_or(std::string()));
  const bool with_certificate = up.tls.key_file.empty();
  add(with_certificate ? "upstream.tls.certificate_file" : "upstream.tls.key_file",
      with_certificate ? up.tls.certificate_file : up.tls.key_file);
  add("upstream.proxy.credentials_file", up.proxy.credentials_file);
  add("the unit's environment", environment_file);
  return out;
}

// Those that the config names, and the one that opens the socket.
std::vector<std::pair<gid_t, std::string>> groups_that_connect(const local::options& config) {
  std::vector<std::pair<gid_t, std::string>> out;
  const auto add = [&out](const std::string& name) {
    if (const auto found = local::find_group(name); found.id) out.emplace_back(*found.id, name);
  };
  add(config.group.empty() ? std::string(local::clients_group) : config.group);
  for (const std::string& name : config.admin_groups) add(name);
  for (const local::access_rule& rule : config.access) {
    for (const std::string& name : rule.groups) add(name);
  }
  return out;
}

std::string name_of(gid_t group) {
  std::array<char, 16 * 1024> space{};
  ::group record{};
  ::group* found = nullptr;
  const int error = ::getgrgid_r(group, &record, space.data(), space.size(), &found);
  return error == 0 && found != nullptr ? found->gr_name : std::to_string(group);
}

secret_files make(const config::reading& from, const own_ids& own) {
  return {files_of(from), {own, name_of(own.group), groups_that_connect(from.value->local)}};
}

}  // namespace

secret_files find_secret_files(const config::reading& from) {
  return make(from, effective_ids());
}

std::string distrust_of(const secret_file& what, const secret_readers& readers) {
  const auto facts = look_at(what.path);
  if (!facts) return {};
  const std::string fault = distrust_of_secret(what.path, *facts, look_along(what.path), readers);
  return fault.empty() ? fault : what.key + ": " + fault;
}

std::vector<config::error> objections_to_secrets(const config::reading& from) {
  const auto user = local::find_user(service_account);
  const auto group = local::find_group(service_account);
  const bool as_service = ::geteuid() == 0 && user.id && group.id;
  const auto [files, readers] = make(from, as_service ? own_ids{*user.id, *group.id} : effective_ids());
  std::vector<config::error> out;
  for (const secret_file& each : files) {
    const std::string fault = distrust_of(each, readers);
    if (fault.empty()) continue;
    const bool placed = from.places.keys.contains(each.key);
    out.push_back(placed ? from.places.error_of(each.key, fault.substr(each.key.size() + 2))
                         : config::error{from.places.file, 0, 0, fault});
  }
  return out;
}

}  // namespace roombridge::service
