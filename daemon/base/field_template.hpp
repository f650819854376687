// SPDX-License-Identifier: MIT
// Texts with names of fields in braces, "shop-{shopId}", as the config has them for topics, payloads and rooms. "{{"
// and
// "}}" are braces. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roombridge {

struct template_piece {
  std::string text;       // never empty
  bool is_field = false;  // `text` is a field's name; otherwise it stands for itself
};

// The pieces of `text` in their order, no two literal ones beside each other. Nothing when the braces do not match, or
// a name is empty or has a brace.
[[nodiscard]] std::optional<std::vector<template_piece>> split_template(std::string_view text);

}  // namespace roombridge
