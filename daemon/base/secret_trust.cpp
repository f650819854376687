// SPDX-License-Identifier: MIT
#include "daemon/base/secret_trust.hpp"

#include <algorithm>
#include <cstdio>
#include <span>

namespace roombridge {
namespace {

// Somebody who owns nothing and is in this group only; nothing: in none.
using stranger = std::optional<gid_t>;

bool is_allowed(const file_facts& what, const stranger& who, mode_t by_group, mode_t by_others) {
  return (what.mode & (who == what.group ? by_group : by_others)) != 0;
}

bool can_enter(std::span<const path_stop> way, const stranger& who) {
  return std::all_of(way.begin(), way.end(),
                     [&who](const path_stop& each) { return is_allowed(each.of_directory, who, S_IXGRP, S_IXOTH); });
}

// Groups of which nobody but the service and root is a member.
bool is_own(gid_t group, const own_ids& own) {
  return group == 0 || group == own.group;
}

class judgement {
 public:
  judgement(const std::string& path, const file_facts& file, std::span<const path_stop> way,
            const secret_readers& readers)
      : path_(path), file_(file), way_(way), readers_(readers) {
    add(file.group);
    for (const path_stop& each : way) add(each.of_directory.group);
    for (const auto& [group, name] : readers.others) add(group);
  }

  [[nodiscard]] std::string made() const {
    if (const std::string who = who_reads(); !who.empty()) return path_ + " can be read by " + who + mend();
    if (others_change_it()) return path_ + " can be changed by others" + mend();
    for (std::size_t i = 0; i < way_.size(); ++i) {
      if (std::string why = who_replaces(i); !why.empty()) return path_ + " can be replaced: " + why;
    }
    return {};
  }

 private:
  [[nodiscard]] bool reads(const stranger& who) const {
    return is_allowed(file_, who, S_IRGRP, S_IROTH) && can_enter(way_, who);
  }
  void add(gid_t group) {
    if (!is_own(group, readers_.own)) strangers_.emplace_back(group);
  }

  [[nodiscard]] std::string who_reads() const {
    if (reads(std::nullopt)) return "everyone";
    for (const auto& [group, name] : readers_.others) {
      if (group != 0 && reads(group)) return "the group " + name + ", which may connect";
    }
    return {};
  }

  [[nodiscard]] bool others_change_it() const {
    return std::any_of(strangers_.begin(), strangers_.end(), [this](const stranger& who) {
      return is_allowed(file_, who, S_IWGRP, S_IWOTH) && can_enter(way_, who);
    });
  }

  // In the directory at `index` on the way, as far as they get there.
  [[nodiscard]] bool others_write_in(std::size_t index) const {
    const auto& directory = way_[index].of_directory;
    return std::any_of(strangers_.begin(), strangers_.end(), [&](const stranger& who) {
      return is_allowed(directory, who, S_IWGRP, S_IWOTH) && can_enter(way_.first(index + 1), who);
    });
  }

  [[nodiscard]] bool is_trusted(uid_t owner) const {
    return owner == 0 || owner == readers_.own.user || owner == file_.owner;
  }

  // Why somebody else can put another file in the place; empty: nobody can in this directory.
  [[nodiscard]] std::string who_replaces(std::size_t index) const {
    const auto& [directory, facts, entry] = way_[index];
    const bool own = is_trusted(facts.owner);
    const bool kept = (facts.mode & S_ISVTX) != 0 && entry && is_trusted(entry->owner);
    if (own && (kept || !others_write_in(index))) return {};
    const own_ids ids{own ? facts.owner : readers_.own.user, readers_.own.group};
    return distrust_of_directory(directory, facts, ids, sticky::does_not);
  }

  [[nodiscard]] std::string mend() const {
    char mode[16];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(file_.mode & 07777));
    const std::string file = shell_word(path_);
    const std::string begin = " (mode " + std::string(mode) + "); mend it by: ";
    if (file_.owner == readers_.own.user) return begin + "chmod 600 " + file;
    const bool own_group_connects =
        std::any_of(readers_.others.begin(), readers_.others.end(),
                    [this](const auto& each) { return each.first == readers_.own.group && each.first != 0; });
    if (own_group_connects) {
      return begin + "name another group than " + readers_.own_group +
             ", which is the service's own, in local.access, " +
             "local.admins and local.group (in the package roombridge-clients)";
    }
    return begin + "chgrp " + shell_word(readers_.own_group) + ' ' + file + "; chmod 640 " + file;
  }

  const std::string& path_;
  const file_facts& file_;
  std::span<const path_stop> way_;
  const secret_readers& readers_;
  std::vector<stranger> strangers_{std::nullopt};  // one of each kind that matters
};

}  // namespace

std::string distrust_of_secret(const std::string& path, const file_facts& file, const std::vector<path_stop>& way,
                               const secret_readers& readers) {
  return judgement(path, file, way, readers).made();
}

}  // namespace roombridge
