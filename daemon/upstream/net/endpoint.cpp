// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/endpoint.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <roombridge/proto/printable.hpp>

#include "daemon/base/ascii.hpp"

namespace roombridge::upstream {
namespace {

failure unusable(std::string_view url, std::string_view why) {
  return {cause::bad_url, "upstream URL \"" + proto::printable(url, 200) + "\" " + std::string(why)};
}

bool possible_port(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size() && value > 0 && value <= 65535;
}

bool plain_path(std::string_view path) {
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '?' || c == '#') return false;
  }
  return true;
}

}  // namespace

std::variant<endpoint, failure> make_endpoint(std::string_view url, std::string_view path, request_extras extras) {
  const auto parsed = boost::urls::parse_uri(url);
  // The URL may hold a password: it is not repeated before it is known to be without one.
  if (parsed.has_error()) return failure{cause::bad_url, "the upstream URL is not a URL like https://host:port"};
  const boost::urls::url_view view = parsed.value();
  if (view.has_userinfo()) return failure{cause::bad_url, "the upstream URL must not hold a user or a password"};

  endpoint out;
  const std::string scheme = to_lower(std::string_view(view.scheme()));
  if (scheme == "https" || scheme == "wss") {
    out.tls = true;
  } else if (scheme != "http" && scheme != "ws") {
    return unusable(url, "must begin with http, https, ws or wss");
  }
  out.host = view.host_address();
  if (out.host.empty()) return unusable(url, "names no host");
  if (const std::string_view rest = view.encoded_path();
      (!rest.empty() && rest != "/") || view.has_query() || view.has_fragment()) {
    return unusable(url, "must end after host and port; the path has its own key");
  }
  if (!plain_path(path))
    return unusable(url, "cannot be joined with the configured path: it has blanks, '?', '#' or is not ASCII");

  const std::string_view usual = out.tls ? "443" : "80";
  out.port = view.port().empty() ? std::string(usual) : std::string(view.port());
  if (!possible_port(out.port)) return unusable(url, "has an impossible port");
  out.is_address = view.host_type() != boost::urls::host_type::name;
  const std::string bracketed = view.host_type() == boost::urls::host_type::ipv6 ? '[' + out.host + ']' : out.host;
  out.host_header = out.port == usual ? bracketed : bracketed + ':' + out.port;
  out.path = path;
  out.extras = std::move(extras);
  out.name = scheme + "://" + bracketed + ':' + out.port;
  return out;
}

}  // namespace roombridge::upstream
