// SPDX-License-Identifier: MIT
// What an Engine.IO server's answers over HTTP mean for the session. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/net/endpoint.hpp"
#include "daemon/upstream/net/http_response.hpp"
#include "daemon/upstream/wire/engineio.hpp"

namespace roombridge::upstream {

// The session that the body of the first answer opens, or what it is instead.
[[nodiscard]] std::variant<engineio::open, failure> read_opening(std::string_view body, const endpoint& where);

// Nothing when an answer of a session is good, else why it ends the session. `posted`: bytes that it answers; 0: a
// poll.
[[nodiscard]] std::optional<failure> judge_answer(const http_response& response, const endpoint& where,
                                                  std::size_t posted);

}  // namespace roombridge::upstream
