// SPDX-License-Identifier: MIT
// The recovery file's text: what is taken is within its bounds, and is the same when written and read again.
#include <cstdint>
#include <string>

#include "daemon/upstream/session/saved_session.hpp"
#include "tests/fuzz/upstream/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roombridge::upstream;
  using roombridge::fuzz::require;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto parsed = parse_saved_session(text);
  if (const auto* fault = std::get_if<std::string>(&parsed)) {
    require(!fault->empty(), "a refusal without words");
    return 0;
  }
  const auto& taken = std::get<saved_session>(parsed);
  require(!taken.url.empty() && !taken.path.empty() && !taken.nsp.empty(), "no server");
  if (const auto& kept = taken.recovery) {
    require(!kept->pid.empty() && kept->pid.size() <= recovery::pid_limit, "pid out of bounds");
    require(shape_of(kept->offset) != offset_shape::unseen, "an offset that no server has made");
    require(kept->token_digest.size() == 64, "no digest");
  }
  if (size > json_fields::most_value / 6) return 0;  // a byte may become six, and the field longer than what is read
  const auto again = parse_saved_session(to_text(taken));
  require(std::holds_alternative<saved_session>(again) && std::get<saved_session>(again) == taken,
          "a session written again differs");
  return 0;
}
