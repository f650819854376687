// SPDX-License-Identifier: MIT
#include "daemon/upstream/payload_template.hpp"

#include <cassert>
#include <span>

#include "daemon/base/field_template.hpp"

namespace roombridge::upstream {
namespace {

// The config has checked `pattern`.
std::vector<template_piece> pieces_of(std::string_view pattern) {
  auto pieces = split_template(pattern);
  assert(pieces);
  return *std::move(pieces);
}

std::variant<std::string, missing_field> fill(const std::vector<template_piece>& pieces, const json_fields& fields) {
  std::string out;
  for (const template_piece& piece : pieces) {
    const std::string value = piece.is_field ? fields.text(piece.text) : piece.text;
    // An empty string is a value of its own only where it was written as one.
    if (value.empty() && fields.raw(piece.text) != "\"\"") return missing_field{piece.text};
    out += value;
  }
  return out;
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
  return fill(pieces_of(pattern), fields);
}

std::variant<std::string, missing_field> render_value(std::string_view pattern, const json_fields& fields) {
  const std::vector<template_piece> pieces = pieces_of(pattern);
  if (pieces.size() == 1 && pieces.front().is_field) {
    std::string raw = fields.raw(pieces.front().text);
    if (raw.empty()) return missing_field{pieces.front().text};
    return raw;
  }
  auto text = fill(pieces, fields);
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
