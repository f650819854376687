// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/http_tunnel.hpp"

#include "daemon/base/ascii.hpp"
#include "daemon/upstream/net/web_page.hpp"
#include "daemon/upstream/wire/ws_handshake.hpp"

namespace roombridge::upstream {
namespace {

// Of "HTTP/1.1 200 Connection established"; 0: the line is no status line.
unsigned status_of(std::string_view line) {
  constexpr std::size_t version = std::string_view("HTTP/1.1 ").size();
  if (!line.starts_with("HTTP/1.") || line.size() < version + 3 || line[version - 1] != ' ') return 0;
  unsigned status = 0;
  for (const char digit : line.substr(version, 3)) {
    if (digit < '0' || digit > '9') return 0;
    status = status * 10 + static_cast<unsigned>(digit - '0');
  }
  return status;
}

bool is_six(const std::string& host) {
  return host.find(':') != std::string::npos;
}

}  // namespace

http_tunnel::http_tunnel(const proxy& through, const std::string& host, const std::string& port)
    : tunnel(through), target_((is_six(host) ? '[' + host + ']' : host) + ':' + port) {
  output_ = "CONNECT " + target_ + " HTTP/1.1\r\nHost: " + target_ + "\r\nUser-Agent: roombridged\r\n";
  if (!through.user.empty()) {
    output_ += "Proxy-Authorization: Basic " + basic_credentials(through) + "\r\n";
  }
  output_ += "\r\n";
}

bool http_tunnel::advance(std::string& came) {
  constexpr std::string_view begin = "HTTP/1.";
  const std::string_view known = std::string_view(came).substr(0, begin.size());
  if (!begin.starts_with(known)) {
    const std::string_view hint = came[0] == '\5' ? "; does it speak SOCKS, socks5:// ?" : "";
    fail(cause::proxy_failure,
         "answered, but not in HTTP: " + named_or_quoted(without_credentials(came), 80) + std::string(hint));
    return true;
  }
  const auto end = came.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string head = came.substr(0, end);
  came.erase(0, end + 4);
  const unsigned status = status_of(head);
  if (status >= 100 && status < 200) return !came.empty() && advance(came);
  judge(status, head);
  return true;
}

// What a refusal brings behind its head is left alone.
void http_tunnel::judge(unsigned status, std::string_view head) {
  if (status >= 200 && status < 300) return;
  const std::string line = http_status_line(without_credentials(head));
  if (status == 407) return lack_credentials(head, line);
  if (status >= 500) return fail(cause::proxy_target_unreachable, "cannot reach " + target_ + ": " + line);
  if (status >= 300) return fail(cause::proxy_refused, "does not allow a tunnel to " + target_ + ": " + line);
  fail(cause::proxy_failure, "answered " + line);
}

void http_tunnel::lack_credentials(std::string_view head, const std::string& status_line) {
  const std::string fields = to_lower(head);
  if (fields.find("\r\nproxy-authenticate:") != std::string::npos && fields.find("basic") == std::string::npos) {
    return fail(cause::proxy_refused, "takes no Basic credentials, the only ones that there are here: " + status_line);
  }
  fail(cause::proxy_refused,
       (through_.user.empty() ? "wants a user and a password, see upstream.proxy.credentials_file: "
                              : "refuses the user or the password: ") +
           status_line);
}

}  // namespace roombridge::upstream
