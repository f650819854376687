// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/socks_tunnel.hpp"

#include <arpa/inet.h>

#include <array>

#include "daemon/upstream/net/web_page.hpp"

namespace roombridge::upstream {
namespace {

constexpr char version = 5;
constexpr char no_login = 0;
constexpr char password_login = 2;
constexpr char nothing_acceptable = '\xff';
constexpr char login_version = 1;
constexpr char connect_command = 1;
constexpr char address_four = 1;
constexpr char address_name = 3;
constexpr char address_six = 4;

void append_text(std::string& out, const std::string& text) {
  out += static_cast<char>(text.size());
  out += text;
}

// Type and bytes of an address; a name goes as it is.
void append_host(std::string& out, const std::string& host) {
  std::array<char, 16> bytes{};
  if (::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) {
    out.append(1, address_four).append(bytes.data(), 4);
  } else if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) {
    out.append(1, address_six).append(bytes.data(), 16);
  } else {
    out += address_name;
    append_text(out, host);
  }
}

struct verdict {
  cause why;
  std::string_view words;  // the target follows
};

// RFC 1928 section 6.
verdict meaning_of(unsigned char reply) {
  switch (reply) {
    case 1:
      return {cause::proxy_failure, "reports a general failure for "};
    case 2:
      return {cause::proxy_refused, "does not allow a connection to "};
    case 3:
      return {cause::proxy_target_unreachable, "has no network that leads to "};
    case 4:
      return {cause::proxy_target_unreachable, "cannot reach the host of "};
    case 5:
      return {cause::proxy_target_unreachable, "was refused a connection to "};
    case 6:
      return {cause::proxy_target_unreachable, "does not get through (TTL expired) to "};
    case 7:
      return {cause::proxy_refused, "makes no TCP connections, as to "};
    case 8:
      return {cause::proxy_refused, "does not understand the kind of address of "};
    default:
      return {cause::proxy_failure, "answers with an unknown code for "};
  }
}

}  // namespace

socks_tunnel::socks_tunnel(const proxy& through, const std::string& host, const std::string& port)
    : tunnel(through), host_(host), port_(static_cast<unsigned>(std::stoul(port))) {
  output_ = {version, 1, no_login};
  if (!through.user.empty()) output_ = {version, 2, no_login, password_login};
}

bool socks_tunnel::advance(std::string& came) {
  switch (state_) {
    case state::method:
      return take_method(came);
    case state::login:
      return take_login(came);
    case state::reply:
      return take_reply(came);
  }
  return true;
}

bool socks_tunnel::refuse_version(std::string_view came) {
  if (came.empty() || came[0] == version) return false;
  const std::string_view hint = came[0] == 'H' ? "; does it speak HTTP, http:// ?" : "";
  fail(cause::proxy_failure,
       "answered, but not in SOCKS 5: " + named_or_quoted(without_credentials(came), 80) + std::string(hint));
  return true;
}

bool socks_tunnel::take_method(std::string& came) {
  if (refuse_version(came)) return true;
  if (came.size() < 2) return false;
  const char method = came[1];
  came.erase(0, 2);
  if (method == no_login) {
    ask_for_target();
    return false;
  }
  if (method == password_login && !through_.user.empty()) {
    output_ = login_version;
    append_text(output_, through_.user);
    append_text(output_, through_.password);
    state_ = state::login;
    return false;
  }
  if (method != nothing_acceptable) {
    fail(cause::proxy_failure, "wants to log in in a way that was not offered");
  } else if (through_.user.empty()) {
    fail(cause::proxy_refused, "wants a user and a password, see upstream.proxy.credentials_file");
  } else {
    fail(cause::proxy_refused, "takes no user and password, the only login that there is here");
  }
  return true;
}

bool socks_tunnel::take_login(std::string& came) {
  if (came.size() < 2) return false;
  const bool taken = came[1] == 0;
  came.erase(0, 2);
  if (!taken) {
    fail(cause::proxy_refused, "refuses the user or the password");
    return true;
  }
  ask_for_target();
  return false;
}

void socks_tunnel::ask_for_target() {
  output_ = {version, connect_command, 0};
  append_host(output_, host_);
  output_ += static_cast<char>(port_ >> 8);
  output_ += static_cast<char>(port_ & 0xff);
  state_ = state::reply;
}

// The address in it is the proxy's own: of no use here.
bool socks_tunnel::take_reply(std::string& came) {
  if (refuse_version(came)) return true;
  if (came.size() < 2) return false;
  if (const auto reply = static_cast<unsigned char>(came[1]); reply != 0) {
    const verdict told = meaning_of(reply);
    fail(told.why, std::string(told.words) + host_ + ':' + std::to_string(port_) + " (SOCKS reply " +
                       std::to_string(reply) + ')');
    return true;
  }
  if (came.size() < 5) return false;
  const char kind = came[3];
  if (kind != address_four && kind != address_six && kind != address_name) {
    fail(cause::proxy_failure, "answered with a kind of address that SOCKS 5 does not have");
    return true;
  }
  const std::size_t length = kind == address_four  ? 4u
                             : kind == address_six ? 16u
                                                   : 1u + static_cast<unsigned char>(came[4]);
  const std::size_t whole = 4 + length + 2;
  if (came.size() < whole) return false;
  came.erase(0, whole);
  return true;
}

}  // namespace roombridge::upstream
