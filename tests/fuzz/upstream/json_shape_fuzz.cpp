// SPDX-License-Identifier: MIT
// Shapes of any bytes: made of a few words and of plain names, and bounded; of well-formed JSON they are whole.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/upstream/wire/json_shape.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace {

using roombridge::fuzz::require;
using namespace roombridge::upstream;

constexpr std::string_view ellipsis = "…";

bool is_word(std::string_view text) {
  constexpr std::array<std::string_view, 5> words{"number", "string", "boolean", "null", ellipsis};
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_name(std::string_view text) {
  return text == ellipsis ||
         (!text.empty() && text.size() <= 32 &&
          text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == text.npos);
}

void check(std::string_view shape) {
  require(shape.size() <= shape_length + 100, "a shape that is too long");
  for (std::string_view rest = shape; !rest.empty();) {
    const auto size = std::min(rest.find_first_of("[]{},:?"), rest.size());
    const std::string_view part = rest.substr(0, size);
    const bool name = size < rest.size() && rest[size] == ':';
    require(part.empty() ? !name : name ? is_name(part) : is_word(part), "a shape with something else in it");
    rest.remove_prefix(std::min(size + 1, rest.size()));
  }
}

bool is_array(std::string_view text) {
  boost::json::error_code failed;
  const auto value = boost::json::parse({text.data(), text.size()}, failed);
  return !failed && value.is_array();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string shape = json_shape(text);
  check(shape);
  const bool well_formed = is_array(text);
  require(!well_formed || shape.find('?') == std::string::npos, "a fault in well-formed JSON");
  const auto event = shape_of_event(text);
  if (!event) return 0;
  require(text.find(event->name) != std::string_view::npos, "a name that does not stand there");
  check(event->arguments);
  require(!well_formed || event->arguments.find('?') == std::string::npos, "a fault in a well-formed event");
  return 0;
}
