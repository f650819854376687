// SPDX-License-Identifier: MIT
#include "daemon/events/topic_template.hpp"

#include <algorithm>
#include <utility>

#include "daemon/base/field_template.hpp"

namespace roombridge::events {
namespace {

constexpr auto no_field = static_cast<std::size_t>(-1);

std::size_t index_of(std::vector<std::string>& fields, std::string_view name) {
  const auto found = std::find(fields.begin(), fields.end(), name);
  if (found != fields.end()) return static_cast<std::size_t>(found - fields.begin());
  fields.emplace_back(name);
  return fields.size() - 1;
}

}  // namespace

std::optional<topic_template> topic_template::parse(std::string_view text, std::vector<std::string>& fields) {
  auto pieces = split_template(text);
  if (!pieces) return std::nullopt;
  topic_template result;
  std::string literal;
  for (template_piece& piece : *pieces) {
    if (piece.is_field) {
      result.parts_.push_back({std::exchange(literal, {}), index_of(fields, piece.text)});
    } else {
      literal = std::move(piece.text);
    }
  }
  if (!literal.empty()) result.parts_.push_back({std::move(literal), no_field});
  return result;
}

bool topic_template::render(std::span<const std::string_view> values, std::string& out) const {
  out.clear();
  for (const part& p : parts_) {
    out += p.literal;
    if (p.field == no_field) continue;
    const std::string_view value = values[p.field];
    if (value.empty() || out.size() + value.size() > max_topic_size) return false;
    out += value;
  }
  return !out.empty() && out.size() <= max_topic_size;
}

}  // namespace roombridge::events
