// SPDX-License-Identifier: MIT
#include <roombridge/proto/daemon_messages.hpp>

#include <array>

#include "head_reader.hpp"
#include "head_writer.hpp"
#include "log_position.hpp"

namespace roombridge::proto {
namespace {

using need = head_reader::need;

constexpr std::array<std::string_view, 5> state_names{"offline", "connecting", "connected", "authenticating",
                                                      "authenticated"};
constexpr std::array<std::string_view, 4> outcome_names{"", "acked", "sent_unknown", "not_sent"};
constexpr std::array<std::string_view, 5> room_names{"", "waiting", "joining", "asked", "joined"};

// The enumerator whose name the field has.
template <class Enum, std::size_t Size>
void read_name(head_reader& reader, std::string_view field, need needed,
               const std::array<std::string_view, Size>& names, Enum& out) {
  std::string text;
  reader.text(field, text, needed);
  for (std::size_t i = 0; i < Size; ++i) {
    if (names[i] == text) {
      out = static_cast<Enum>(i);
      return;
    }
  }
  reader.expected(field, "one of the names that version 1 has");
}

void write_error(head_writer& writer, const error_info& value) {
  writer.number("code", static_cast<int>(value.code))
      .text("name", value.name)
      .text("text", value.text)
      .boolean("retry", value.retry);
}

void read_error(head_reader& reader, error_info& value) {
  int code = 0;
  reader.number("code", code, need::required, {1, 9999})
      .text("name", value.name)
      .text("text", value.text, need::optional)
      .boolean("retry", value.retry);
  value.code = static_cast<error_code>(code);
}

std::string encode_may(const welcome& value) {
  head_writer out;
  out.boolean("control", value.may_control);
  if (!value.may) return out.finish();
  std::string see = "[";
  for (const sight& each : value.may->see) {
    if (see.size() > 1) see += ',';
    see += head_writer{}.list("events", each.events).list("topics", each.topics).finish();
  }
  return out.raw("see", see + ']').list("hold", value.may->hold).list("emit", value.may->emit).finish();
}

void read_may(head_reader& reader, const boost::json::object& may, welcome& value) {
  reader.enter(may);
  reader.boolean("control", value.may_control);
  if (const auto* see = reader.array("see", need::optional)) {
    permissions& read = value.may.emplace();
    for (const auto& each : *see) {
      if (!each.is_object()) return reader.expected("see", "a list of objects");
      sight& made = read.see.emplace_back();
      reader.enter(each.get_object());
      reader.texts("events", made.events).texts("topics", made.topics);
    }
    reader.enter(may);
    reader.texts("hold", read.hold).texts("emit", read.emit);
  }
  reader.leave();
}

}  // namespace

std::string_view to_string(upstream_state state) noexcept {
  return state_names[static_cast<std::size_t>(state)];
}

std::string_view to_string(emit_outcome outcome) noexcept {
  return outcome_names[static_cast<std::size_t>(outcome)];
}

std::string_view to_string(room_state state) noexcept {
  return room_names[static_cast<std::size_t>(state)];
}

error_info make_error(error_code code, std::string text) {
  return {code, std::string{to_string(code)}, std::move(text), may_retry(code)};
}

std::string encode_head(const welcome& value) {
  const auto limits = head_writer{}
                          .number("body", value.body_limit)
                          .number("subscriptions", value.subscription_limit)
                          .number("patterns", value.pattern_limit)
                          .finish();
  head_writer writer;
  writer.number("version", value.version)
      .text("server", value.server)
      .text("epoch", value.epoch)
      .number("newest", value.newest)
      .raw("limits", limits)
      .raw("may", encode_may(value));
  if (value.position) writer.raw("position", encode_position(*value.position));
  return writer.finish();
}

template <>
parsed<welcome> parse<welcome>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  welcome value;
  reader.number("version", value.version, need::required, {1, max_integer})
      .text("server", value.server)
      .text("epoch", value.epoch)
      .number("newest", value.newest);
  if (!is_epoch(value.epoch)) reader.expected("epoch", "16 hex digits");
  if (const auto* limits = reader.object("limits", need::required)) {
    reader.enter(*limits);
    reader.number("body", value.body_limit)
        .number("subscriptions", value.subscription_limit)
        .number("patterns", value.pattern_limit);
    reader.leave();
  }
  if (const auto* may = reader.object("may", need::required)) read_may(reader, *may, value);
  if (const auto* position = reader.object("position", need::optional)) {
    reader.enter(*position);
    read_position(reader, value.position.emplace());
    reader.leave();
  }
  return reader.finish(std::move(value));
}

