// SPDX-License-Identifier: MIT
// The grammar check against simdjson's DOM, which is stricter in known ways only; and the event parser against the same
// DOM where both accept: the same name, and arguments that are the array's rest to the byte.
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/json_check.hpp"
#include "daemon/events/parser.hpp"
#include "daemon/events/topic_template.hpp"

namespace {

using namespace roombridge::events;

void require(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "disagreement: " << what << '\n';
  std::abort();
}

// What the DOM refuses although it is JSON: lone surrogates, numbers beyond its types, deep nesting. (Text that is not
// UTF-8 is refused before.)
bool stricter_by_design(simdjson::error_code error) {
  return error == simdjson::STRING_ERROR || error == simdjson::NUMBER_ERROR || error == simdjson::DEPTH_ERROR;
}

profile fuzzed_profile() {
  profile p;
  p.rules = {{.name = "e", .topics = {"t-{a}", "u-{b}"}, .required = {"a", "c"}, .fields = {"a", "c"}}};
  return p;
}

// A string's or a boolean's text; numbers are for others to compare.
std::optional<std::string> text_of(simdjson::dom::element value) {
  if (value.is_bool()) return value.get_bool().value_unsafe() ? "true" : "false";
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  return std::nullopt;
}

// Of each field the last value counts.
void check_fields(simdjson::dom::array arguments, const parsed_event& event) {
  simdjson::dom::object object;
  if (event.name != "e" || arguments.size() == 0 || arguments.at(0).get_object().get(object) != simdjson::SUCCESS) {
    require(event.fields.empty(), "fields of what has none");
    return;
  }
  for (const std::string name : {"a", "c"}) {
    std::optional<simdjson::dom::element> value;
    for (const auto field : object) {
      if (field.key == name) value = field.value;
    }
    const auto found = std::find_if(event.fields.begin(), event.fields.end(),
                                    [&name](std::string_view text) { return text.starts_with(name + '='); });
    const bool is_there = found != event.fields.end();
    if (!value || value->is_null() || value->is_object() || value->is_array()) {
      require(!is_there, "a field without a usable value");
    } else if (const auto text = text_of(*value)) {
      const std::string whole = name + '=' + *text;
      const bool usable = !text->empty() && whole.size() <= max_topic_size;
      require(is_there == usable && (!usable || *found == whole), "fields differ");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static simdjson::dom::parser dom;
  static parser events{fuzzed_profile()};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!simdjson::validate_utf8(text.data(), text.size())) return 0;

  const simdjson::padded_string padded(text);
  simdjson::dom::element root;
  const auto error = dom.parse(padded).get(root);
  const bool ours = bool(roombridge::check_json(text));
  if (error == simdjson::SUCCESS) require(ours, "the DOM accepts what the check refuses");
  if (ours && error != simdjson::SUCCESS) require(stricter_by_design(error), "the check accepts what the DOM refuses");

  parsed_event event;
  const parse_fault fault = events.parse({padded.data(), padded.size()}, event);
  if (error != simdjson::SUCCESS) return 0;
  simdjson::dom::array array;
  std::string_view name;
  const bool is_event = root.get_array().get(array) == simdjson::SUCCESS && array.begin() != array.end() &&
                        (*array.begin()).get_string().get(name) == simdjson::SUCCESS && name.size() <= max_name_size;
  if (!is_event) return 0;
  require(fault == parse_fault::none, "an event is refused");
  require(event.name == name, "names differ");

  static simdjson::dom::parser second;
  const std::string rebuilt = "[" + std::string(event.arguments) + "]";
  simdjson::dom::array arguments;
  require(second.parse(rebuilt).get_array().get(arguments) == simdjson::SUCCESS, "the arguments are no array");
  auto expected = array.begin();
  for (const auto argument : arguments) {
    ++expected;
    require(expected != array.end() && simdjson::minify(argument) == simdjson::minify(*expected), "arguments differ");
  }
  require(!(++expected != array.end()), "arguments are missing");
  check_fields(arguments, event);
  return 0;
}
