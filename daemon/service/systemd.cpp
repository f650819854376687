// SPDX-License-Identifier: MIT
#include "daemon/service/systemd.hpp"

#include <systemd/sd-daemon.h>

#include <string>

namespace roombridge::service::systemd {

void ready() {
  sd_notify(0, "READY=1");
}

void reloading() {
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch());
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count())).c_str());
}

void stopping() {
  sd_notify(0, "STOPPING=1");
}

void status(std::string_view text) {
  sd_notify(0, ("STATUS=" + std::string(text)).c_str());
}

void alive() {
  sd_notify(0, "WATCHDOG=1");
}

std::optional<std::chrono::microseconds> alive_interval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace roombridge::service::systemd
