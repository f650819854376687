// SPDX-License-Identifier: MIT
// What a rule of the config makes of a text, in one line, for tests.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "daemon/config/names.hpp"

namespace roombridge::config {

// The text itself, or "! why".
template <typename Rule>
std::string outcome(const Rule& rule, std::string_view text) {
  const text_result result = rule(text);
  if (const auto* wrong = std::get_if<problem>(&result)) {
    return "! " + wrong->text + (wrong->excerpt.empty() ? "" : " | " + wrong->excerpt);
  }
  return std::get<std::string>(result);
}

}  // namespace roombridge::config
