// SPDX-License-Identifier: MIT
#include <roombridge/proto/client_messages.hpp>

#include <charconv>
#include <limits>

#include <roombridge/proto/pattern.hpp>
#include <roombridge/proto/printable.hpp>

#include "head_reader.hpp"
#include "head_writer.hpp"
#include "log_position.hpp"

namespace roombridge::proto {
namespace {

using need = head_reader::need;

constexpr range deadlines{1, max_deadline_ms};

std::string encode_id(std::uint64_t id) {
  return head_writer{}.number("id", id).finish();
}

// RESULT does not answer PONG and the like: whatever is wrong with them is bad_head.
template <class T>
parsed<T> parse_id(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  T value;
  reader.id(value.id);
  return reader.finish(value);
}

void check_patterns(head_reader& reader, std::string_view name, const std::vector<std::string>& patterns) {
  for (const auto& pattern : patterns) {
    if (!is_valid_pattern(pattern)) {
      reader.fail(error_code::bad_pattern, "`" + std::string{name} + "`: a pattern has 1 to " +
                                               std::to_string(max_pattern) + " bytes and a `*` only at its end");
    }
  }
}

std::optional<std::string> field_value(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return std::string{text->data(), text->size()};
  if (const auto* flag = value.if_bool()) return *flag ? "true" : "false";
  if (const auto* number = value.if_int64()) return std::to_string(*number);
  if (const auto* number = value.if_uint64()) return std::to_string(*number);
  return std::nullopt;
}

void read_fields(head_reader& reader, std::vector<field_filter>& out) {
  const auto* fields = reader.object("fields", need::optional);
  if (fields == nullptr) return;
  for (const auto& member : *fields) {
    auto& read = out.emplace_back(field_filter{std::string{member.key().data(), member.key().size()}, {}});
    const auto* values = member.value().if_array();
    if (values == nullptr || values->empty()) {
      return reader.expected("fields", "for each field a list of at least one value");
    }
    for (const auto& each : *values) {
      auto value = field_value(each);
      if (!value) return reader.expected("fields", "values that are strings, integers within 64 bits, true or false");
      if (!is_valid_field(read.name, *value)) {
        return reader.expected("fields", "names without `=`, and values, neither of them empty, and one of each " +
                                             std::to_string(max_pattern - 1) + " bytes at most together");
      }
      read.values.push_back(*std::move(value));
    }
  }
}

void read_since(head_reader& reader, std::optional<log_position>& out) {
  const auto* since = reader.object("since", need::optional);
  if (since == nullptr) return;
  reader.enter(*since);
  read_position(reader, out.emplace());
  reader.leave();
}

void read_slow(head_reader& reader, slow_policy& out) {
  std::string name{to_string(out)};
  reader.text("slow", name, need::optional);
  for (const auto policy : {slow_policy::gap, slow_policy::disconnect, slow_policy::latest}) {
    if (to_string(policy) != name) continue;
    out = policy;
    return;
  }
  reader.expected("slow", "gap, disconnect or latest");
}

void check_subscriber_name(head_reader& reader, std::string_view field, const std::string& name) {
  if (is_valid_subscriber_name(name)) return;
  reader.expected(field, "1 to " + std::to_string(max_subscriber_name) + " bytes without control characters");
}

std::string text_of(const std::vector<field_filter>& fields) {
  std::string out = "{";
  for (const field_filter& each : fields) {
    if (out.size() > 1) out += ',';
    append_json_string(out, each.name);
    out += ":[";
    for (const std::string& value : each.values) {
      if (out.back() != '[') out += ',';
      append_json_string(out, value);
    }
    out += ']';
  }
  return out + '}';
}

std::size_t patterns_of(const subscribe& value) {
  std::size_t count = value.events.size() + value.topics.size();
  for (const field_filter& each : value.fields) count += each.values.size();
  return count;
}

void check_room(head_reader& reader, const std::string& room) {
  if (is_valid_room(room)) return;
  reader.expected("room", "1 to " + std::to_string(max_room) + " bytes without control characters");
}

}  // namespace

std::string epoch_text(std::uint64_t epoch) {
  std::string text(16, '0');
  for (std::size_t i = text.size(); epoch != 0; epoch >>= 4) text[--i] = "0123456789abcdef"[epoch & 15];
  return text;
}

std::uint64_t epoch_of(std::string_view text) noexcept {
  std::uint64_t epoch = 0;
  std::from_chars(text.data(), text.data() + text.size(), epoch, 16);
  return epoch;
}

std::string_view to_string(slow_policy policy) noexcept {
  switch (policy) {
    case slow_policy::gap:
      return "gap";
    case slow_policy::disconnect:
      return "disconnect";
    case slow_policy::latest:
      return "latest";
  }
  return "gap";
}

bool is_epoch(std::string_view text) noexcept {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_valid_room(std::string_view room) {
  return !room.empty() && room.size() <= max_room && !has_control_character(room);
}

bool is_valid_subscriber_name(std::string_view name) {
  return !name.empty() && name.size() <= max_subscriber_name && !has_control_character(name);
}

bool is_head(std::string_view text) {
  return text.size() <= max_head && !head_reader{text, error_code::bad_head}.failed();
}

std::string encode_head(const hello& value) {
  head_writer writer;
  writer.list("versions", value.versions);
  if (!value.client.empty()) writer.text("client", value.client);
  if (!value.subscriber.empty()) writer.text("subscriber", value.subscriber);
  return writer.finish();
}

template <>
parsed<hello> parse<hello>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  hello value;
  value.versions.clear();
  if (const auto* versions = reader.array("versions", need::required)) {
    for (const auto& item : *versions) {
      const auto version = integer_of(item, {});
      if (!version) reader.expected("versions", "a list of integers");
      value.versions.push_back(version.value_or(0));
    }
  }
  reader.text("client", value.client, need::optional, max_client_name);
  reader.text("subscriber", value.subscriber, need::optional);
  if (reader.find("subscriber") != nullptr) check_subscriber_name(reader, "subscriber", value.subscriber);
  return reader.finish(std::move(value));
}

std::string encode_head(const subscribe& value) {
  head_writer writer;
  writer.number("id", value.id);
  if (!value.events.empty()) writer.list("events", value.events);
  if (!value.topics.empty()) writer.list("topics", value.topics);
  if (!value.fields.empty()) writer.raw("fields", text_of(value.fields));
  if (value.since) {
    writer.raw("since", encode_position(*value.since));
  }
  if (value.snapshot) writer.boolean("snapshot", true);
  if (value.slow != slow_policy::gap) writer.text("slow", to_string(value.slow));
  if (value.more) writer.boolean("more", true);
  if (value.replaces) writer.number("replaces", *value.replaces);
  return writer.finish();
}

template <>
parsed<subscribe> parse<subscribe>(std::string_view head) {
  head_reader reader{head, error_code::bad_request};
  subscribe value;
  reader.id(value.id)
      .texts("events", value.events)
      .texts("topics", value.topics)
      .boolean("snapshot", value.snapshot)
      .boolean("more", value.more)
      .number("replaces", value.replaces);
  read_fields(reader, value.fields);
  if (patterns_of(value) > max_patterns) {
    reader.expected("events", "at most " + std::to_string(max_patterns) +
                                  " patterns, `topics` and the values of `fields` included");
  }
  check_patterns(reader, "events", value.events);
  check_patterns(reader, "topics", value.topics);
  read_since(reader, value.since);
  read_slow(reader, value.slow);
  return reader.finish(std::move(value));
}

std::string encode_head(const unsubscribe& value) {
  return head_writer{}.number("id", value.id).number("subscription", value.subscription).finish();
}

template <>
parsed<unsubscribe> parse<unsubscribe>(std::string_view head) {
  head_reader reader{head, error_code::bad_request};
  unsubscribe value;
  reader.id(value.id).number("subscription", value.subscription);
  return reader.finish(value);
}

std::string encode_head(const join& value) {
  head_writer writer;
  writer.number("id", value.id).text("room", value.room);
  if (value.deadline_ms != default_deadline_ms) writer.number("deadline_ms", value.deadline_ms);
  return writer.finish();
}

template <>
parsed<join> parse<join>(std::string_view head) {
  head_reader reader{head, error_code::bad_request};
  join value;
  reader.id(value.id).text("room", value.room).number("deadline_ms", value.deadline_ms, need::optional, deadlines);
  check_room(reader, value.room);
  return reader.finish(std::move(value));
}

std::string encode_head(const leave& value) {
  return head_writer{}.number("id", value.id).text("room", value.room).finish();
}

template <>
parsed<leave> parse<leave>(std::string_view head) {
  head_reader reader{head, error_code::bad_request};
  leave value;
  reader.id(value.id).text("room", value.room);
  check_room(reader, value.room);
  return reader.finish(std::move(value));
}

std::string encode_head(const emit& value) {
  head_writer writer;
  writer.number("id", value.id).text("event", value.event);
  if (value.ack) writer.boolean("ack", true);
  if (value.deadline_ms != default_deadline_ms) writer.number("deadline_ms", value.deadline_ms);
  if (!value.attachments.empty()) writer.list("attachments", value.attachments);
  return writer.finish();
}

template <>
parsed<emit> parse<emit>(std::string_view head) {
  head_reader reader{head, error_code::bad_request};
  emit value;
  reader.id(value.id)
      .text("event", value.event)
      .boolean("ack", value.ack)
      .number("deadline_ms", value.deadline_ms, need::optional, deadlines)
      .sizes("attachments", value.attachments);
  if (has_control_character(value.event)) reader.expected("event", "a name without control characters");
  return reader.finish(std::move(value));
}

std::string encode_head(const call& value) {
  head_writer writer;
  writer.number("id", value.id).text("method", value.method);
  if (value.params != "{}") writer.raw("params", value.params);
  return writer.finish();
}

template <>
parsed<call> parse<call>(std::string_view head) {
  head_reader reader{head, error_code::bad_request};
  call value;
  reader.id(value.id).text("method", value.method);
  if (const auto* params = reader.object("params", need::optional)) {
    value.params = boost::json::serialize(*params);
    // 1e400 is JSON, but the library reads infinity, and what it writes for that is not JSON.
    if (!is_head(value.params)) reader.expected("params", "numbers that a double holds");
  }
  return reader.finish(std::move(value));
}

std::string encode_head(const trace_params& value) {
  head_writer writer;
  if (value.for_ms != default_trace_ms) writer.number("for_ms", value.for_ms);
  return writer.finish();
}

template <>
parsed<trace_params> parse<trace_params>(std::string_view params) {
  head_reader reader{params, error_code::bad_request};
  trace_params value;
  reader.number("for_ms", value.for_ms, need::optional, {1, max_trace_ms});
  return reader.finish(value);
}

std::string encode_head(const ack& value) {
  return head_writer{}
      .number("id", value.id)
      .text("epoch", value.position.epoch)
      .number("seq", value.position.seq)
      .finish();
}

template <>
parsed<ack> parse<ack>(std::string_view head) {
  head_reader reader{head, error_code::bad_request};
  ack value;
  reader.id(value.id);
  read_position(reader, value.position);
  return reader.finish(std::move(value));
}

std::string encode_head(const remove_subscriber_params& value) {
  head_writer writer;
  writer.text("name", value.name);
  if (value.uid) writer.number("uid", *value.uid);
  return writer.finish();
}

template <>
parsed<remove_subscriber_params> parse<remove_subscriber_params>(std::string_view params) {
  head_reader reader{params, error_code::bad_request};
  remove_subscriber_params value;
  reader.text("name", value.name).number("uid", value.uid, {0, std::numeric_limits<std::uint32_t>::max()});
  check_subscriber_name(reader, "name", value.name);
  return reader.finish(std::move(value));
}

std::string encode_head(const ping& value) {
  head_writer writer;
  writer.number("id", value.id);
  if (value.deadline_ms) writer.number("deadline_ms", *value.deadline_ms);
  return writer.finish();
}

template <>
parsed<ping> parse<ping>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  ping value;
  reader.id(value.id).number("deadline_ms", value.deadline_ms, deadlines);
  return reader.finish(value);
}

std::string encode_head(const pong& value) {
  return encode_id(value.id);
}

template <>
parsed<pong> parse<pong>(std::string_view head) {
  return parse_id<pong>(head);
}

}  // namespace roombridge::proto
