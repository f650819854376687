// SPDX-License-Identifier: MIT
// What a subscriber may see, whatever it subscribes to. Pure, and never changed once made: cursors share it.
#pragma once

#include <string>
#include <vector>

#include "daemon/log/patterns.hpp"
#include "daemon/log/segment_ring.hpp"

namespace roombridge::log {

class visibility {
 public:
  // Events whose name matches one of `events` and of whose topics one matches one of `topics`; patterns are valid
  // (proto::is_valid_pattern). One without topics, or of unexpected shape, needs `*` among the topics.
  struct grant {
    std::vector<std::string> events;
    std::vector<std::string> topics;
    bool operator==(const grant&) const = default;
  };

  // Visible is what one of the grants allows, and what is_for_everyone().
  explicit visibility(std::vector<grant> grants);

  [[nodiscard]] bool allows(const record& what) const;

  [[nodiscard]] const std::vector<grant>& grants() const { return grants_; }

 private:
  // A grant made ready.
  struct rule {
    pattern_list events;
    pattern_list topics;
    bool any_topic;
    [[nodiscard]] bool allows(const record& what) const;
  };

  std::vector<grant> grants_;
  std::vector<rule> rules_;
};

}  // namespace roombridge::log
