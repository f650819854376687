// SPDX-License-Identifier: MIT
// What reading a head gives: its struct, or which rule of the protocol the sender broke. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <roombridge/proto/error.hpp>
#include <roombridge/proto/expected.hpp>

namespace roombridge::proto {

struct parse_error {
  error_code code = error_code::bad_head;
  std::string text;                 // names the field and what was expected; holds nothing that the peer wrote
  std::optional<std::uint64_t> id;  // of the request, when code is one that a RESULT can answer
};

template <class T>
using parsed = expected<T, parse_error>;

}  // namespace roombridge::proto
