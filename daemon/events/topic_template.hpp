// SPDX-License-Identifier: MIT
// A topic template, "shop-{shopId}", split once into its literal parts and the fields it needs. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace roombridge::events {

// Topics longer than this are not made (PROTOCOL.md section 4: a pattern has at most 256 bytes).
inline constexpr std::size_t max_topic_size = 256;

class topic_template {
 public:
  // Registers the fields it needs in `fields`, each once. Nothing when `text` is no template (field_template.hpp).
  [[nodiscard]] static std::optional<topic_template> parse(std::string_view text, std::vector<std::string>& fields);

  // Writes the topic into `out` (replaced). `values[i]` is the text of `fields[i]`; false when one that is needed is
  // empty, or the topic is longer than max_topic_size.
  [[nodiscard]] bool render(std::span<const std::string_view> values, std::string& out) const;

 private:
  struct part {
    std::string literal;
    std::size_t field;  // behind the literal; npos: none
  };
  std::vector<part> parts_;
};

}  // namespace roombridge::events