std::string encode_head(const event& value) {
  const std::vector<std::string_view> topics{value.topics.begin(), value.topics.end()};
  std::string out;
  append_event_head(out,
                    {value.seq, value.time, value.name, topics, value.attachments, value.unexpected, value.retained});
  return out;
}

template <>
parsed<event> parse<event>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  event value;
  reader.number("seq", value.seq)
      .number("time", value.time)
      .text("event", value.name)
      .texts("topics", value.topics)
      .sizes("attachments", value.attachments)
      .boolean("unexpected", value.unexpected)
      .boolean("retained", value.retained);
  return reader.finish(std::move(value));
}

std::string encode_head(const status& value) {
  head_writer writer;
  writer.text("state", to_string(value.state)).number("since", value.since);
  if (value.rooms) writer.list("rooms", *value.rooms);
  if (!value.cause.empty()) writer.text("cause", value.cause);
  if (!value.text.empty()) writer.text("text", value.text);
  if (value.next_attempt) writer.number("next_attempt", *value.next_attempt);
  if (!value.transport.empty()) writer.text("transport", value.transport);
  return writer.finish();
}

template <>
parsed<status> parse<status>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  status value;
  read_name(reader, "state", need::required, state_names, value.state);
  reader.number("since", value.since);
  if (reader.find("rooms") != nullptr) reader.texts("rooms", value.rooms.emplace());
  reader.text("cause", value.cause, need::optional)
      .text("text", value.text, need::optional)
      .number("next_attempt", value.next_attempt)
      .text("transport", value.transport, need::optional);
  return reader.finish(std::move(value));
}

std::string encode_head(const live& value) {
  return head_writer{}.number("seq", value.seq).finish();
}

template <>
parsed<live> parse<live>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  live value;
  reader.number("seq", value.seq);
  return reader.finish(value);
}

std::string encode_head(const gap& value) {
  head_writer writer;
  writer.number("first", value.first).number("last", value.last);
  if (value.count) {
    writer.number("count", *value.count);
  } else {
    writer.raw("count", "null");
  }
  writer.text("reason", value.reason);
  if (!value.event.empty()) writer.text("event", value.event);
  if (value.bytes) writer.number("bytes", *value.bytes);
  if (value.from) writer.number("from", *value.from);
  if (value.until) writer.number("until", *value.until);
  if (!value.epoch.empty()) writer.text("epoch", value.epoch);
  return writer.finish();
}

template <>
parsed<gap> parse<gap>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  gap value;
  reader.number("first", value.first)
      .number("last", value.last)
      .number("count", value.count)
      .text("reason", value.reason)
      .text("event", value.event, need::optional)
      .number("bytes", value.bytes)
      .number("from", value.from)
      .number("until", value.until)
      .text("epoch", value.epoch, need::optional);
  if (!value.epoch.empty() && !is_epoch(value.epoch)) reader.expected("epoch", "16 hex digits");
  return reader.finish(std::move(value));
}

