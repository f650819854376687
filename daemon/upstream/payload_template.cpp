// SPDX-License-Identifier: MIT
#include "daemon/upstream/payload_template.hpp"

#include <optional>
#include <span>

namespace roombridge::upstream {
namespace {

// The name when the whole pattern is one placeholder.
std::optional<std::string_view> single_placeholder(std::string_view pattern) {
  if (pattern.size() < 2 || pattern.front() != '{' || pattern[1] == '{') return std::nullopt;
  if (pattern.find('}') != pattern.size() - 1) return std::nullopt;
  return pattern.substr(1, pattern.size() - 2);
}

// Makes JSON of a tree; the config bounds its depth.
struct filler {
  using result = std::variant<std::string, missing_field>;
  const json_fields& fields;

  [[nodiscard]] result render(const payload_template& pattern) const { return std::visit(*this, pattern.form); }

  result operator()(const payload_template::literal& value) const { return value.json; }
  result operator()(const std::string& text) const { return render_value(text, fields); }
  result operator()(const payload_template::list& items) const { return array(items); }
  result operator()(const payload_template::map& items) const {
    auto out = object(items);
    if (auto* missing = std::get_if<missing_field>(&out)) return std::move(*missing);
    return std::get<json_fields>(out).object();
  }

  [[nodiscard]] result array(std::span<const payload_template> items) const {
    std::string out = "[";
    for (const payload_template& item : items) {
      auto made = render(item);
      if (std::holds_alternative<missing_field>(made)) return made;
      if (out.size() > 1) out += ',';
      out += std::get<std::string>(made);
    }
    return out + ']';
  }

  [[nodiscard]] std::variant<json_fields, missing_field> object(const payload_template::map& items) const {
    json_fields out;
    for (const auto& [key, value] : items) {
      auto made = render(value);
      if (auto* missing = std::get_if<missing_field>(&made)) return std::move(*missing);
      out.set(key, std::get<std::string>(std::move(made)));
    }
    return out;
  }
};

}  // namespace

payload_template::payload_template(std::initializer_list<std::pair<std::string, std::string>> fields) {
  for (const auto& [key, text] : fields) std::get<map>(form).emplace_back(key, payload_template(text));
}

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

std::variant<std::string, missing_field> render_value(std::string_view pattern, const json_fields& fields) {
  if (const auto name = single_placeholder(pattern)) {
    std::string raw = fields.raw(*name);
    if (raw.empty()) return missing_field{std::string(*name)};
    return raw;
  }
  auto text = render_text(pattern, fields);
  if (auto* made = std::get_if<std::string>(&text)) *made = json_string(*made);
  return text;
}

std::variant<std::string, missing_field> render_arguments(const payload_template& pattern, const json_fields& fields) {
  if (!std::holds_alternative<payload_template::list>(pattern.form)) return filler{fields}.array({&pattern, 1});
  return filler{fields}.render(pattern);
}

std::variant<json_fields, missing_field> render_fields(const payload_template& pattern, const json_fields& fields) {
  return filler{fields}.object(std::get<payload_template::map>(pattern.form));
}

std::vector<std::string_view> texts_of(const payload_template& pattern) {
  std::vector<std::string_view> out;
  const auto add = [&](const payload_template& inner) {
    for (const std::string_view text : texts_of(inner)) out.push_back(text);
  };
  if (const auto* text = std::get_if<std::string>(&pattern.form)) out.emplace_back(*text);
  if (const auto* list = std::get_if<payload_template::list>(&pattern.form)) {
    for (const auto& item : *list) add(item);
  }
  if (const auto* map = std::get_if<payload_template::map>(&pattern.form)) {
    for (const auto& [key, value] : *map) add(value);
  }
  return out;
}

}  // namespace roombridge::upstream
