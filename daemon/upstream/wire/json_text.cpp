// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/json_text.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <roombridge/proto/json_text.hpp>

namespace roombridge::upstream {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view blanks = " \t\r\n";  // of JSON

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

// The string that an array begins with, with its quotes and as it is written; empty: it does not begin so.
std::string_view first_string(std::string_view array) {
  const auto skip = [&array](char wanted) {
    array.remove_prefix(std::min(array.find_first_not_of(blanks), array.size()));
    return array.starts_with(wanted);
  };
  if (!skip('[')) return {};
  array.remove_prefix(1);
  if (!skip('"')) return {};
  for (std::size_t at = array.find_first_of("\"\\", 1); at < array.size(); at = array.find_first_of("\"\\", at + 2)) {
    if (array[at] == '"') return array.substr(0, at + 1);
  }
  return {};
}

}  // namespace

json_fields json_fields::of_first(std::string_view arguments) {
  json_fields out;
  // In brackets, so that what follows the first argument is legal for the parser.
  const simdjson::padded_string padded('[' + std::string(arguments) + ']');
  ondemand::parser parser;
  ondemand::document document;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return out;
  ondemand::array array;
  if (document.get_array().get(array) != simdjson::SUCCESS) return out;
  for (auto element : array) {
    ondemand::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) return out;
    for (auto field : object) {
      if (out.fields_.size() == most_fields) return out;
      std::string_view name;
      std::string_view value;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS) return out;
      std::string key(name);  // reading the value may use the parser's string buffer
      if (simdjson::to_json_string(field.value()).get(value) != simdjson::SUCCESS) return out;
      value = trim(value);
      if (key.size() <= most_name && value.size() <= most_value) out.set(key, std::string(value));
    }
    return out;
  }
  return out;
}

const std::string* json_fields::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (key == name) return &value;
  }
  return nullptr;
}

// Names may have dots in them, as the claims of a JWT do that are URLs: every dot may be the one that leads deeper.
std::string json_fields::raw(std::string_view path) const {
  if (const std::string* value = find(path)) return *value;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const std::string* outer = find(path.substr(0, dot));
    if (outer == nullptr) continue;
    std::string inner = of_first(*outer).raw(path.substr(dot + 1));
    if (!inner.empty()) return inner;
  }
  return {};
}

std::string json_fields::text(std::string_view path) const {
  std::string value = raw(path);
  if (value.empty() || value.front() == '{' || value.front() == '[' || value == "null") return {};
  if (value.front() != '"') return value;
  const simdjson::padded_string padded(value);
  ondemand::parser parser;
  ondemand::document document;
  std::string_view out;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return {};
  if (document.get_string().get(out) != simdjson::SUCCESS) return {};
  return std::string(out);
}

bool json_fields::match(const std::vector<std::pair<std::string, std::string>>& wanted) const {
  return std::all_of(wanted.begin(), wanted.end(), [this](const auto& one) {
    if (!one.second.empty()) return text(one.first) == one.second;
    const std::string found = raw(one.first);
    return found.empty() || found == "null" || found == "\"\"";
  });
}

void json_fields::set(std::string_view name, std::string raw) {
  for (auto& [key, value] : fields_) {
    if (key == name) {
      value = std::move(raw);
      return;
    }
  }
  fields_.emplace_back(name, std::move(raw));
}

std::string json_fields::object() const {
  std::string out = "{";
  for (const auto& [key, value] : fields_) {
    if (out.size() > 1) out += ',';
    out.append(json_string(key)).append(1, ':').append(value);
  }
  return out + '}';
}

bool is_event_named(std::string_view array, std::string_view name) {
  const std::string_view quoted = first_string(array);
  if (quoted.empty()) return false;
  const std::string_view raw = quoted.substr(1, quoted.size() - 2);
  if (raw.find('\\') == std::string_view::npos) return raw == name;
  simdjson::dom::parser parser;
  std::string_view text;
  return parser.parse(simdjson::padded_string(quoted)).get(text) == simdjson::SUCCESS && text == name;
}

std::string_view event_arguments(std::string_view array) {
  const std::string_view quoted = first_string(array);
  const std::size_t begin =
      quoted.empty() ? array.size() : static_cast<std::size_t>(quoted.data() - array.data()) + quoted.size();
  const std::size_t end = array.rfind(']');
  if (end == std::string_view::npos || end < begin) return {};
  const std::string_view rest = trim(array.substr(begin, end - begin));
  return rest.starts_with(',') ? rest.substr(1) : std::string_view{};
}

std::string json_string(std::string_view text) {
  std::string out;
  proto::append_json_string(out, text);
  return out;
}

}  // namespace roombridge::upstream
