// SPDX-License-Identifier: MIT
// Engine.IO packets: what decodes, encodes to the same bytes. Open packets: what parses is within its bounds, and
// parses to the same when written again.
#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "daemon/upstream/wire/engineio.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace {

using namespace roombridge::upstream::engineio;
using roombridge::fuzz::require;

std::string write(const open& value) {
  boost::json::object fields;
  fields["maxPayload"] = nullptr;
  if (value.max_payload) fields["maxPayload"] = *value.max_payload;
  fields["pingTimeout"] = value.ping_timeout.count();
  fields["pingInterval"] = value.ping_interval.count();
  fields["sid"] = value.sid;
  return boost::json::serialize(fields);
}

void check_open(std::string_view data) {
  const auto parsed = parse_open(data);
  if (!parsed) {
    require(!parsed.error().why.empty(), "an error without words");
    return;
  }
  require(!parsed->sid.empty() && parsed->sid.size() <= sid_limit, "sid out of bounds");
  for (const auto duration : {parsed->ping_interval, parsed->ping_timeout}) {
    require(duration.count() >= 1 && duration <= heartbeat_limit, "heartbeat out of bounds");
  }
  const auto again = parse_open(write(*parsed));
  require(again.has_value(), "an open packet written again does not parse");
  require(again->sid == parsed->sid && again->ping_interval == parsed->ping_interval &&
              again->ping_timeout == parsed->ping_timeout && again->max_payload == parsed->max_payload,
          "an open packet written again differs");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto decoded = decode(text);
  require(decoded.has_value() == (!text.empty() && text[0] >= '0' && text[0] <= '6'), "the type decides alone");
  if (!decoded) return 0;
  std::string encoded;
  append_packet(encoded, decoded->type, decoded->data);
  require(encoded == text, "a packet encodes differently");
  if (decoded->type == packet_type::open) check_open(decoded->data);
  return 0;
}
