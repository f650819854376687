// SPDX-License-Identifier: MIT
#include "daemon/upstream/transport/polling_answer.hpp"

#include "daemon/upstream/net/web_page.hpp"
#include "daemon/upstream/wire/polling_payload.hpp"

namespace roombridge::upstream {
namespace {

// A server of Engine.IO 3 writes a packet's length before it: `97:0{"sid":…`.
bool is_engineio3(std::string_view body) {
  const auto digits = body.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string_view::npos && body.substr(digits).starts_with(":0{");
}

// engine.io's {"code":1,"message":"Session ID unknown"}, and python-engineio's "Invalid session abc".
bool is_unknown_session(const http_response& response) {
  const std::string& body = response.body();
  return response.status() == 400 &&
         (body.find("\"code\":1,") != std::string::npos || body.find("\"code\":1}") != std::string::npos ||
          body.find("Invalid session ") != std::string::npos);
}

}  // namespace

std::variant<engineio::open, failure> read_opening(std::string_view body, const endpoint& where) {
  if (is_engineio3(body)) {
    return failure{cause::engine_io_3,
                   where.name + " speaks Engine.IO 3 (socket.io 2), which is too old: socket.io 3 or later is needed"};
  }
  std::string_view rest = body;
  const auto packet = engineio::decode(polling_payload::take_packet(rest));
  if (!packet || packet->type != engineio::packet_type::open) {
    return failure{cause::engine_refused,
                   where.name +
                       " answers, but not as an Engine.IO server; check `path`, and whether a network's login "
                       "page is in the way: " +
                       named_or_quoted(cleared(body, where), 80)};
  }
  auto opened = engineio::parse_open(packet->data);
  if (opened) return std::move(*opened);
  return failure{cause::protocol_error,
                 "the server's Engine.IO open packet cannot be used: " + quoted(opened.error().why, where, 200)};
}

std::optional<failure> judge_answer(const http_response& response, const endpoint& where, std::size_t posted) {
  if (response.status() == 200) {
    if (const std::string coding = response.coding(); posted == 0 && !coding.empty()) {
      return failure{cause::protocol_error, where.name + " (or a proxy before it) answered a poll in " +
                                                quoted(coding, where, 40) + ", which was not asked for"};
    }
    if (posted != 0 || !response.body().empty()) return std::nullopt;
    return failure{cause::protocol_error, where.name + " answered a poll with nothing"};
  }
  if (is_unknown_session(response)) {
    return failure{cause::server_closed, where.name +
                                             " does not know our session (any more): it was restarted, or a load "
                                             "balancer without sticky sessions leads to other servers"};
  }
  if (response.status() == 413 && posted != 0) {
    return failure{cause::message_too_large, where.name + " (or a proxy before it) refused a POST of " +
                                                 std::to_string(posted) + " bytes as too large (HTTP 413)"};
  }
  failure why = describe_refusal(response, where);
  if (response.status() < 300) why.why = cause::engine_refused;
  return why;
}

}  // namespace roombridge::upstream
