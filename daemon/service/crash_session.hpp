// SPDX-License-Identifier: MIT
// The session upstream, as the journal keeps it for a life after a crash. The offset to ask from is not in it: that is
// in the journal's records, so that nothing is asked for from behind an event that is not on the disk. Pure.
#pragma once

#include <optional>
#include <string>

#include "daemon/journal/journal.hpp"
#include "daemon/upstream/session/saved_session.hpp"

namespace roombridge::service {

// Its pid, and its text for journal::keep_session().
struct kept_session {
  std::string id;
  std::string text;
};
[[nodiscard]] kept_session to_kept(std::optional<upstream::saved_session> from);

// What the client can resume; nothing: neither the server nor the time is known.
[[nodiscard]] std::optional<upstream::saved_session> after_crash(const journal::journal::remains& left);

}  // namespace roombridge::service
