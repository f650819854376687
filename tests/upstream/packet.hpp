// SPDX-License-Identifier: MIT
// Socket.IO 5 packets as the test upstream reads them. Pure. Written apart from the daemon's codec on purpose: one
// misreading of the protocol must not hide in both, so nothing here may include anything of daemon/ or proto/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "tests/upstream/outgoing.hpp"

namespace test_upstream {

// A packet from a client. `data` is what its type demands: connect an object or null, event an array that begins with a
// name which is not reserved, ack an array; otherwise null.
struct packet {
  packet_type type = packet_type::connect;
  std::string nsp = "/";
  std::optional<std::uint64_t> id;
  boost::json::value data;
  std::size_t attachments_expected = 0;
  std::vector<std::string> attachments;

  [[nodiscard]] bool is_event() const { return type == packet_type::event || type == packet_type::binary_event; }
  [[nodiscard]] bool is_ack() const { return type == packet_type::ack || type == packet_type::binary_ack; }

  // Of an event: its name, a number as its digits.
  [[nodiscard]] std::string event_name() const;
  // Of an event: a field of its first argument as text, a number as its digits; empty when it is not there or something
  // else.
  [[nodiscard]] std::string field(std::string_view name) const;
  // Of an event or an acknowledgement: the arguments as a JSON array.
  [[nodiscard]] std::string arguments() const;
};

// Reads a packet without the Engine.IO type in front of it. Nothing: a client that sends this is to be disconnected. As
// the reference server does, more than 10 attachments and packets that only a server may send are refused.
[[nodiscard]] std::optional<packet> parse_packet(std::string_view text);

}  // namespace test_upstream
