// SPDX-License-Identifier: MIT
// What an unknown key was probably meant to be. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace roombridge::config {

// Insertions, removals, replacements and swaps of neighbours that make `b` of `a`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// What to tell of `key`, which `section` (dotted; empty: the top) does not have: the key of that section that is one
// slip away, else the sections that have a key of this name, else the nearest key of that section, else all of them.
// `known`: the keys of that section. `paths`: every key of the schema, dotted.
[[nodiscard]] std::string describe_unknown_key(std::string_view key, const std::vector<std::string>& known,
                                               const std::vector<std::string>& paths);

}  // namespace roombridge::config
