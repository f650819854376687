// SPDX-License-Identifier: MIT
#include "daemon/upstream/upgrade.hpp"

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <optional>
#include <ranges>

#include "daemon/upstream/ws_handshake.hpp"

namespace roombridge::upstream {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

// How an alert record of any version begins: what a TLS server says to plain HTTP.
constexpr std::string_view tls_alert = "\x15\x03";

std::string make_request(const endpoint& where, std::string_view key, bool compression) {
  std::string out = "GET " + where.target + " HTTP/1.1\r\nHost: " + where.host_header;
  out += "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ";
  out += key;
  if (compression) out += "\r\nSec-WebSocket-Extensions: permessage-deflate";
  out += "\r\nUser-Agent: roombridged\r\n";
  return out + header_lines(where.extras.headers) + "\r\n";
}

cause refusal(unsigned status) {
  if (status >= 500) return cause::http_5xx;
  if (status >= 400) return cause::http_4xx;
  if (status >= 300) return cause::http_redirect;
  return cause::http_not_websocket;
}

std::string_view advice(unsigned status) {
  switch (status) {
    case 400:
      return "; is this the Socket.IO server's own port, and does a proxy before it pass WebSocket upgrades?";
    case 401:
    case 403:
    case 407:
      return "; access is refused before Socket.IO is reached";
    case 404:
      return "; check `path`: nothing answers there";
    case 429:
      return "; the server says too many requests";
    default:
      return "";
  }
}

// Nothing: parameters that are no answer to an offer without any (RFC 7692 section 7.1).
std::optional<deflate_parameters> read_parameters(const http::param_list& parameters) {
  deflate_parameters settled;
  for (const auto& [name, value] : parameters) {
    if (beast::iequals(name, "server_no_context_takeover")) {
      settled.server_no_context_takeover = true;
    } else if (!beast::iequals(name, "client_no_context_takeover") && !beast::iequals(name, "server_max_window_bits")) {
      return std::nullopt;
    }
  }
  return settled;
}

}  // namespace

class upgrade::impl {
 public:
  impl(const endpoint& where, const std::array<std::byte, 16>& nonce, bool compression)
      : name_(where.name),
        tls_(where.tls),
        compression_(compression),
        secret_(where.extras.secret),
        key_(websocket_key(nonce)),
        request_(make_request(where, key_, compression)) {
    parser_.header_limit(static_cast<std::uint32_t>(max_header));
    parser_.body_limit(boost::none);
    // Not eager: the parser stops behind the header, and what follows stays ours.
    parser_.eager(false);
  }

  bool feed(std::string_view bytes) {
    received_.append(bytes);
    if (!parser_.is_header_done() && received_.starts_with(tls_alert)) {
      result_ = failure{cause::http_not_websocket, name_ + " speaks TLS: the URL should begin with https or wss"};
      return true;
    }
    return parser_.is_header_done() ? feed_body() : feed_header();
  }

  void finish(const failure& ended) {
    if (parser_.is_header_done()) {
      result_ = refused();
    } else if (!received_.empty()) {
      result_ = not_http();
    } else {
      result_ = ended;
      if (ended.why != cause::connection_lost) return;
      result_->text += ", during the HTTP handshake";
      if (!tls_) result_->text += "; if the port speaks TLS, the URL should begin with https";
    }
  }

  const std::string& request() const { return request_; }
  const std::optional<failure>& result() const { return result_; }
  const std::optional<deflate_parameters>& deflate() const { return deflate_; }
  std::string_view surplus() const { return received_; }

 private:
  bool feed_header() {
    beast::error_code error;
    const std::size_t used = parser_.put(boost::asio::buffer(received_), error);
    received_.erase(0, used);
    if (error == http::error::need_more) return false;
    if (error) {
      result_ = not_http();
      return true;
    }
    if (!parser_.is_header_done()) return false;
    if (parser_.get().result_int() == 101) {
      result_ = check_switch();
      return true;
    }
    return feed_body();
  }

  // The body is only read for its words: without a length, what came with the header has to do.
  bool feed_body() {
    const auto length = parser_.content_length();
    const std::size_t wanted = length ? static_cast<std::size_t>(std::min<std::uint64_t>(*length, max_body)) : 0;
    if (received_.size() < wanted) return false;
    result_ = refused();
    return true;
  }

  std::optional<failure> check_switch() {
    const auto& head = parser_.get();
    if (!beast::iequals(head[http::field::upgrade], "websocket") ||
        !http::token_list{head[http::field::connection]}.exists("upgrade")) {
      return failure{cause::http_not_websocket, name_ + " switched protocols, but not to WebSocket"};
    }
    if (head[http::field::sec_websocket_accept] != websocket_accept(key_)) {
      return failure{cause::http_not_websocket,
                     name_ + " answered another WebSocket handshake than ours (a cache on the way?)"};
    }
    for (const auto& field : std::ranges::subrange(head.begin(), head.end())) {
      if (field.name() != http::field::sec_websocket_extensions) continue;
      if (auto failed = check_extensions(field.value())) return failed;
    }
    return std::nullopt;
  }

  std::optional<failure> check_extensions(beast::string_view list) {
    const http::ext_list extensions{list};
    for (const auto& [name, parameters] : extensions) {
      const auto settled = read_parameters(parameters);
      if (!compression_ || deflate_ || !beast::iequals(name, "permessage-deflate") || !settled) {
        return failure{cause::http_not_websocket, name_ +
                                                      " switched on a WebSocket extension that was not offered: \"" +
                                                      printable({list.data(), list.size()}, 100) + '"'};
      }
      deflate_ = settled;
    }
    return std::nullopt;
  }

  failure not_http() const {
    return {cause::http_not_websocket, name_ + " answered, but not in HTTP: \"" + quoted(received_, 80) + '"'};
  }

  failure refused() const {
    const auto& head = parser_.get();
    const unsigned status = head.result_int();
    std::string text = name_ + " answered HTTP " + std::to_string(status);
    if (const auto reason = head.reason(); !reason.empty()) text += ' ' + quoted({reason.data(), reason.size()}, 60);
    if (const auto to = head[http::field::location]; !to.empty()) text += ", to " + quoted({to.data(), to.size()}, 200);
    const std::string_view body = std::string_view(received_).substr(0, max_body);
    if (!body.empty()) text += ": " + quoted(body, 200);
    return {refusal(status), text + std::string(advice(status))};
  }

  // What the server says may repeat what it was sent.
  std::string quoted(std::string_view said, std::size_t limit) const {
    return printable(without_token(said, secret_), limit);
  }

  std::string name_;
  bool tls_;
  bool compression_;
  std::string secret_;
  std::string key_;
  std::string request_;
  http::response_parser<http::empty_body> parser_;
  std::string received_;  // not yet taken by the parser: behind the header the body's beginning, or the surplus
  std::optional<failure> result_;
  std::optional<deflate_parameters> deflate_;
};

upgrade::upgrade(const endpoint& where, const std::array<std::byte, 16>& nonce, bool compression)
    : impl_(std::make_unique<impl>(where, nonce, compression)) {}
upgrade::~upgrade() = default;
const std::string& upgrade::request() const {
  return impl_->request();
}
bool upgrade::feed(std::string_view bytes) {
  return impl_->feed(bytes);
}
void upgrade::finish(const failure& ended) {
  impl_->finish(ended);
}
const std::optional<failure>& upgrade::result() const {
  return impl_->result();
}
const std::optional<deflate_parameters>& upgrade::deflate() const {
  return impl_->deflate();
}
std::string_view upgrade::surplus() const {
  return impl_->surplus();
}

}  // namespace roombridge::upstream
