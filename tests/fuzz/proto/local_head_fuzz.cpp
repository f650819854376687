// SPDX-License-Identifier: MIT
// Heads of every type: whatever is read can be written, and what was written reads as the same. The hot path's EVENT
// writer keeps to the size that it announces.
//
// Input: one byte for the type, then the head.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <roombridge/proto/json_text.hpp>
#include <roombridge/proto/messages.hpp>

#include "tests/unit/proto/dispatch.hpp"

namespace {

using namespace roombridge::proto;

void require(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "disagreement: " << what << '\n';
  std::abort();
}

constexpr std::array types{frame_type::hello,  frame_type::subscribe, frame_type::unsubscribe, frame_type::join,
                           frame_type::leave,  frame_type::emit,      frame_type::ack,         frame_type::call,
                           frame_type::ping,   frame_type::pong,      frame_type::welcome,     frame_type::event,
                           frame_type::status, frame_type::live,      frame_type::gap,         frame_type::result,
                           frame_type::error,  frame_type::bye,       frame_type::trace};

void check_event_writer(std::string_view head) {
  const auto read = parse<event>(head);
  if (!read) return;
  const std::vector<std::string_view> topics{read->topics.begin(), read->topics.end()};
  const event_fields fields{read->seq, read->time, read->name, topics, read->attachments, read->unexpected};
  std::string out(event_head_size(fields), '\0');
  require(write_event_head(out.data(), fields) == out.data() + out.size(), "the announced size of an EVENT head");
  const auto again = parse<event>(out);
  require(again && *again == *read, "an EVENT head written by the hot path");
}

bool holds_double(const boost::json::value& value) {
  if (const auto* array = value.if_array()) return std::ranges::any_of(*array, holds_double);
  if (const auto* object = value.if_object()) {
    return std::ranges::any_of(*object, [](const auto& member) { return holds_double(member.value()); });
  }
  return value.is_double();
}

// Boost.JSON 1.81 reads some doubles a last digit beside what it wrote (1040e90), so that a text with one need not
// settle.
bool settles(frame_type type, std::string_view head) {
  return type != frame_type::call ||
         !holds_double(boost::json::parse(boost::json::string_view{head.data(), head.size()}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 1 + max_head) return 0;
  const auto type = types[data[0] % types.size()];
  const std::string_view head{reinterpret_cast<const char*>(data) + 1, size - 1};
  check_event_writer(head);
  const auto once = test::reread_head(type, head);
  if (once->error) {
    require(once->error->code != error_code::none && !once->error->text.empty(), "an error without a name or words");
    require(is_head(head) || once->error->code == error_code::bad_head, "a head that is no JSON, and another error");
    return 0;
  }
  require(is_head(head) && is_utf8(head), "a head that was read is one JSON object in UTF-8");
  require(once->same || !settles(type, head), "what was written reads as the same");
  return 0;
}
