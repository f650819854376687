// SPDX-License-Identifier: MIT
#include "daemon/config/parse.hpp"

#include "daemon/config/document.hpp"
#include "daemon/config/errors.hpp"
#include "daemon/config/reader.hpp"
#include "daemon/config/relations.hpp"
#include "daemon/config/schema.hpp"
#include "daemon/config/text.hpp"
#include "daemon/config/written_secrets.hpp"

namespace roombridge::config {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// Reads what can be read; whatever is wrong is in `errors`.
settings read_settings(std::string_view text, error_list& errors, const environment_lookup& environment,
                       key_places& places, std::vector<std::string>& secret_keys) {
  settings value;
  if (text.size() > max_file_size) {
    errors.add({}, "larger than " + std::to_string(max_file_size) + " bytes, which no config needs");
    return value;
  }
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (const auto fault = find_text_fault(text)) {
    errors.add(fault->where, fault->text);
    return value;
  }
  const auto document = read_document(text, errors);
  if (!document) return value;

  reader in(errors, environment, schema_paths());
  const node& root = document->root();
  read_section(value, schema(), {{}, root.where, &root}, in);
  // A JWT names its user in `sub` (RFC 7519 section 4.1.2).
  upstream::auth_options& auth = value.upstream.auth;
  if (!in.find("auth.user_field") || auth.user_field.empty())
    auth.user_field = auth.identity == upstream::identity_source::claims ? "sub" : "userId";
  check_relations(value, in);
  places.keys = in.places();
  secret_keys = find_written_secrets(*document);
  return value;
}

}  // namespace

reading parse(std::string_view text, std::string_view file, const environment_lookup& environment) {
  error_list errors(file);
  key_places places{std::string(file), {}};
  std::vector<std::string> secret_keys;
  settings value = read_settings(text, errors, environment, places, secret_keys);
  if (!errors.empty()) return {std::nullopt, errors.take(), std::move(places)};
  return {std::move(value), {}, std::move(places), std::move(secret_keys)};
}

}  // namespace roombridge::config
