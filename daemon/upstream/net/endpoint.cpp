// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/endpoint.hpp"

#include <utility>

#include "daemon/upstream/server_address.hpp"

namespace roombridge::upstream {

std::variant<endpoint, failure> make_endpoint(std::string_view url, std::string_view path, request_extras extras) {
  auto parsed = parse_server(url);
  if (const auto* why = std::get_if<std::string>(&parsed)) return failure{cause::bad_url, "upstream.url: " + *why};
  if (!is_request_path(path))
    return failure{cause::bad_url, "upstream.path has blanks, '?' or '#', or is not ASCII: it cannot stand in a URL"};
  auto& server = std::get<server_address>(parsed);
  endpoint out;
  out.tls = server.tls;
  out.host_header = server.port == server.usual_port() ? server.written : server.written + ':' + server.port;
  out.name = server.scheme + "://" + server.written + ':' + server.port;
  out.host = std::move(server.host);
  out.port = std::move(server.port);
  out.is_address = server.is_address;
  out.path = path;
  out.extras = std::move(extras);
  return out;
}

}  // namespace roombridge::upstream
