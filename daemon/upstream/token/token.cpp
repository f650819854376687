// SPDX-License-Identifier: MIT
#include "daemon/upstream/token/token.hpp"

#include <simdjson.h>

#include <cassert>
#include <cstdlib>

#include "daemon/base/secret_file.hpp"
#include "daemon/upstream/secret_text.hpp"

namespace roombridge::upstream {
namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";

token_reading missing(cause why, std::string text) {
  return {std::nullopt, {why, std::move(text)}};
}

token_reading read_file(const std::string& path, const std::string& where, const file_opened& opened) {
  auto read = read_secret_file(path, where, max_token_size, opened);
  if (!read.text) return missing(read.absent ? cause::token_missing : cause::token_unreadable, std::move(read.why));
  return make_token(*read.text, where);
}

token_reading read_environment(const std::string& name) {
  const std::string where = "the environment variable " + name;
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return missing(cause::token_missing, where + " is not set");
  return make_token(value, where);
}

}  // namespace

token_reading make_token(std::string_view text, const std::string& where) {
  if (text.size() > max_token_size) return missing(cause::token_unreadable, where + " is larger than 64 KiB: no token");
  std::string_view token = without_additions(text);
  const auto first = token.find_first_not_of(blanks);
  if (first == std::string_view::npos) return missing(cause::token_missing, where + " is empty");
  token = token.substr(first, token.find_last_not_of(blanks) + 1 - first);
  if (const std::string fault = token_fault(token); !fault.empty())
    return missing(cause::token_unreadable, where + ' ' + fault);
  if (!simdjson::validate_utf8(token)) return missing(cause::token_unreadable, where + " is not UTF-8: no token");
  return {std::string(token), {}};
}

std::optional<std::string> token_path(const token_options& options) {
  if (const auto* file = std::get_if<token_file>(&options)) return file->path;
  if (const auto* credential = std::get_if<token_credential>(&options)) {
    if (const char* directory = std::getenv("CREDENTIALS_DIRECTORY"))
      return std::string(directory) + '/' + credential->name;
  }
  return std::nullopt;
}

token_reading read_token(const token_options& options, const file_opened& opened) {
  assert(!std::holds_alternative<token_command>(options));
  if (std::holds_alternative<token_none>(options)) return {std::string(), {}};
  if (const auto* variable = std::get_if<token_environment>(&options)) return read_environment(variable->name);
  const auto path = token_path(options);
  if (const auto* credential = std::get_if<token_credential>(&options)) {
    const std::string where = "the systemd credential " + credential->name;
    if (!path)
      return missing(cause::token_missing, where + " is not given to this service (no LoadCredential= in its unit)");
    return read_file(*path, where, opened);
  }
  return read_file(*path, "the token file " + *path, opened);
}

}  // namespace roombridge::upstream
