// SPDX-License-Identifier: MIT
// Why a connection ended, an attempt failed or authentication stopped: one table of names, for status, logs and
// metrics, with the policy of each. The names are stable; the words that go with one are made where it is noticed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/upstream/retry_after.hpp"

namespace roombridge::upstream {

enum class cause {
  none,
  shutdown,
  reconnect_requested,
  reconfigured,
  resumed,
  token_missing,
  token_unreadable,
  token_command_failed,
  token_refused,
  token_changed,
  auth_timeout,
  auth_unusable,
  bad_url,
  dns_failure,
  tcp_refused,
  tcp_unreachable,
  tcp_timeout,
  connect_timeout,
  proxy_unusable,
  proxy_unreachable,
  proxy_refused,
  proxy_target_unreachable,
  proxy_failure,
  tls_ca_file,
  tls_own_certificate,
  tls_unknown_ca,
  tls_self_signed,
  tls_wrong_host,
  tls_expired,
  tls_not_yet_valid,
  tls_bad_certificate,
  tls_wrong_pin,
  tls_client_certificate,
  tls_version,
  tls_not_spoken,
  tls_failure,
  http_redirect,
  http_4xx,
  http_5xx,
  http_not_websocket,
  engine_io_3,
  engine_refused,
  namespace_refused,
  ping_timeout,
  kicked,
  server_closed,
  server_error,
  policy_violation,
  message_too_large,
  protocol_error,
  connection_lost,
  send_stalled,
};

// How the next attempt is timed.
enum class retry_policy {
  at_once,  // we ended it ourselves and want it back
  normal,   // reconnect_options first..max
  slow,     // the server said no: first..refused_max, so that a fault that needs a person is not hammered
  never,    // until the token appears, the options change or somebody asks
};

struct cause_entry {
  cause value;
  std::string_view name;
  retry_policy retry;
  std::string_view meaning;  // without hosts, sizes and codes, which the live words name
};

// Every cause once, in the order of the enumeration.
[[nodiscard]] std::span<const cause_entry> cause_table();

// The name as it stands in STATUS and in the field CAUSE, e.g. "ping_timeout"; empty for none.
[[nodiscard]] std::string_view to_string(cause value);
// What it means and its name, as in "nothing listens at the host's port (tcp_refused)": for those who may not be told
// the words that went with it, which may be a server's.
[[nodiscard]] std::string in_general(cause value);
[[nodiscard]] retry_policy policy_of(cause value);
// Whether it may be what stands in the place of a server that is being replaced by its next version.
[[nodiscard]] bool may_be_a_redeploy(cause value);
// Whether the network may have ended the connection for one side only: the server then goes on for a while, and what it
// has sent lately may be lost.
[[nodiscard]] bool may_be_one_sided(cause value);

// A failure as one layer hands it to the next.
struct failure {
  cause why = cause::none;
  std::string text;                                      // what happened, where, and what to do; never holds a token
  std::optional<quiet_wish> retry_after = std::nullopt;  // what the server, or who answers in its place, asks for
  bool operator==(const failure&) const = default;
};

// The end of a WebSocket connection by a close frame in words. `code` 1005: none was given; `reason` is the peer's, cut
// to 120 bytes.
[[nodiscard]] failure describe_close(std::uint16_t code, std::string_view reason);

}  // namespace roombridge::upstream
