// SPDX-License-Identifier: MIT
// How a coroutine awaits an operation whose failure is a value: `const auto [error, …] = co_await …(io::as_result)`.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/base/io.hpp"

namespace roombridge::io {

inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<executor>{});

}  // namespace roombridge::io
