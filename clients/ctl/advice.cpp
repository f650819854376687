// SPDX-License-Identifier: MIT
#include "clients/ctl/advice.hpp"

#include <algorithm>
#include <array>

namespace roombridge::ctl {
namespace {

struct entry {
  std::string_view cause;
  std::string_view advice;
};

constexpr std::string_view by_itself = "nothing to do: it comes back by itself";
constexpr std::string_view clock = "renew the server's certificate, or set this machine's clock";

constexpr std::array table{
    entry{"shutdown", "start the daemon: systemctl start roombridge"},
    entry{"reconnect_requested", by_itself},
    entry{"reconfigured", by_itself},
    entry{"resumed", by_itself},
    entry{"token_missing", "put the token where upstream.token says; it is noticed at once"},
    entry{"token_unreadable", "mend the token's file: only the token in it; owner root, group roombridge, mode 0640"},
    entry{"token_command_failed", "run the command of upstream.token as the daemon's user: sudo -u roombridge ..."},
    entry{"token_refused", "get a new token; a changed one is tried at once, the same one with growing delays"},
    entry{"token_changed", by_itself},
    entry{"auth_timeout", "compare auth.success and auth.error with what the server sends"},
    entry{"auth_unusable", "mend the section auth of the config, then: systemctl reload roombridge"},
    entry{"bad_url", "mend upstream.url in the config, then: systemctl reload roombridge"},
    entry{"dns_failure", "is the network up, and the host's name in upstream.url right?"},
    entry{"tcp_refused", "is the server running, and the port in upstream.url right?"},
    entry{"tcp_unreachable", "is the network up? It is tried at once when it comes up"},
    entry{"tcp_timeout", "does a firewall drop the connection, or is the host down?"},
    entry{"connect_timeout", "is upstream.path right, and the server not overloaded?"},
    entry{"proxy_unusable", "mend upstream.proxy in the config, its credentials file, or the environment's *_proxy"},
    entry{"proxy_unreachable", "is the proxy running, and its address in upstream.proxy or the environment right?"},
    entry{"proxy_refused",
          "does the proxy want credentials (upstream.proxy.credentials_file), or forbid the server's port?"},
    entry{"proxy_target_unreachable", "is the host in upstream.url right, and can the proxy reach it?"},
    entry{"proxy_failure", "is it the kind of proxy that its URL says (http or socks5)?"},
    entry{"tls_ca_file", "mend upstream.tls.ca_file, or the file it names"},
    entry{"tls_own_certificate", "mend upstream.tls.certificate_file and key_file, or the files that they name"},
    entry{"tls_unknown_ca", "name the CA that issued the server's certificate in upstream.tls.ca_file"},
    entry{"tls_self_signed", "if it is the right server, name its certificate in upstream.tls.ca_file"},
    entry{"tls_wrong_host", "upstream.url must name the host as subjectAltName of the server's certificate does"},
    entry{"tls_expired", clock},
    entry{"tls_not_yet_valid", clock},
    entry{"tls_bad_certificate", "see what is wrong with it: openssl s_client -connect HOST:PORT"},
    entry{"tls_wrong_pin", "if the server's key was changed on purpose, pin the new one in upstream.tls.pins"},
    entry{"tls_client_certificate",
          "name a certificate that the server takes in upstream.tls.certificate_file and key_file"},
    entry{"tls_version", "lower upstream.tls.min_version only if the server cannot be brought up to date"},
    entry{"tls_not_spoken", "if the server speaks no TLS, upstream.url begins with http or ws"},
    entry{"tls_failure", "see more: openssl s_client -connect HOST:PORT"},
    entry{"http_redirect",
          "log in to the network, or change the config as the cause says, then: systemctl reload roombridge"},
    entry{"http_4xx", "ask those who run the server or the proxy before it; the delays grow meanwhile"},
    entry{"http_5xx", "nothing to do here: the server or the proxy before it is out of order"},
    entry{"http_not_websocket", "is upstream.path right, and do proxies on the way pass WebSocket upgrades?"},
    entry{"engine_io_3", "the server needs socket.io 3 or later"},
    entry{"engine_refused", "ask those who run the server; the delays grow meanwhile"},
    entry{"namespace_refused", "is upstream.namespace right, and may this user join it?"},
    entry{"ping_timeout", "if it happens often, the network on the way loses packets or drops idle connections"},
    entry{"kicked", "the server wants this user off: ask those who run it; the delays grow meanwhile"},
    entry{"server_closed", by_itself},
    entry{"server_error", "if it happens often, see the server's log"},
    entry{"policy_violation", "ask those who run the server what they forbid; the delays grow meanwhile"},
    entry{"message_too_large",
          "raise the limit that was passed: the server's maxHttpBufferSize, or upstream.receive_limit"},
    entry{"protocol_error", "if it happens often, report it with the log at logging.level debug"},
    entry{"connection_lost", by_itself},
    entry{"send_stalled", "if it happens often, the server is overloaded or the network too slow"},
};

}  // namespace

std::string_view advice_for(std::string_view cause) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const entry& one) { return one.cause == cause; });
  return found == table.end() ? std::string_view{} : found->advice;
}

}  // namespace roombridge::ctl
