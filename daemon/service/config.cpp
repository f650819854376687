// SPDX-License-Identifier: MIT
#include "daemon/service/config.hpp"

#include "daemon/service/config_document.hpp"
#include "daemon/service/config_errors.hpp"
#include "daemon/service/config_reader.hpp"
#include "daemon/service/config_schema.hpp"
#include "daemon/service/config_text.hpp"

namespace roombridge::service {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// Reads what can be read; whatever is wrong is in `errors`.
config read_config(std::string_view text, reading::error_list& errors, const environment_lookup& environment,
                   config_places& places) {
  config value;
  if (text.size() > max_config_size) {
    errors.add({}, "larger than " + std::to_string(max_config_size) + " bytes, which no config needs");
    return value;
  }
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (const auto fault = reading::find_text_fault(text)) {
    errors.add(fault->where, fault->text);
    return value;
  }
  const auto document = reading::read_document(text, errors);
  if (!document) return value;

  reading::reader in(errors, environment, reading::config_paths());
  const reading::node& root = document->root();
  reading::read_section(value, reading::config_keys(), {{}, root.where, &root}, in);
  // A JWT names its user in `sub` (RFC 7519 section 4.1.2).
  upstream::auth_options& auth = value.upstream.auth;
  if (!in.find("auth.user_field") || auth.user_field.empty())
    auth.user_field = auth.identity == upstream::identity_source::claims ? "sub" : "userId";
  value.events.reserved = reading::reserved_names(value);
  value.local.filter_fields = reading::filter_fields(value);
  reading::check_relations(value, in);
  places.keys = in.places();
  return value;
}

}  // namespace

std::string config_error::to_string() const {
  if (line == 0) return file + ": " + text;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + text;
}

config_error config_places::error(const std::string& key, const std::string& text) const {
  const auto found = keys.find(key);
  if (found == keys.end()) return {file, 0, 0, key + ", which has its default: " + text};
  return {file, found->second.first, found->second.second, key + ": " + text};
}

config_result parse_config(std::string_view text, std::string_view file, const environment_lookup& environment) {
  reading::error_list errors(file);
  config_places places{std::string(file), {}};
  config value = read_config(text, errors, environment, places);
  if (!errors.empty()) return {std::nullopt, errors.take(), std::move(places)};
  return {std::move(value), {}, std::move(places)};
}

std::vector<std::string> changed_keys(const config& before, const config& after) {
  std::vector<std::string> changed;
  for (const auto& key : reading::config_keys()) {
    if (!key.equal(before, after)) changed.push_back(key.path);
  }
  return changed;
}

}  // namespace roombridge::service
