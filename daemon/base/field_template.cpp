// SPDX-License-Identifier: MIT
#include "daemon/base/field_template.hpp"

namespace roombridge {

std::optional<std::vector<template_piece>> split_template(std::string_view text) {
  std::vector<template_piece> pieces;
  const auto add_literal = [&pieces](std::string_view more) {
    if (pieces.empty() || pieces.back().is_field) pieces.emplace_back();
    pieces.back().text += more;
  };
  while (!text.empty()) {
    const auto literal = text.substr(0, text.find_first_of("{}"));
    if (!literal.empty()) add_literal(literal);
    text.remove_prefix(literal.size());
    if (text.starts_with("{{") || text.starts_with("}}")) {
      add_literal(text.substr(0, 1));
      text.remove_prefix(2);
    } else if (!text.empty()) {
      const auto end = text.find_first_of("{}", 1);
      if (text.front() != '{' || end == std::string_view::npos || end == 1 || text[end] != '}') return std::nullopt;
      pieces.push_back({std::string(text.substr(1, end - 1)), true});
      text.remove_prefix(end + 1);
    }
  }
  return pieces;
}

}  // namespace roombridge
