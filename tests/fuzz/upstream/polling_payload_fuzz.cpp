// SPDX-License-Identifier: MIT
// Payloads of polling: the packets joined again are the payload; any limit cuts it between packets; what they hold of
// base64 Beast decodes to the same and writes alike, and what we refuse it cannot read whole. Agreement with npm's
// parser is tests/integration/parser_agreement.
#include <algorithm>
#include <boost/beast/core/detail/base64.hpp>
#include <cstdint>
#include <string>

#include "daemon/upstream/wire/polling_payload.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace {

using namespace roombridge::upstream::polling_payload;
using roombridge::fuzz::require;

namespace base64 = boost::beast::detail::base64;

void check_binary(std::string_view packet) {
  const std::string_view text = packet.substr(1);
  std::string theirs(base64::decoded_size(text.size()) + 3, '\0');
  const auto [wrote, read] = base64::decode(theirs.data(), text.data(), text.size());
  theirs.resize(wrote);
  const auto bytes = decode_binary(packet);
  if (!bytes) {
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    require(text.size() % 4 != 0 || read < text.size() - padding, "base64 is refused that Beast takes");
    return;
  }
  require(*bytes == theirs, "Beast decodes otherwise");
  require(binary_size(bytes->size()) == packet.size(), "a binary packet of another size than its bytes need");
  std::string again;
  append_binary(again, *bytes);
  std::string peer(base64::encoded_size(bytes->size()), '\0');
  peer.resize(base64::encode(peer.data(), bytes->data(), bytes->size()));
  require(again == 'b' + peer, "Beast encodes otherwise");
}

void check_limit(std::string_view payload, std::size_t limit) {
  std::size_t left = payload.size();
  for (std::string_view rest = payload; !rest.empty();) {
    const std::string_view first = first_packets(rest, limit);
    require(first.size() <= limit || first.find(separator) == std::string_view::npos, "more than one packet too much");
    require(std::count(first.begin(), first.end(), separator) < static_cast<std::ptrdiff_t>(max_packets),
            "too many packets");
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
