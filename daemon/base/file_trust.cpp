// SPDX-License-Identifier: MIT
#include "daemon/base/file_trust.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace roombridge {
namespace {

std::string in_octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("/._-+:@%,").find(c) != std::string::npos;
}

}  // namespace

file_facts facts_of(const struct stat& status) {
  return {status.st_uid, status.st_gid, status.st_mode};
}

own_ids effective_ids() {
  return {::geteuid(), ::getegid()};
}

own_ids likely_ids(const file_facts& directory) {
  const own_ids own = effective_ids();
  return own.user == 0 ? own_ids{directory.owner, directory.group} : own;
}

bool others_may_write(const file_facts& what, const own_ids& own) {
  const bool own_group = what.group == 0 || what.group == own.group;
  return (what.mode & S_IWOTH) != 0 || ((what.mode & S_IWGRP) != 0 && !own_group);
}

std::string distrust_of_directory(std::string_view path, const file_facts& what, const own_ids& own, sticky bit) {
  const std::string begin = "the directory " + std::string(path);
  if (what.owner != 0 && what.owner != own.user) {
    return begin + " belongs to uid " + std::to_string(what.owner) +
           ", who can replace what is in it; give it to the daemon's user: chown " + std::to_string(own.user) + ' ' +
           shell_word(path);
  }
  if (!others_may_write(what, own)) return {};
  if (bit == sticky::suffices && (what.mode & S_ISVTX) != 0) return {};
  return begin + " has mode " + in_octal(what.mode) + " and gid " + std::to_string(what.group) +
         ": others can replace what is in it; take that from them: chmod go-w " + shell_word(path);
}

std::string shell_word(std::string_view path) {
  if (!path.empty() && path.front() != '-' && std::all_of(path.begin(), path.end(), is_plain)) return std::string(path);
  std::string out = "'";
  for (const char c : path) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + '\'';
}

}  // namespace roombridge
