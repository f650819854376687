// SPDX-License-Identifier: MIT
// A conversation of messages, each led by a byte of kind and a byte of length: packets are decoded, rebuilt with the
// encoders and decoded to the same; attachments are assembled as a simple model says. Agreement with npm's parser is
// tests/integration/parser_agreement.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/upstream/wire/binary_assembler.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace {

using namespace roombridge::upstream;
using namespace roombridge::upstream::socketio;
using roombridge::fuzz::require;

constexpr std::size_t limit = 200;

bool same(const packet& a, const packet& b) {
  return a.type == b.type && a.nsp == b.nsp && a.attachments == b.attachments && a.id == b.id && a.data == b.data;
}

// The packet from its parts, or nothing where the encoders have no counterpart: data that is no array of a name and
// more, and packets that only servers send.
std::optional<std::string> encode(const packet& value) {
  std::string out;
  switch (value.type) {
    case packet_type::connect:
      // The encoder is for an object or nothing: data that begins like a namespace would be read as one.
      if (!value.data.empty() && !value.data.starts_with('{')) return std::nullopt;
      append_connect(out, value.nsp, value.data);
      return out;
    case packet_type::disconnect:
      if (!value.data.empty() || value.id) return std::nullopt;
      append_disconnect(out, value.nsp);
      return out;
    case packet_type::event:
    case packet_type::binary_event:
      // A name without anything to escape, so that it comes back as it was.
      if (!value.data.starts_with("[\"e\",") || !value.data.ends_with(']')) return std::nullopt;
      append_event(out, value.nsp, "e", "[" + std::string{value.data.substr(5)}, value.id, value.attachments);
      return out;
    case packet_type::ack:
    case packet_type::binary_ack:
      if (value.data.size() < 2 || !value.data.ends_with(']')) return std::nullopt;
      append_ack(out, value.nsp, *value.id, value.data, value.attachments);
      return out;
    case packet_type::connect_error:
      break;
  }
  return std::nullopt;
}

bool only_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// What the encoders change on purpose: white space alone between brackets goes, an ack id on CONNECT has no meaning,
// and a binary packet without attachments becomes a plain one.
bool kept_by_the_encoders(const packet& value) {
  if (value.type == packet_type::connect) return !value.id;
  if ((value.type == packet_type::binary_event || value.type == packet_type::binary_ack) && value.attachments == 0)
    return false;
  const bool event = value.type == packet_type::event || value.type == packet_type::binary_event;
  if (value.data.size() >= 2) {
    const std::size_t begin = event ? 5 : 1;
    if (value.type != packet_type::disconnect && only_blank(value.data.substr(begin, value.data.size() - begin - 1))) {
      return value.data == "[]";
    }
  }
  return true;
}

void check_replies(const packet& value) {
  if (value.type == packet_type::connect) {
    const auto reply = parse_connect_reply(value.data);
    require(reply || !to_string(reply.error()).empty(), "an error without words");
  }
  if (value.type == packet_type::connect_error) {
    const auto refusal = parse_refusal(value.data);
    if (!refusal || refusal->data.empty()) return;
    const auto again = parse_refusal("{\"data\":" + refusal->data + "}");
    require(again && again->data == refusal->data, "a refusal's data written again differs");
  }
}

void check_text(std::string_view text) {
  const auto decoded = decode(text);
  if (!decoded) {
    require(!to_string(decoded.error()).empty(), "an error without words");
    return;
  }
  require(decoded->attachments <= attachment_limit && decoded->nsp.size() <= nsp_limit, "a limit is passed");
  require(text.ends_with(decoded->data), "the data is not the text's end");
  check_replies(*decoded);
  const auto encoded = encode(*decoded);
  if (!encoded || !kept_by_the_encoders(*decoded)) return;
  const auto again = decode(*encoded);
  require(again && same(*again, *decoded), "a packet encoded again differs");
}

// What the assembler should hold, in the plainest way.
struct model {
  std::optional<packet> head;  // its views point into the fuzzed bytes
  std::vector<std::string> attachments;
  std::size_t bytes = 0;

  std::optional<error> begin(const packet& value) {
    const bool waited = head.has_value();
    *this = {};
    if (waited) return error::attachments_missing;
    if (value.data.size() > limit) return error::packet_too_large;
    head = value;
    bytes = value.data.size();
    return std::nullopt;
  }

  std::optional<error> add(std::string_view message) {
    if (!head || bytes + message.size() > limit) {
      const auto why = head ? error::packet_too_large : error::unexpected_binary;
      *this = {};
      return why;
    }
    attachments.emplace_back(message);
    bytes += message.size();
    return std::nullopt;
  }
};

void check_assembled(const binary_assembler& assembler, model& expected) {
  const bool whole = expected.head && expected.attachments.size() == expected.head->attachments;
  require(assembler.complete() == whole, "complete at the wrong moment");
  require(assembler.waiting() == (expected.head.has_value() && !whole), "waiting at the wrong moment");
  if (!whole) return;
  require(same(assembler.assembled(), *expected.head), "the assembled packet differs");
  std::vector<std::string> attachments;
  for (const auto bytes : assembler.attachments()) {
    attachments.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  require(attachments == expected.attachments, "the attachments differ");
  expected = {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  binary_assembler assembler{limit};
  model expected;
  while (rest.size() >= 2) {
    const bool text = rest[0] != 'b';
    const auto message = rest.substr(2, static_cast<std::uint8_t>(rest[1]));
    rest.remove_prefix(2 + message.size());
    if (!text) {
      require(assembler.add(message) == expected.add(message), "an attachment is judged differently");
      check_assembled(assembler, expected);
      continue;
    }
    check_text(message);
    const auto decoded = decode(message);
    if (!decoded || decoded->attachments == 0) continue;
    require(assembler.begin(*decoded) == expected.begin(*decoded), "a packet is judged differently");
    check_assembled(assembler, expected);
  }
  return 0;
}
