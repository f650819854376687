// SPDX-License-Identifier: MIT
#include "daemon/local/credentials.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
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

// Calls getpwnam_r or getgrnam_r with a buffer that grows as it asks.
template <class Record, class Lookup>
std::optional<Record> look_up(const Lookup& lookup, const std::string& name, std::vector<char>& buffer) {
  for (buffer.resize(1024); buffer.size() <= largest_lookup; buffer.resize(buffer.size() * 2)) {
    Record record;
    Record* found = nullptr;
    const int error = lookup(name.c_str(), &record, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) continue;
    if (found == nullptr) return std::nullopt;
    return record;
  }
  return std::nullopt;
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

std::optional<uid_t> find_user(const std::string& name) {
  if (const auto number = number_of(name)) return number;
  std::vector<char> buffer;
  const auto found = look_up<passwd>(::getpwnam_r, name, buffer);
  return found ? std::optional{found->pw_uid} : std::nullopt;
}

std::optional<gid_t> find_group(const std::string& name) {
  if (const auto number = number_of(name)) return number;
  std::vector<char> buffer;
  const auto found = look_up<group>(::getgrnam_r, name, buffer);
  return found ? std::optional{found->gr_gid} : std::nullopt;
}

account_list::account_list(const std::vector<std::string>& users, const std::vector<std::string>& groups,
                           std::string_view key, logger& log) {
  const auto add = [key, &log](auto id, auto& ids, std::string_view kind, const std::string& name) {
    if (id) return ids.push_back(*id);
    log.warning(std::string{key} + ": there is no " + std::string{kind} + ' ' + name + "; the entry matches nobody");
  };
  for (const auto& name : users) add(find_user(name), users_, "user", name);
  for (const auto& name : groups) add(find_group(name), groups_, "group", name);
}

bool account_list::has(const credentials& who) const {
  if (contains(users_, who.uid) || contains(groups_, who.gid)) return true;
  return std::any_of(who.groups.begin(), who.groups.end(), [this](gid_t group) { return contains(groups_, group); });
}

}  // namespace roombridge::local
