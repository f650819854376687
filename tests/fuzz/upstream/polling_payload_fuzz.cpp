// SPDX-License-Identifier: MIT
// Payloads of polling: the packets joined again are the payload; any limit cuts it between packets; what decodes from
// base64 is of the right size and decodes to the same when written again.
#include <algorithm>
#include <cstdint>
#include <string>

#include "daemon/upstream/polling_payload.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace {

using namespace roombridge::upstream::polling_payload;
using roombridge::fuzz::require;

void check_binary(std::string_view packet) {
  const auto bytes = decode_binary(packet);
  if (!bytes) return;
  require(binary_size(bytes->size()) == packet.size(), "a binary packet of another size than its bytes need");
  std::string again;
  append_binary(again, *bytes);
  require(decode_binary(again) == bytes, "bytes written again differ");
}

void check_limit(std::string_view payload, std::size_t limit) {
  std::size_t left = payload.size();
  for (std::string_view rest = payload; !rest.empty();) {
    const std::string_view first = first_packets(rest, limit);
    require(first.size() <= limit || first.find(separator) == std::string_view::npos, "more than one packet too much");
    require(first.size() == rest.size() || rest[first.size()] == separator, "a packet is cut");
    rest.remove_prefix(std::min(first.size() + 1, rest.size()));
    require(rest.size() < left, "no progress");
    left = rest.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload{reinterpret_cast<const char*>(data), size};
  std::string joined;
  std::string_view rest = payload;
  while (!rest.empty()) {
    const std::string_view packet = take_packet(rest);
    joined.append(packet);
    if (joined.size() < payload.size()) joined += separator;
    if (is_binary(packet)) check_binary(packet);
  }
  require(joined == payload, "the packets joined again differ");
  if (!payload.empty()) check_limit(payload, data[0]);
  return 0;
}
