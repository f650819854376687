// SPDX-License-Identifier: MIT
#include "daemon/service/host_objections.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <variant>

#include "daemon/base/file_look.hpp"
#include "daemon/base/regular_file.hpp"
#include "daemon/local/host_check.hpp"
#include "daemon/upstream/exposure.hpp"

namespace roombridge::service {
namespace {

constexpr const char* nobody_named =
    "only root and the daemon's user may see events, hold rooms and send events; name others in it, e.g. local: "
    "{access: [{groups: [roombridge-clients], events: [\"*\"], topics: [\"*\"]}]}, or write access: [] if that is "
    "meant";

// Why files of the daemon are not safe in this directory; empty: they are, as far as that does not depend on who asks.
std::string distrust_of(const std::string& directory) {
  const auto facts = look_at(directory);
  return facts ? distrust_of_directory(directory, *facts, likely_ids(*facts), sticky::does_not) : std::string();
}

// Why nothing can be made at this path; empty: it can, likewise.
std::string no_place_at(const std::string& path) {
  const std::string parent = directory_of(path);
  struct stat there {};
  if (::stat(parent.c_str(), &there) != 0 && (errno == ENOENT || errno == ENOTDIR))
    return path + ": the directory " + parent + " does not exist; make it, with the daemon's user as its owner";
  return {};
}

// Why a file cannot be read; empty: it can.
std::string no_file_at(const std::string& path) {
  if (path.empty()) return {};
  const int error = read_regular_file(path, 0).error;
  if (error == 0) return {};
  if (error == EACCES)
    return path + ": must not be read by this user (" + std::strerror(error) +
           "); where the service runs as another, ask as that one";
  return path + ": " + describe_unread(error);
}

// One that does not exist yet is waited for.
std::string no_token_at(const upstream::token_options& options) {
  const auto* file = std::get_if<upstream::token_file>(&options);
  struct stat there {};
  if (file == nullptr || (::lstat(file->path.c_str(), &there) != 0 && errno == ENOENT)) return {};
  return no_file_at(file->path);
}

// `path`: with what is wrong with it, if something is.
std::string about(const std::string& path, const std::string& fault) {
  return fault.empty() ? fault : path + ": " + fault;
}

std::string no_journal_at(const std::string& path) {
  struct stat there {};
  if (path.empty()) return {};
  if (::stat(path.c_str(), &there) != 0) return no_place_at(path);
  if (!S_ISDIR(there.st_mode)) return path + ": is not a directory; events are not kept on disk until it is";
  return about(path, distrust_of(path));
}

std::string no_recovery_file_at(const std::string& path) {
  struct stat there {};
  if (path.empty()) return {};
  if (::lstat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode)) return path + ": is a directory; name a file in it";
  if (std::string missing = no_place_at(path); !missing.empty()) return missing;
  return about(path, distrust_of(directory_of(path)));
}

// Files without which the service starts all the same, and misses something.
std::vector<local::objection> objections_to_files(const config::settings& value, bool all) {
  std::vector<local::objection> out;
  const auto add = [&out](std::string key, std::string text) {
    if (!text.empty()) out.push_back({std::move(key), std::move(text), false});
  };
  add("upstream.recovery_file", no_recovery_file_at(value.upstream.recovery_file));
  // Of these the journal and each attempt to connect tell.
  if (!all) return out;
  add("journal.directory", no_journal_at(value.journal.directory));
  add("upstream.token", no_token_at(value.upstream.token));
  const auto& tls = value.upstream.tls;
  add("upstream.tls.ca_file", no_file_at(tls.ca_file));
  add("upstream.tls.certificate_file", no_file_at(tls.certificate_file));
  add("upstream.tls.key_file", no_file_at(tls.key_file));
  add("upstream.proxy.credentials_file", no_file_at(value.upstream.proxy.credentials_file));
  return out;
}

}  // namespace

host_objections object_to(const config::settings& value, const config::key_places& places, bool place) {
  std::vector<local::objection> found = local::objections_to_accounts(value.local);
  if (place) {
    for (local::objection& each : local::objections_to_place(value.local)) found.push_back(std::move(each));
  }
  for (local::objection& each : objections_to_files(value, place)) found.push_back(std::move(each));
  host_objections out;
  for (const local::objection& each : found)
    (each.fatal ? out.errors : out.warnings).push_back(places.error_of(each.key, each.text));
  if (!places.keys.contains("local.access")) out.warnings.push_back(places.error_of("local.access", nobody_named));
  // One that the config does not allow has been refused with it.
  if (const auto exposed = upstream::find_exposure(value.upstream))
    out.warnings.push_back(places.error_of(exposed->key, exposed->allowed()));
  return out;
}

}  // namespace roombridge::service
