// SPDX-License-Identifier: MIT
// What the kernel's announcements of network changes (rtnetlink(7)) mean to us. Pure.
#pragma once

#include <cstddef>
#include <span>

namespace roombridge::upstream {

// Whether one of the messages in a datagram says that something is there which may lead to the server: an address, a
// route, a link that runs. What is cut or unknown says nothing.
[[nodiscard]] bool announces_connectivity(std::span<const std::byte> datagram);

}  // namespace roombridge::upstream
