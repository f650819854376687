// SPDX-License-Identifier: MIT
#include "daemon/upstream/cause.hpp"

#include <array>
#include <cassert>
#include <roombridge/proto/printable.hpp>

#include "daemon/upstream/wire/ws_frame.hpp"

namespace roombridge::upstream {
namespace {

using enum retry_policy;

constexpr std::array table{
    cause_entry{cause::none, "", normal, "nothing has happened yet"},
    cause_entry{cause::shutdown, "shutdown", never, "the daemon stops"},
    cause_entry{cause::reconnect_requested, "reconnect_requested", at_once, "somebody asked for a new connection"},
    cause_entry{cause::reconfigured, "reconfigured", at_once, "the reloaded config needs a new connection"},
    cause_entry{cause::resumed, "resumed", at_once,
                "the machine slept for so long that the connection cannot live any more"},
    cause_entry{cause::token_missing, "token_missing", never,
                "there is no token: log in, or put one where the config says"},
    cause_entry{cause::token_unreadable, "token_unreadable", never,
                "the token is there but cannot be read, or is none that can be used"},
    cause_entry{cause::token_command_failed, "token_command_failed", slow,
                "the command that prints the token failed, took too long, or printed something else"},
    cause_entry{cause::token_refused, "token_refused", slow,
                "the server refused the token; a changed one is tried at once"},
    cause_entry{cause::token_changed, "token_changed", at_once,
                "the token changed, and only a new connection can carry it"},
    cause_entry{cause::auth_timeout, "auth_timeout", normal, "the server did not answer the authentication in time"},
    cause_entry{cause::auth_unusable, "auth_unusable", slow, "the configured authentication payload cannot be made"},
    cause_entry{cause::bad_url, "bad_url", never, "the URL in the config cannot be used"},
    cause_entry{cause::dns_failure, "dns_failure", normal, "the host's name could not be resolved"},
    cause_entry{cause::tcp_refused, "tcp_refused", normal, "nothing listens at the host's port"},
    cause_entry{cause::tcp_unreachable, "tcp_unreachable", normal, "there is no network or no route to the host"},
    cause_entry{cause::tcp_timeout, "tcp_timeout", normal, "the host did not answer on TCP"},
    cause_entry{cause::connect_timeout, "connect_timeout", normal,
                "upstream.connect_timeout passed before the namespace was joined"},
    cause_entry{cause::proxy_unusable, "proxy_unusable", normal,
                "the proxy of the config or the environment, or its credentials, cannot be used"},
    cause_entry{cause::proxy_unreachable, "proxy_unreachable", normal, "no connection to the proxy could be made"},
    cause_entry{cause::proxy_refused, "proxy_refused", slow, "the proxy refuses us, or a tunnel to the server"},
    cause_entry{cause::proxy_target_unreachable, "proxy_target_unreachable", normal,
                "the proxy cannot reach the server"},
    cause_entry{cause::proxy_failure, "proxy_failure", normal, "the proxy did not answer as its protocol has it"},
    cause_entry{cause::tls_ca_file, "tls_ca_file", normal, "the configured CA file cannot be used"},
    cause_entry{cause::tls_own_certificate, "tls_own_certificate", normal,
                "the configured client certificate or its key cannot be used"},
    cause_entry{cause::tls_unknown_ca, "tls_unknown_ca", normal, "the certificate's issuer is not trusted here"},
    cause_entry{cause::tls_self_signed, "tls_self_signed", normal, "the certificate is self-signed"},
    cause_entry{cause::tls_wrong_host, "tls_wrong_host", normal,
                "the certificate is for another host, or names it in CN only"},
    cause_entry{cause::tls_expired, "tls_expired", normal, "the certificate has expired, or this clock is wrong"},
    cause_entry{cause::tls_not_yet_valid, "tls_not_yet_valid", normal,
                "the certificate is not yet valid, or this clock is wrong"},
    cause_entry{cause::tls_bad_certificate, "tls_bad_certificate", normal,
                "the certificate fails verification in another way"},
    cause_entry{cause::tls_wrong_pin, "tls_wrong_pin", normal, "the server's key is none of those that are pinned"},
    cause_entry{cause::tls_client_certificate, "tls_client_certificate", slow,
                "the server wants a client certificate, or refuses the one that it got"},
    cause_entry{cause::tls_version, "tls_version", normal,
                "the server and the config have no version of TLS in common"},
    cause_entry{cause::tls_not_spoken, "tls_not_spoken", normal, "the port does not speak TLS"},
    cause_entry{cause::tls_failure, "tls_failure", normal, "the TLS handshake or connection failed"},
    cause_entry{cause::http_redirect, "http_redirect", slow,
                "the server redirects; the URL in the config should be the target"},
    cause_entry{cause::http_4xx, "http_4xx", slow, "the server or a proxy refuses the request"},
    cause_entry{cause::http_5xx, "http_5xx", normal, "the server or a proxy is out of order"},
    cause_entry{cause::http_not_websocket, "http_not_websocket", slow,
                "HTTP, but no WebSocket: a wrong path, or a proxy that does not pass upgrades"},
    cause_entry{cause::engine_io_3, "engine_io_3", slow, "the server speaks Engine.IO 3 (socket.io 2): too old"},
    cause_entry{cause::engine_refused, "engine_refused", slow, "the server refused the Engine.IO session"},
    cause_entry{cause::namespace_refused, "namespace_refused", slow,
                "the server refused the Socket.IO namespace (CONNECT_ERROR)"},
    cause_entry{cause::ping_timeout, "ping_timeout", normal,
                "no ping for pingInterval + pingTimeout: the connection is dead"},
    cause_entry{cause::kicked, "kicked", slow, "the server ended the Socket.IO session (DISCONNECT)"},
    cause_entry{cause::server_closed, "server_closed", normal,
                "the server closed the connection, as it does when it stops"},
    cause_entry{cause::server_error, "server_error", normal,
                "the server closed the connection because of a fault of its own"},
    cause_entry{cause::policy_violation, "policy_violation", slow,
                "the server closed the connection because of its policy (1008)"},
    cause_entry{cause::message_too_large, "message_too_large", slow, "a message was larger than its receiver allows"},
    cause_entry{cause::protocol_error, "protocol_error", normal, "one side saw the protocol broken"},
    cause_entry{cause::connection_lost, "connection_lost", normal, "the TCP connection broke"},
    cause_entry{cause::send_stalled, "send_stalled", normal, "the server stopped reading"},
};

constexpr bool ordered() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].value) != i) return false;
  }
  return static_cast<std::size_t>(cause::send_stalled) + 1 == table.size();
}
static_assert(ordered(), "the table has every cause once, in the enumeration's order");

