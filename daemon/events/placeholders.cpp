// SPDX-License-Identifier: MIT
#include "daemon/events/placeholders.hpp"

#include <simdjson.h>

namespace roombridge::events {
namespace {

namespace dom = simdjson::dom;

bool fits(dom::element element, std::size_t count) {
  dom::array array;
  dom::object object;
  if (element.get_array().get(array) == simdjson::SUCCESS) {
    for (const dom::element child : array) {
      if (!fits(child, count)) return false;
    }
  } else if (element.get_object().get(object) == simdjson::SUCCESS) {
    bool is_placeholder = false;
    bool has_index = false;
    for (const dom::key_value_pair field : object) {
      // The last of equal keys counts, as on the server.
      if (field.key == "_placeholder") is_placeholder = field.value.is_bool() && field.value.get_bool().value_unsafe();
      std::uint64_t index = 0;
      if (field.key == "num") has_index = field.value.get_uint64().get(index) == simdjson::SUCCESS && index < count;
      if (!fits(field.value, count)) return false;
    }
    return !is_placeholder || has_index;
  }
  return true;
}

}  // namespace

bool placeholders_fit(std::string_view arguments, std::size_t count) {
  dom::parser parser;
  dom::element root;
  return parser.parse(arguments.data(), arguments.size()).get(root) == simdjson::SUCCESS && fits(root, count);
}

}  // namespace roombridge::events
