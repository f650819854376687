// SPDX-License-Identifier: MIT
// The model of a log: all that was ever appended, in every life and epoch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/log/sequence.hpp"

namespace roombridge::delivery {

// One subscription, and what its user may see of it; empty lists: everything.
struct filter {
  std::vector<std::string> events;
  std::vector<std::string> topics;
  std::vector<std::string> visible_topics;
};

struct happening {
  enum class kind { event, oversize, upstream_gap };
  kind what = kind::event;
  std::string epoch{};
  std::string name{};
  std::vector<std::string> topics{};
  std::string arguments{};
  bool lost = false;  // a crash took it before it was on the disk
};

class history {
 public:
  // False: the number was used already.
  [[nodiscard]] bool add(log::sequence seq, happening what) { return all_.emplace(seq, std::move(what)).second; }

  // The daemon was killed, and of `epoch` only what lies up to `kept` was on the disk.
  void crash(const std::string& epoch, log::sequence kept) {
    for (auto each = all_.upper_bound(kept); each != all_.end(); ++each) {
      if (each->second.epoch == epoch) each->second.lost = true;
    }
  }

  [[nodiscard]] const happening* at(log::sequence seq) const {
    const auto found = all_.find(seq);
    return found == all_.end() ? nullptr : &found->second;
  }

  [[nodiscard]] static bool matches(const happening& what, const filter& by) {
    if (what.what == happening::kind::upstream_gap) return true;
    const auto among = [](const std::vector<std::string>& wanted, const std::string& text) {
      return std::find(wanted.begin(), wanted.end(), text) != wanted.end();
    };
    const auto any_among = [&](const std::vector<std::string>& wanted) {
      return wanted.empty() || std::any_of(what.topics.begin(), what.topics.end(),
                                           [&](const std::string& topic) { return among(wanted, topic); });
    };
    return (by.events.empty() || among(by.events, what.name)) && any_among(by.topics) && any_among(by.visible_topics);
  }

  // The first that whoever stands behind `after` in `epoch` is still to be given; nothing: there is none.
  [[nodiscard]] std::optional<log::sequence> next(const std::string& epoch, log::sequence after,
                                                  const filter& by) const {
    for (auto each = all_.upper_bound(after); each != all_.end(); ++each) {
      if (each->second.epoch == epoch && !each->second.lost && matches(each->second, by)) return each->first;
    }
    return std::nullopt;
  }

  // Events that match between two numbers, both included, whatever their epoch.
  [[nodiscard]] std::uint64_t count(log::sequence first, log::sequence last, const filter& by) const {
    std::uint64_t found = 0;
    for (auto each = all_.lower_bound(first); each != all_.end() && each->first <= last; ++each) {
      if (each->second.what != happening::kind::upstream_gap && matches(each->second, by)) ++found;
    }
    return found;
  }

 private:
  std::map<log::sequence, happening> all_;
};

}  // namespace roombridge::delivery