std::string encode_head(const result& value) {
  head_writer writer;
  writer.number("id", value.id).boolean("ok", !value.error);
  if (value.error) {
    head_writer error;
    write_error(error, *value.error);
    writer.raw("error", error.finish());
  }
  if (value.outcome != emit_outcome::none) writer.text("outcome", to_string(value.outcome));
  if (value.state != room_state::none) writer.text("state", to_string(value.state));
  if (!value.attachments.empty()) writer.list("attachments", value.attachments);
  if (value.resumption) {
    writer.boolean("resumed", value.resumption->complete)
        .number("first", value.resumption->first)
        .number("newest", value.resumption->newest);
  }
  if (value.durable) writer.boolean("durable", *value.durable);
  return writer.finish();
}

template <>
parsed<result> parse<result>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  result value;
  bool ok = false;
  reader.id(value.id).boolean("ok", ok, need::required);
  if (const auto* inner = ok ? nullptr : reader.object("error", need::required)) {
    reader.enter(*inner);
    read_error(reader, value.error.emplace());
    reader.leave();
  }
  read_name(reader, "outcome", need::optional, outcome_names, value.outcome);
  read_name(reader, "state", need::optional, room_names, value.state);
  reader.sizes("attachments", value.attachments);
  if (reader.find("resumed") != nullptr) {
    auto& resumption = value.resumption.emplace();
    reader.boolean("resumed", resumption.complete)
        .number("first", resumption.first)
        .number("newest", resumption.newest);
  }
  if (reader.find("durable") != nullptr) reader.boolean("durable", value.durable.emplace());
  return reader.finish(std::move(value));
}

std::string encode_head(const error& value) {
  head_writer writer;
  write_error(writer, value.info);
  writer.boolean("fatal", value.fatal);
  if (value.subscription) writer.number("subscription", *value.subscription);
  if (!value.room.empty()) writer.text("room", value.room);
  return writer.finish();
}

template <>
parsed<error> parse<error>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  error value;
  read_error(reader, value.info);
  reader.boolean("fatal", value.fatal)
      .number("subscription", value.subscription)
      .text("room", value.room, need::optional);
  return reader.finish(std::move(value));
}

std::string encode_head(const bye& value) {
  return head_writer{}
      .text("reason", value.reason)
      .text("text", value.text)
      .boolean("reconnect", value.reconnect)
      .finish();
}

template <>
parsed<bye> parse<bye>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  bye value;
  reader.text("reason", value.reason).text("text", value.text, need::optional).boolean("reconnect", value.reconnect);
  return reader.finish(std::move(value));
}

std::string encode_head(const trace& value) {
  head_writer writer;
  const auto optional_text = [&writer](std::string_view name, std::string_view text) {
    if (!text.empty()) writer.text(name, text);
  };
  writer.number("time", value.time);
  optional_text("step", value.step);
  optional_text("text", value.text);
  optional_text("direction", value.direction);
  optional_text("transport", value.transport);
  optional_text("engine", value.engine);
  optional_text("packet", value.packet);
  optional_text("nsp", value.nsp);
  optional_text("event", value.event);
  if (value.ack) writer.number("ack", *value.ack);
  if (value.bytes) writer.number("bytes", *value.bytes);
  if (!value.attachments.empty()) writer.list("attachments", value.attachments);
  optional_text("shape", value.shape);
  if (value.missed) writer.number("missed", *value.missed);
  return writer.finish();
}

template <>
parsed<trace> parse<trace>(std::string_view head) {
  head_reader reader{head, error_code::bad_head};
  trace value;
  reader.number("time", value.time)
      .text("step", value.step, need::optional)
      .text("text", value.text, need::optional)
      .text("direction", value.direction, need::optional)
      .text("transport", value.transport, need::optional)
      .text("engine", value.engine, need::optional)
      .text("packet", value.packet, need::optional)
      .text("nsp", value.nsp, need::optional)
      .text("event", value.event, need::optional)
      .number("ack", value.ack)
      .number("bytes", value.bytes)
      .sizes("attachments", value.attachments)
      .text("shape", value.shape, need::optional)
      .number("missed", value.missed);
  return reader.finish(std::move(value));
}

}  // namespace roombridge::proto
