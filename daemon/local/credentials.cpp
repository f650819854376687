// SPDX-License-Identifier: MIT
#include "daemon/local/credentials.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

namespace roombridge::local {
namespace {

constexpr std::size_t largest_lookup = 1u << 20;  // bytes of one user's or group's record

std::optional<std::uint32_t> number_of(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Calls getpwnam_r or its like with a buffer that grows as it asks.
template <class Record, class Lookup>
account_id find(const Lookup& lookup, const std::string& name, std::uint32_t Record::*id) {
  if (const auto number = number_of(name)) return {number, 0};
  Record record{};
  Record* found = nullptr;
  std::vector<char> buffer;
  int error = ERANGE;
  for (std::size_t size = 1024; error == ERANGE && size <= largest_lookup; size *= 2) {
    buffer.resize(size);
    error = lookup(name.c_str(), &record, buffer.data(), buffer.size(), &found);
  }
  if (found == nullptr) return {std::nullopt, error};
  return {found->*id, 0};
}

std::vector<gid_t> peer_groups(int fd) {
  std::vector<gid_t> groups(16);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int result = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    if (result != 0 && errno != ERANGE) return {};
    groups.resize(size / sizeof(gid_t));
    if (result == 0) return groups;
  }
}

bool contains(const auto& list, auto value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

std::optional<credentials> peer_credentials(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return credentials{peer.pid, peer.uid, peer.gid, peer_groups(fd)};
}

account_id find_user(const std::string& name) {
  return find<passwd>(::getpwnam_r, name, &passwd::pw_uid);
}

account_id find_group(const std::string& name) {
  return find<group>(::getgrnam_r, name, &group::gr_gid);
}

std::string describe_missing(const account_id& found, std::string_view kind, const std::string& name) {
  const std::string what = std::string{kind} + ' ' + name;
  if (found.error == 0) return "there is no " + what;
  return "the " + what + " cannot be looked up now: " + std::strerror(found.error);
}

account_list::account_list(const std::vector<std::string>& users, const std::vector<std::string>& groups) {
  const auto add = [](const account_id& found, auto& ids) {
    if (found.id) ids.push_back(*found.id);
  };
  for (const auto& name : users) add(find_user(name), users_);
  for (const auto& name : groups) add(find_group(name), groups_);
}

bool account_list::has(const credentials& who) const {
  if (contains(users_, who.uid) || contains(groups_, who.gid)) return true;
  return std::any_of(who.groups.begin(), who.groups.end(), [this](gid_t group) { return contains(groups_, group); });
}

}  // namespace roombridge::local
