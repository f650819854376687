// SPDX-License-Identifier: MIT
// The one event loop's vocabulary: a concrete executor instead of any_io_executor (smaller frames, faster builds).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace roombridge::io {

namespace asio = boost::asio;

using context = asio::io_context;
using executor = asio::io_context::executor_type;

// A coroutine on the event thread. Parents await children; whoever spawns one at top level handles its exception.
template <typename T = void>
using task = asio::awaitable<T, executor>;

}  // namespace roombridge::io
