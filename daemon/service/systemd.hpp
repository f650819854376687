// SPDX-License-Identifier: MIT
// What the service tells its manager, sd_notify(3). Without a manager every call does nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace roombridge::service::systemd {

// The listener and the config stand. Also ends reloading().
void ready();

// A reload has begun; ready() must follow, whatever its verdict.
void reloading();

void stopping();

// One line for `systemctl status`.
void status(std::string_view text);

void alive();

// How often alive() must be called: half of what the unit's WatchdogSec= allows; nothing: the manager does not watch.
[[nodiscard]] std::optional<std::chrono::microseconds> alive_interval();

}  // namespace roombridge::service::systemd
