// SPDX-License-Identifier: MIT
// The client's reader of booking events against the daemon's grammar check: it takes what that takes, and nothing else;
// and of what simdjson's DOM reads it finds the same texts.
//
// Input: an event's arguments.
#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include <roombridge/booking.hpp>

#include "daemon/base/json_check.hpp"

namespace {

using namespace roombridge;

void require(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "disagreement: " << what << '\n';
  std::abort();
}

// The last member of this name, if the text is an array whose first element is an object.
std::optional<std::string> text_in(simdjson::dom::element arguments, std::string_view name) {
  simdjson::dom::array list;
  simdjson::dom::object object;
  if (arguments.get_array().get(list) != simdjson::SUCCESS || list.size() == 0 ||
      list.at(0).get_object().get(object) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::optional<std::string> found;
  for (const auto field : object) {
    std::string_view text;
    if (field.key == name) found = field.value.get_string().get(text) == simdjson::SUCCESS ? std::string{text} : "";
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  event source;
  source.name = booking::settings_update::event_name;
  source.arguments.assign(reinterpret_cast<const char*>(data), size);
  const auto verdict = check_json(source.arguments);
  const auto content = booking::parse(source);
  if (content) {
    require(verdict.fault != json_fault::syntax, "it reads what is no JSON");
    require(
        bool{check_json(std::get<booking::settings_update>(*content).content)} || verdict.fault == json_fault::too_deep,
        "the content is no JSON");
  } else if (verdict) {
    require(content.error().text.find("no JSON") == std::string::npos || source.arguments.find('[') != 0,
            "it refuses a JSON array");
  }

  source.name = booking::reservation_update::event_name;
  const auto read = booking::parse(source);
  simdjson::dom::parser parser;
  simdjson::dom::element whole;
  if (parser.parse(source.arguments).get(whole) != simdjson::SUCCESS || !read) return 0;
  const auto& got = std::get<booking::reservation_update>(*read);
  const auto status = text_in(whole, "status");
  if (status && !status->empty()) require(got.status == *status, "another text");
  return 0;
}
