// SPDX-License-Identifier: MIT
#include "daemon/upstream/payload_template.hpp"

namespace roombridge::upstream {
namespace {

// The name when the whole pattern is one placeholder.
std::optional<std::string_view> single_placeholder(std::string_view pattern) {
  if (pattern.size() < 2 || pattern.front() != '{' || pattern[1] == '{') return std::nullopt;
  if (pattern.find('}') != pattern.size() - 1) return std::nullopt;
  return pattern.substr(1, pattern.size() - 2);
}

}  // namespace

std::variant<std::string, missing_field> render_text(std::string_view pattern, const json_fields& fields) {
  std::string out;
  while (!pattern.empty()) {
    const auto at = pattern.find_first_of("{}");
    out += pattern.substr(0, at);
    if (at == std::string_view::npos) break;
    const char brace = pattern[at];
    pattern.remove_prefix(at + 1);
    if (brace == '}' || pattern.starts_with('{')) {
      out += brace;
      if (pattern.starts_with(brace)) pattern.remove_prefix(1);
      continue;
    }
    const auto end = pattern.find('}');
    const std::string_view name = pattern.substr(0, end);
    const std::string value = fields.text(name);
    // An empty string is a value of its own only where it was written as one.
    if (value.empty() && fields.raw(name) != "\"\"") return missing_field{std::string(name)};
    out += value;
    if (end == std::string_view::npos) break;
    pattern.remove_prefix(end + 1);
  }
  return out;
}

std::variant<json_fields, missing_field> render_fields(const payload_template& pattern, const json_fields& fields) {
  json_fields out;
  for (const auto& [key, value] : pattern) {
    if (const auto name = single_placeholder(value)) {
      const std::string_view raw = fields.raw(*name);
      if (raw.empty()) return missing_field{std::string(*name)};
      out.set(key, std::string(raw));
      continue;
    }
    auto text = render_text(value, fields);
    if (auto* missing = std::get_if<missing_field>(&text)) return std::move(*missing);
    out.set(key, json_string(std::get<std::string>(text)));
  }
  return out;
}

std::variant<std::string, missing_field> render_object(const payload_template& pattern, const json_fields& fields) {
  auto out = render_fields(pattern, fields);
  if (auto* missing = std::get_if<missing_field>(&out)) return std::move(*missing);
  return std::get<json_fields>(out).object();
}

}  // namespace roombridge::upstream
