// SPDX-License-Identifier: MIT
#include <roombridge/connection.hpp>

#include <algorithm>
#include <cassert>

#include <roombridge/proto/json_text.hpp>
#include <roombridge/proto/messages.hpp>
#include <roombridge/proto/pattern.hpp>
#include <roombridge/proto/payload.hpp>
#include <roombridge/proto/printable.hpp>

namespace roombridge {
namespace {

using proto::frame_type;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

failure invalid(std::string_view text) {
  return {failure_kind::invalid_argument, proto::printable(text), std::nullopt};
}

// At most `most` bytes, not cut within a character.
std::string_view shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

std::optional<failure> check_field(const field_filter& field) {
  if (field.values.empty()) return invalid("the field \"" + field.name + "\" has no values");
  for (const auto& value : field.values) {
    if (proto::is_valid_field(field.name, value) && proto::is_utf8(field.name) && proto::is_utf8(value)) continue;
    return invalid("no field \"" + field.name + "\" can have the value \"" + value +
                   "\": neither is empty, the name has no =, and both have at most 255 bytes of UTF-8");
  }
  return std::nullopt;
}

std::optional<failure> check_filter(const filter& wanted) {
  std::size_t patterns = wanted.events.size() + wanted.topics.size();
  for (const auto& field : wanted.fields) {
    if (auto wrong = check_field(field)) return wrong;
    patterns += field.values.size();
  }
  if (patterns > proto::max_patterns) {
    return invalid("a subscription has at most " + std::to_string(proto::max_patterns) + " patterns and values");
  }
  for (const auto* list : {&wanted.events, &wanted.topics}) {
    for (const auto& pattern : *list) {
      if (proto::is_valid_pattern(pattern) && proto::is_utf8(pattern)) continue;
      return invalid("\"" + pattern + "\" is no pattern: 1 to 256 bytes of UTF-8, a * only at the end");
    }
  }
  return std::nullopt;
}

std::optional<failure> check_deadline(std::chrono::milliseconds deadline) {
  if (deadline < std::chrono::milliseconds{1} || deadline > std::chrono::milliseconds{proto::max_deadline_ms}) {
    return invalid("the deadline is not between 1 ms and 5 minutes");
  }
  return std::nullopt;
}

std::optional<failure> check_epoch(const log_position& position) {
  if (proto::is_epoch(position.epoch)) return std::nullopt;
  return invalid("an epoch has 16 lower-case hex digits");
}

std::optional<failure> check_room(std::string_view room) {
  if (proto::is_valid_room(room) && proto::is_utf8(room)) return std::nullopt;
  return invalid("no room has such a name: 1 to 256 bytes of UTF-8 without control characters");
}

std::optional<failure> check_emission(const emission& what) {
  if (!proto::is_utf8(what.event)) return invalid("the event's name is not UTF-8");
  if (proto::has_control_character(what.event)) return invalid("no event's name has control characters");
  if (what.attachments.size() > proto::max_attachments) {
    return invalid("an event has at most " + std::to_string(proto::max_attachments) + " attachments");
  }
  return check_deadline(what.deadline);
}

bool copy_parts(std::span<const std::byte> payload, const std::vector<std::uint32_t>& sizes, std::string& text,
                std::vector<std::string>& attachments) {
  const auto parts = proto::split_payload(payload, sizes);
  if (!parts) return false;
  text = parts->arguments();
  for (const auto bytes : parts->attachments()) attachments.push_back(text_of(bytes));
  return true;
}

}  // namespace

connection::connection(std::string_view name, request_id last_id, std::string_view subscriber) : last_id_(last_id) {
  proto::hello hello;
  if (proto::is_utf8(name)) hello.client = shortened(name, proto::max_client_name);
  hello.subscriber = subscriber;
  output_ = proto::encode(hello);
}

void connection::sent(std::size_t bytes) {
  assert(bytes <= output().size());
  sent_ += bytes;
  if (sent_ == output_.size()) {
    output_.clear();
    sent_ = 0;
  }
}

std::optional<message> connection::next() {
  if (messages_.empty()) return std::nullopt;
  std::optional<message> first{std::move(messages_.front())};
  messages_.pop_front();
  return first;
}

void connection::receive(std::span<const std::byte> bytes) {
  if (closed_) return;
  decoder_.feed(bytes);
  while (const auto frame = decoder_.next()) {
    on_frame(*frame);
    if (closed_) return;
  }
  if (decoder_.error() != error_code::none) violation("frame", proto::to_string(decoder_.error()));
}

void connection::receive_end(std::string_view text) {
  if (closed_) return;
  if (bye_) {
    const std::string why = proto::printable(bye_->reason + " (" + bye_->text + ")");
    close({{failure_kind::closed, "the daemon closed the connection: " + why, {}}, bye_->reconnect});
  } else {
    close({{failure_kind::closed, "the connection to the daemon ended: " + std::string{text}, {}}, true});
  }
}

void connection::close(closed how) {
  closed_ = true;
  output_.clear();
  sent_ = 0;
  messages_.push_back(std::move(how));
}

void connection::violation(std::string_view what, std::string_view why) {
  close({{failure_kind::protocol,
          "the daemon sent a bad " + std::string{what} + ": " + proto::printable(why) + "; is it of another version?",
          {}},
         false});
}

void connection::on_frame(const proto::frame& frame) {
  switch (frame.type) {
    case frame_type::welcome:
      return on_welcome(frame);
    case frame_type::ping:
      return on_ping(frame);
    case frame_type::bye:
      return on_bye(frame);
    case frame_type::error:
      return pass_on<proto::error>(frame);
    case frame_type::event:
    case frame_type::status:
    case frame_type::live:
    case frame_type::gap:
    case frame_type::result:
    case frame_type::trace:
      break;
    default:
      return;  // a type of a later version, or one that only clients send
  }
  if (!welcomed_) return violation(proto::to_string(frame.type), "it came before WELCOME");
  switch (frame.type) {
    case frame_type::event:
      return on_event(frame);
    case frame_type::status:
      return pass_on<status>(frame);
    case frame_type::live:
      return pass_on<live>(frame);
    case frame_type::gap:
      return pass_on<gap>(frame);
    case frame_type::trace:
      return pass_on<trace>(frame);
    default:
      return on_result(frame);
  }
}

template <class Message>
void connection::pass_on(const proto::frame& frame) {
  auto head = proto::parse<Message>(frame.head);
  if (!head) return violation(proto::to_string(frame.type), head.error().text);
  messages_.push_back(std::move(*head));
}

void connection::on_welcome(const proto::frame& frame) {
  const auto head = proto::parse<welcome>(frame.head);
  if (!head) return violation("WELCOME", head.error().text);
  if (welcomed_ || head->version != proto::protocol_version)
    return violation("WELCOME", "its version was not asked for");
  welcomed_ = true;
  messages_.push_back(*head);
}

void connection::on_event(const proto::frame& frame) {
  auto head = proto::parse<proto::event>(frame.head);
  if (!head) return violation("EVENT", head.error().text);
  event out{head->seq, head->time, std::move(head->name), std::move(head->topics), head->unexpected,
            {},        {},         head->retained};
  if (!copy_parts(frame.payload, head->attachments, out.arguments, out.attachments)) {
    return violation("EVENT", "its attachments do not fit into its payload");
  }
  messages_.push_back(std::move(out));
}

void connection::on_result(const proto::frame& frame) {
  auto head = proto::parse<proto::result>(frame.head);
  if (!head) return violation("RESULT", head.error().text);
  answer out{head->id, std::move(head->error), head->outcome, {}, {}, head->state, head->resumption, head->durable};
  if (!copy_parts(frame.payload, head->attachments, out.payload, out.attachments)) {
    return violation("RESULT", "its attachments do not fit into its payload");
  }
  messages_.push_back(std::move(out));
}

void connection::on_ping(const proto::frame& frame) {
  const auto head = proto::parse<proto::ping>(frame.head);
  if (!head) return violation("PING", head.error().text);
  const bool fits = proto::append_message(output_, proto::pong{head->id});
  assert(fits);
  (void)fits;
}

void connection::on_bye(const proto::frame& frame) {
  auto head = proto::parse<bye>(frame.head);
  if (!head) return violation("BYE", head.error().text);
  bye_ = *head;
  messages_.push_back(std::move(*head));
}

template <class Message>
outcome<request_id> connection::request(Message value, std::string_view payload) {
  if (closed_) return failure{failure_kind::not_connected, "the connection to the daemon has ended", {}};
  value.id = last_id_ + 1;
  if (!proto::append_message(output_, value, std::as_bytes(std::span{payload}))) {
    return invalid("the request is larger than a frame may be (64 KiB of names, 1 MiB in all)");
  }
  return ++last_id_;
}

outcome<request_id> connection::subscribe(const filter& wanted, const beginning& from) {
  if (auto wrong = check_filter(wanted)) return *std::move(wrong);
  if (from.since) {
    if (auto wrong = check_epoch(*from.since)) return *std::move(wrong);
  }
  return request(proto::subscribe{.events = wanted.events,
                                  .topics = wanted.topics,
                                  .fields = wanted.fields,
                                  .since = from.since,
                                  .snapshot = from.snapshot,
                                  .slow = from.slow,
                                  .more = from.more});
}

outcome<request_id> connection::replace(request_id subscription, const filter& wanted) {
  if (auto wrong = check_filter(wanted)) return *std::move(wrong);
  return request(proto::subscribe{
      .events = wanted.events, .topics = wanted.topics, .fields = wanted.fields, .replaces = subscription});
}

outcome<request_id> connection::ack(const log_position& position) {
  if (auto wrong = check_epoch(position)) return *std::move(wrong);
  return request(proto::ack{0, position});
}

outcome<request_id> connection::unsubscribe(request_id subscription) {
  return request(proto::unsubscribe{0, subscription});
}

outcome<request_id> connection::join(std::string_view room, std::chrono::milliseconds deadline) {
  if (auto wrong = check_room(room)) return *std::move(wrong);
  if (auto wrong = check_deadline(deadline)) return *std::move(wrong);
  return request(proto::join{0, std::string{room}, static_cast<std::uint32_t>(deadline.count())});
}

outcome<request_id> connection::leave(std::string_view room) {
  if (auto wrong = check_room(room)) return *std::move(wrong);
  return request(proto::leave{0, std::string{room}});
}

outcome<request_id> connection::emit(const emission& what) {
  if (auto wrong = check_emission(what)) return *std::move(wrong);
  proto::emit head{0, what.event, what.ack, static_cast<std::uint32_t>(what.deadline.count()), {}};
  std::string payload = what.arguments;
  if (payload.empty() && !what.attachments.empty()) payload = "[]";
  for (const auto& bytes : what.attachments) {
    if (bytes.size() > proto::max_body) return invalid("an attachment is larger than a frame may be (1 MiB)");
    head.attachments.push_back(static_cast<std::uint32_t>(bytes.size()));
    payload += bytes;
  }
  return request(std::move(head), payload);
}

outcome<request_id> connection::call(std::string_view method, std::string_view params) {
  const proto::call head{0, std::string{method}, std::string{params.empty() ? "{}" : params}};
  // A head that is not JSON would end the connection, hence a look with the daemon's eyes; at the params alone, too,
  // lest they bring fields of the head with them.
  if (!proto::is_head(params) || !proto::is_head(proto::encode_head(head))) {
    return invalid("the method's name is not UTF-8, or its params are not a JSON object of a head's limits");
  }
  return request(head);
}

}  // namespace roombridge