const cause_entry& entry(cause value) {
  const auto index = static_cast<std::size_t>(value);
  assert(index < table.size());
  return table[index];
}

}  // namespace

std::span<const cause_entry> cause_table() {
  return table;
}

std::string_view to_string(cause value) {
  return entry(value).name;
}

std::string in_general(cause value) {
  return std::string(entry(value).meaning) + " (" + std::string(entry(value).name) + ')';
}

retry_policy policy_of(cause value) {
  return entry(value).retry;
}

bool may_be_a_redeploy(cause value) {
  switch (value) {
    case cause::http_redirect:
    case cause::http_4xx:
    case cause::http_not_websocket:
    case cause::engine_refused:
    case cause::namespace_refused:
      return true;
    default:
      return false;
  }
}

bool may_be_one_sided(cause value) {
  switch (value) {
    case cause::resumed:
    case cause::tcp_unreachable:
    case cause::tcp_timeout:
    case cause::ping_timeout:
    case cause::connection_lost:
    case cause::send_stalled:
      return true;
    default:
      return false;
  }
}

failure describe_close(std::uint16_t code, std::string_view reason) {
  std::string words = "the server closed the WebSocket";
  if (code == ws_close_no_code) {
    words += " without a code";
  } else {
    words += " with code " + std::to_string(code) + " (" + std::string(close_code_words(code)) + ')';
  }
  if (!reason.empty()) words += ": \"" + proto::printable(reason, 120) + '"';
  switch (code) {
    case 1000:
    case 1001:
    case 1005:
    case 1012:
      return {cause::server_closed, words};
    case 1002:
    case 1003:
    case 1007:
    case 1010:
      return {cause::protocol_error, words};
    case 1008:
      return {cause::policy_violation, words};
    case 1009:
      return {cause::message_too_large, words + ": something that was sent is larger than the server's limit"};
    default:
      return {cause::server_error, words};
  }
}

}  // namespace roombridge::upstream
