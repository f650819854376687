// SPDX-License-Identifier: MIT
// What the daemon knows of a backend's events, as plain data from the config. Nothing of any backend is compiled in.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace roombridge::events {

// Who answers an event for which the server wants an acknowledgement.
enum class acknowledge {
  never,
  received,  // the daemon, as soon as it has the event
};

struct event_rule {
  std::string name;
  std::vector<std::string>
      topics;  // templates over top-level fields of the first argument: "shop-{shopId}"; "{{" is a brace
  std::vector<std::string> required;      // top-level fields that must be there, else the event is marked unexpected
  std::vector<std::string> repeat_key{};  // top-level fields by which two events are the same one; empty: no two are
  std::vector<std::string>
      retain_key{};  // those that name the thing whose present state the event tells; empty: it tells none
  std::vector<std::string> fields{};  // those by whose values one may subscribe; no name has a `=`
  events::acknowledge acknowledge = acknowledge::never;
  bool operator==(const event_rule&) const = default;
};

struct profile {
  std::vector<event_rule> rules;               // names are unique
  std::chrono::milliseconds repeat_window{0};  // an event that came so long ago, by its repeat_key, is dropped
  bool deliver_unknown = true;  // events without a rule: delivered without topics, or dropped (and counted)
  // Names that are never delivered and never emitted: the upstream session's own. They come from the composition root.
  std::vector<std::string> reserved;
  bool operator==(const profile&) const = default;
};

}  // namespace roombridge::events
