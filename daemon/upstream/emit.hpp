// SPDX-License-Identifier: MIT
// An event to be sent upstream, and what became of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/fair_shares.hpp"

namespace roombridge::upstream {

using bytes_view = std::span<const std::byte>;

enum class emit_outcome { acked, sent_unknown, not_sent };
enum class emit_error {
  none,
  not_connected,
  ack_timeout,
  connection_lost,
  too_large,
  too_many,         // wait for an acknowledgement
  hold_full,        // it might be held, but so many are already
  hold_expired,     // it was held, and its time is over
  session_changed,  // it was held, and another user has logged in, or another server is to be used
  not_permitted,    // it was held, and whoever sent it may not any more
};

struct emit_result {
  emit_outcome outcome = emit_outcome::not_sent;
  emit_error error = emit_error::none;
  std::string text;            // what happened, for a person; empty when error is none
  std::string_view arguments;  // acked: the acknowledgement's JSON array as the server wrote it; lives for the call
  std::span<const bytes_view> attachments;  // acked: its binary attachments; live for the call
};

struct emit_request {
  std::string_view event;      // not a reserved name: the caller checks
  std::string_view arguments;  // a well-formed JSON array: the caller checks
  std::span<const bytes_view> attachments;
  bool want_ack = false;
  std::chrono::milliseconds deadline{10'000};  // to be sent, where it may be held, and acknowledged
  share_holder sender{};                       // for whom it counts, while it waits for whatever
  std::function<bool()> permitted{};           // asked of one that is held when the options change; empty: it is
};

}  // namespace roombridge::upstream
