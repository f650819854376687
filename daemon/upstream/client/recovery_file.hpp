// SPDX-License-Identifier: MIT
// Where a saved_session waits from a stop of the daemon to its next start. It is taken away when it is read: a server
// that was asked once must not be asked again with what was true before.
//
// It is not kept while the daemon runs: it would have to be written with every event. What a crash leaves is the
// journal's (service/crash_session.hpp).
#pragma once

#include <optional>
#include <string>

#include "daemon/base/logger.hpp"
#include "daemon/upstream/session/saved_session.hpp"

namespace roombridge::upstream {

// Reads and removes it. Nothing: there is none, or it is of no use, and the log says why.
[[nodiscard]] std::optional<saved_session> take_recovery_file(const std::string& path, logger& log);

// Replaces it whole, readable by nobody else; without fsync, since what a power cut could spoil is refused when it is
// read. The log says why where that fails.
void write_recovery_file(const std::string& path, const saved_session& what, logger& log);

}  // namespace roombridge::upstream
