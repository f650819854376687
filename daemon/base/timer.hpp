// SPDX-License-Identifier: MIT
// A timer of the one event loop.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>

#include "daemon/base/io.hpp"

namespace roombridge::io {

using timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, io::executor>;

}  // namespace roombridge::io
