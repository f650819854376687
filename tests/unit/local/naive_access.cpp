// SPDX-License-Identifier: MIT
#include "tests/unit/local/naive_access.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "daemon/local/access_rules.hpp"
#include "daemon/log/segment_ring.hpp"

namespace roombridge::local {
namespace {

using patterns = std::vector<std::string>;

constexpr uid_t own_user = 9;

// Decisions out of bytes; behind their end all of them are 0.
class source {
 public:
  explicit source(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::size_t below(std::size_t bound) {
    if (bytes_.empty()) return 0;
    const std::size_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value % bound;
  }

  // Of one or two letters, a and b.
  std::string word() {
    std::string out;
    for (std::size_t left = 1 + below(2); left > 0; --left) out += below(2) == 0 ? 'a' : 'b';
    return out;
  }
  std::string pattern() {
    const std::size_t kind = below(5);
    if (kind == 0) return "*";
    return kind < 3 ? word() + '*' : word();
  }
  patterns some_patterns(std::size_t most) {
    patterns out(below(most + 1));
    for (auto& each : out) each = pattern();
    return out;
  }
  std::vector<std::string> ids() {
    std::vector<std::string> out;
    for (const char* id : {"1", "2"}) {
      if (below(3) == 0) out.emplace_back(id);
    }
    return out;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

access_rule rule_of(source& from) {
  access_rule out;
  out.users = from.ids();
  out.groups = from.ids();
  out.everyone = from.below(4) == 0;
  out.events = from.some_patterns(2);
  out.topics = from.some_patterns(3);
  out.rooms = from.some_patterns(1);
  out.emits = from.some_patterns(2);
  return out;
}

credentials peer_of(source& from) {
  credentials out{1, 3, 3, {}};
  out.uid = from.below(8) == 0 ? own_user : static_cast<uid_t>(from.below(4));
  out.gid = static_cast<gid_t>(from.below(4));
  for (gid_t id = 1; id < 4; ++id) {
    if (from.below(3) == 0) out.groups.push_back(id);
  }
  return out;
}

// Every word that tells apart patterns of up to two letters: c stands for all letters that no pattern has.
const std::vector<std::string>& all_words() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> out{""};
    for (std::size_t i = 0; out[i].size() < 3; ++i) {
      for (const char letter : {'a', 'b', 'c'}) out.push_back(out[i] + letter);
    }
    return out;
  }();
  return words;
}

bool fits(const std::string& pattern, const std::string& word) {
  if (pattern.back() != '*') return pattern == word;
  return word.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
}

bool fits_any(const patterns& list, const std::string& word) {
  for (const auto& each : list) {
    if (fits(each, word)) return true;
  }
  return false;
}

class naive {
 public:
  naive(const std::vector<access_rule>& all, const credentials& who) {
    all_ = who.uid == 0 || who.uid == own_user;
    for (const access_rule& each : all) {
      if (concerns(each, who)) rules_.push_back(each);
    }
  }

  [[nodiscard]] bool sees(const std::string& name, const std::vector<std::string>& topics, bool unexpected) const {
    if (all_) return true;
    for (const access_rule& rule : rules_) {
      if (!fits_any(rule.events, name)) continue;
      for (const auto& pattern : rule.topics) {
        if (pattern == "*") return true;
      }
      for (const auto& topic : topics) {
        if (!unexpected && fits_any(rule.topics, topic)) return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool holds(const std::string& room) const {
    return all_ || any_rule([&](const access_rule& rule) { return fits_any(rule.rooms, room); });
  }
  [[nodiscard]] bool emits(const std::string& event) const {
    return all_ || any_rule([&](const access_rule& rule) { return fits_any(rule.emits, event); });
  }
  [[nodiscard]] bool knows(const std::string& room) const { return holds(room) || sees_some(all_words(), {room}); }
  [[nodiscard]] bool subscribes(const patterns& events, const patterns& topics) const {
    if (events.empty() && topics.empty()) return true;
    if (topics.empty()) return every(events, [&](const auto& name) { return sees_some({name}, all_words()); });
    if (events.empty()) return every(topics, [&](const auto& topic) { return sees_some(all_words(), {topic}); });
    return every(events, [&](const auto& name) {
      return every(topics, [&](const auto& topic) { return sees(name, {topic}, false); });
    });
  }

 private:
  static bool concerns(const access_rule& rule, const credentials& who) {
    const auto has = [](const std::vector<std::string>& ids, auto id) {
      return std::find(ids.begin(), ids.end(), std::to_string(id)) != ids.end();
    };
    if (rule.everyone || has(rule.users, who.uid) || has(rule.groups, who.gid)) return true;
    return std::any_of(who.groups.begin(), who.groups.end(), [&](gid_t id) { return has(rule.groups, id); });
  }

  template <class Predicate>
  [[nodiscard]] bool any_rule(const Predicate& predicate) const {
    return std::any_of(rules_.begin(), rules_.end(), predicate);
  }
  [[nodiscard]] bool sees_some(const std::vector<std::string>& names, const std::vector<std::string>& topics) const {
    return std::any_of(names.begin(), names.end(), [&](const auto& name) {
      return std::any_of(topics.begin(), topics.end(), [&](const auto& topic) { return sees(name, {topic}, false); });
    });
  }
  // For every word that one of the patterns matches.
  template <class Predicate>
  static bool every(const patterns& list, const Predicate& predicate) {
    return std::all_of(all_words().begin(), all_words().end(),
                       [&](const std::string& word) { return !fits_any(list, word) || predicate(word); });
  }

  bool all_ = false;
  std::vector<access_rule> rules_;
};

// Whether the rights let through an event as the log keeps it.
bool allows(const rights& may, const std::string& name, const std::vector<std::string>& topics, bool unexpected) {
  if (!may.visible()) return true;
  log::segment_ring ring{4096, 2};
  const std::vector<log::matched_text> views{topics.begin(), topics.end()};
  ring.append(8, {.name = name, .topics = views, .unexpected = unexpected});
  log::position first;
  return may.visible()->allows(ring.read(first));
}

}  // namespace

std::string find_disagreement(std::span<const std::uint8_t> bytes) {
  source from{bytes};
  options config;
  config.access.assign(from.below(5), {});
  for (auto& each : config.access) each = rule_of(from);
  const credentials who = peer_of(from);
  access_rules rules{config, own_user};
  const auto may = rules.of(who);
  const naive expected{config.access, who};

  const std::string name = from.word();
  std::vector<std::string> topics(from.below(3));
  for (auto& each : topics) each = from.word();
  const bool unexpected = from.below(4) == 0;
  if (allows(*may, name, topics, unexpected) != expected.sees(name, topics, unexpected)) return "seeing an event";
  if (may->may_hold(name) != expected.holds(name)) return "holding a room";
  if (may->may_emit(name) != expected.emits(name)) return "emitting an event";

  const patterns events = from.some_patterns(2);
  const patterns of_topics = from.some_patterns(2);
  log::subscription wanted{.events = events, .topics = of_topics};
  // They only narrow.
  if (from.below(3) == 0) wanted.fields.emplace_back(from.some_patterns(2));
  if (may->objection_to(wanted).has_value() == expected.subscribes(events, of_topics)) return "subscribing";
  for (const auto& room : all_words()) {
    if (may->may_know(room) != expected.knows(room)) return "knowing of a room";
  }
  return {};
}

}  // namespace roombridge::local
