// SPDX-License-Identifier: MIT
#include "daemon/upstream/proxy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <optional>

#include "daemon/base/ascii.hpp"

namespace roombridge::upstream {
namespace {

std::optional<unsigned> number(std::string_view digits, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value > most) return std::nullopt;
  return value;
}

// The domain itself, or below it.
bool within(std::string_view host, std::string_view domain) {
  if (host.size() <= domain.size()) return equal_ignoring_case(host, domain);
  return host[host.size() - domain.size() - 1] == '.' &&
         equal_ignoring_case(host.substr(host.size() - domain.size()), domain);
}

struct address {
  std::array<unsigned char, 16> bytes{};
  unsigned bits = 0;
};

std::optional<address> parse_address(std::string_view text) {
  const std::string terminated(text);
  address out;
  if (::inet_pton(AF_INET, terminated.c_str(), out.bytes.data()) == 1) {
    out.bits = 32;
  } else if (::inet_pton(AF_INET6, terminated.c_str(), out.bytes.data()) == 1) {
    out.bits = 128;
  } else {
    return std::nullopt;
  }
  return out;
}

bool same_network(const address& one, const address& other, unsigned bits) {
  if (one.bits != other.bits || bits > one.bits) return false;
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(one.bytes.begin(), one.bytes.begin() + whole, other.bytes.begin())) return false;
  const unsigned rest = bits % 8;
  const auto next = static_cast<std::size_t>(whole);
  return rest == 0 || (one.bytes[next] ^ other.bytes[next]) >> (8 - rest) == 0;
}

// "host", "host:port", "[::1]:port", "::1"
struct host_and_port {
  std::string_view host;
  std::string_view port;  // empty: any
};
host_and_port split(std::string_view entry) {
  const auto colon = entry.rfind(':');
  if (entry.starts_with('[')) {
    const auto end = entry.find(']');
    if (end == std::string_view::npos) return {entry, {}};
    return {entry.substr(1, end - 1), colon > end ? entry.substr(colon + 1) : std::string_view{}};
  }
  if (colon == std::string_view::npos || entry.find(':') != colon) return {entry, {}};
  return {entry.substr(0, colon), entry.substr(colon + 1)};
}

bool names(std::string_view entry, std::string_view host, std::string_view port) {
  if (entry == "*") return true;
  // "*.example.com" says what ".example.com" does.
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  const host_and_port wanted = split(entry);
  if (wanted.host.empty() || (!wanted.port.empty() && wanted.port != port)) return false;
  const auto own = parse_address(host);
  if (!own) return within(host, wanted.host.substr(wanted.host.starts_with('.')));
  const auto slash = wanted.host.find('/');
  const auto network = parse_address(wanted.host.substr(0, slash));
  if (!network) return false;
  if (slash == std::string_view::npos) return same_network(*own, *network, network->bits);
  const auto bits = number(wanted.host.substr(slash + 1), network->bits);
  return bits && same_network(*own, *network, *bits);
}

}  // namespace

std::variant<proxy, std::string> parse_proxy(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (parsed.has_error()) return "not a URL, such as http://proxy.example.com:3128 or socks5://localhost:1080";
  const boost::urls::url_view view = parsed.value();
  proxy out;
  const std::string scheme = to_lower(std::string_view(view.scheme()));
  if (scheme == "socks5" || scheme == "socks5h") {
    out.speaks = proxy::protocol::socks5;
  } else if (scheme != "http") {
    return "the URL of a proxy must begin with http:// or socks5://; it is not spoken to in TLS";
  }
  out.host = view.host_address();
  constexpr std::string_view possible = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:";
  if (out.host.empty() || out.host.find_first_not_of(possible) != std::string::npos)
    return "the proxy's URL names no host, or one that cannot be";
  out.port = view.port();
  if (const auto port = number(out.port, 65'535); !port || *port == 0)
    return "the proxy's URL must name a port, 1 to 65535: there is no usual one";
  if (const std::string_view path = view.encoded_path();
      (!path.empty() && path != "/") || view.has_query() || view.has_fragment()) {
    return "the proxy's URL must end after host and port";
  }
  out.user = view.user();
  out.password = view.password();
  const bool six = view.host_type() == boost::urls::host_type::ipv6;
  out.name = scheme + "://" + (six ? '[' + out.host + ']' : out.host) + ':' + out.port;
  return out;
}

bool is_excepted(std::string_view no_proxy, std::string_view host, std::string_view port) {
  while (!no_proxy.empty()) {
    const std::string_view entry = no_proxy.substr(0, no_proxy.find_first_of(", \t\r\n"));
    if (names(entry, host, port)) return true;
    no_proxy.remove_prefix(std::min(entry.size() + 1, no_proxy.size()));
  }
  return false;
}

bool is_loopback(std::string_view host) {
  return is_excepted("localhost,127.0.0.0/8,::1", host, {});
}

}  // namespace roombridge::upstream
