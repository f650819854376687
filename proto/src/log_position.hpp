// SPDX-License-Identifier: MIT
// The fields of a log_position, which both sides write.
#pragma once

#include <string>

#include <roombridge/proto/client_messages.hpp>

#include "head_reader.hpp"
#include "head_writer.hpp"

namespace roombridge::proto {

inline std::string encode_position(const log_position& value) {
  return head_writer{}.text("epoch", value.epoch).number("seq", value.seq).finish();
}

inline void read_position(head_reader& reader, log_position& out) {
  reader.text("epoch", out.epoch).number("seq", out.seq);
  if (!is_epoch(out.epoch)) reader.expected("epoch", "16 lower-case hex digits");
}

}  // namespace roombridge::proto
