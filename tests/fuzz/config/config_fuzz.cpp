// SPDX-License-Identifier: MIT
// The config's reader against an independent writer: what is taken, written by the tests' emitter, reads as the same
// config. What is refused is refused with errors that are safe to print, lie within the file and tell no variable's
// value. Under every input an unchanged config has no changed keys.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/config/changes.hpp"
#include "daemon/config/parse.hpp"
#include "daemon/config/text.hpp"
#include "tests/unit/config/emitter.hpp"

namespace {

using namespace roombridge::config;

constexpr std::string_view secret = "hunter2hunter2";

void require(bool condition, const char* what, std::string_view detail = {}) {
  if (condition) return;
  std::cerr << "disagreement: " << what << '\n' << detail << '\n';
  std::abort();
}

// D: a duration. T: a template around the secret. U: not set. Every other variable: the secret.
std::optional<std::string> environment(std::string_view name) {
  if (name == "D") return "7s";
  if (name == "T") return "{" + std::string(secret) + "}";
  if (name == "U") return std::nullopt;
  return std::string(secret);
}

// Whether the error is about a key whose values may be secrets.
bool is_private(std::string_view error) {
  constexpr std::string_view keys[] = {"upstream.token", "upstream.headers", "upstream.query", "auth.payload",
                                       "auth.headers",   "auth.query",       "rooms.payload"};
  return std::any_of(std::begin(keys), std::end(keys),
                     [error](std::string_view key) { return error.starts_with(key); });
}

void check_error(const error& error, std::string_view text, int lines) {
  require(error.file == "fuzz.yaml", "an error of another file", error.file);
  require(!error.text.empty() && is_clean_text(error.text), "an error is not clean text", error.text);
  require(error.text.size() < 2000, "an error has no end", error.text);
  require((error.line == 0) == (error.column == 0), "half a place", error.to_string());
  require(error.line >= 0 && error.line <= lines && error.column >= 0, "a place outside the file", error.to_string());
  const bool told = error.text.find(secret) != std::string::npos && text.find(secret) == std::string_view::npos;
  require(!told || !is_private(error.text), "a variable's value in an error about what may be a secret", error.text);
}

void check_round_trip(const settings& value) {
  const std::string written = emit(value);
  const reading again = parse(written, "written.yaml", environment);
  require(again.errors.empty(), "what was read and written is refused",
          again.errors.empty() ? written : again.errors.front().to_string() + '\n' + written);
  require(*again.value == value, "what was read and written differs", written);
  require(changed_keys(value, *again.value).empty(), "changed keys of equal configs", written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const reading result = parse(text, "fuzz.yaml", environment);
  require(result.value.has_value() == result.errors.empty(), "a config and errors, or neither");
  // The end of the file may be told as the line behind the last one.
  const int lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 2;
  for (const error& error : result.errors) check_error(error, text, lines);
  if (result.value) check_round_trip(*result.value);
  return 0;
}
