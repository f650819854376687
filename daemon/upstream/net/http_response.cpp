// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/http_response.hpp"

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <roombridge/proto/printable.hpp>

#include "daemon/base/ascii.hpp"
#include "daemon/upstream/net/redirect.hpp"
#include "daemon/upstream/net/web_page.hpp"
#include "daemon/upstream/wire/ws_handshake.hpp"

namespace roombridge::upstream {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

// Beast's own string body takes memory for the length that the peer announces; this one for what comes.
struct growing_body {
  using value_type = std::string;

  class reader {
   public:
    template <bool isRequest, class Fields>
    reader(http::header<isRequest, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>&, beast::error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, beast::error_code& error) {
      error = {};
      for (const auto one : beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(one.data()), one.size());
      }
      return beast::buffer_bytes(buffers);
    }
    void finish(beast::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

// How an alert record of any version begins: what a TLS server says to plain HTTP.
constexpr std::string_view tls_alert = "\x15\x03";

cause refusal(unsigned status) {
  if (status >= 500) return cause::http_5xx;
  if (status >= 400) return cause::http_4xx;
  if (status >= 300) return cause::http_redirect;
  return cause::http_not_websocket;
}

std::string_view advice(unsigned status) {
  if (status < 300) return "; something else answers there: a login page of the network, or another service";
  switch (status) {
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

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

beast::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

class http_response::impl {
 public:
  explicit impl(std::uint64_t max_body) : max_body_(max_body) { begin(); }

  state feed(std::string_view bytes) {
    received_.append(bytes);
    if (begin_.size() < most_begin) begin_.append(bytes.substr(0, most_begin - begin_.size()));
    if (!has_header() && received_.starts_with(tls_alert)) return state::broken;
    while (!received_.empty()) {
      beast::error_code error;
      const std::size_t used = parser_->put(boost::asio::buffer(received_), error);
      received_.erase(0, used);
      if (error == http::error::body_limit) return state::too_large;
      if (error && error != http::error::need_more) return state::broken;
      if (parser_->is_done()) {
        if (!is_interim()) return state::complete;
        begin();
      } else if (error || used == 0) {
        break;
      }
    }
    // Beast bounds neither a chunk's size and extensions nor what stands behind the last chunk.
    return received_.size() > max_header ? state::broken : state::more;
  }

  state finish() {
    if (!parser_->is_header_done()) return state::broken;
    beast::error_code error;
    parser_->put_eof(error);
    return error ? state::broken : state::complete;
  }

  bool has_header() const { return parser_->is_header_done(); }
  const http::response<growing_body>& get() const { return parser_->get(); }
  std::optional<std::uint64_t> content_length() const {
    const auto length = parser_->content_length();
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
  }
  bool keep_alive() const { return parser_->keep_alive(); }
  std::string take_body() { return std::move(parser_->get().body()); }
  std::string_view rest() const { return received_; }
  std::string_view beginning() const { return begin_; }

 private:
  static constexpr std::size_t most_begin = 128;

  void begin() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(max_header));
    if (max_body_ == no_limit) {
      parser_->body_limit(boost::none);
    } else {
      parser_->body_limit(max_body_);
    }
    parser_->eager(true);
  }

  bool is_interim() const { return get().result_int() / 100 == 1 && get().result_int() != 101; }

  std::uint64_t max_body_;
  std::optional<http::response_parser<growing_body>> parser_;
  std::string received_;  // not yet taken by the parser
  std::string begin_;     // of all that came
};

http_response::http_response(std::uint64_t max_body) : impl_(std::make_unique<impl>(max_body)) {}
http_response::~http_response() = default;
http_response::state http_response::feed(std::string_view bytes) {
  return impl_->feed(bytes);
}
http_response::state http_response::finish() {
  return impl_->finish();
}
bool http_response::has_header() const {
  return impl_->has_header();
}
unsigned http_response::status() const {
  return impl_->get().result_int();
}
std::string_view http_response::reason() const {
  return view(impl_->get().reason());
}
std::string http_response::field(std::string_view name) const {
  std::string out;
  for (const std::string_view line : lines(name)) {
    if (!out.empty()) out += ", ";
    out += line;
  }
  return out;
}
std::vector<std::string_view> http_response::lines(std::string_view name) const {
  std::vector<std::string_view> out;
  const auto [begin, end] = impl_->get().equal_range(view(name));
  for (auto one = begin; one != end; ++one) out.push_back(view(one->value()));
  return out;
}
bool http_response::field_has(std::string_view name, std::string_view item) const {
  const std::string list = field(name);
  return http::token_list{list}.exists(view(item));
}
std::vector<http_extension> http_response::extensions(std::string_view name) const {
  std::vector<http_extension> out;
  const std::string list = field(name);
  for (const auto& [item, parameters] : http::ext_list{list}) {
    http_extension& made = out.emplace_back();
    made.name = to_lower(view(item));
    for (const auto& [parameter, value] : parameters)
      made.parameters.emplace_back(to_lower(view(parameter)), to_lower(view(value)));
  }
  return out;
}
std::string http_response::coding() const {
  std::string out;
  for (const char* name : {"Content-Encoding", "Transfer-Encoding"}) {
    const std::string list = field(name);
    for (const beast::string_view one : http::token_list{list}) {
      if (beast::iequals(one, "identity") || beast::iequals(one, "chunked")) continue;
      out.append(out.empty() ? "" : ", ").append(view(one));
    }
  }
  return out;
}
std::optional<std::uint64_t> http_response::content_length() const {
  return impl_->content_length();
}
bool http_response::keep_alive() const {
  return impl_->keep_alive();
}
const std::string& http_response::body() const {
  return impl_->get().body();
}
std::string http_response::take_body() {
  return impl_->take_body();
}
std::string_view http_response::rest() const {
  return impl_->rest();
}
std::string_view http_response::beginning() const {
  return impl_->beginning();
}

failure describe_no_http(const http_response& response, const endpoint& where) {
  if (response.rest().starts_with(tls_alert)) {
    return {cause::http_not_websocket, where.name + " speaks TLS: the URL should begin with https or wss"};
  }
  // What it sent of the header may hold cookies.
  if (const std::string line = http_status_line(response.beginning()); !line.empty()) {
    return {cause::http_not_websocket, where.name +
                                           " answered in HTTP, but its header is cut, or cannot be read: it begins \"" +
                                           cleared(line, where) + '"'};
  }
  return {cause::http_not_websocket,
          where.name + " answered, but not in HTTP: " + named_or_quoted(cleared(response.rest(), where), 80)};
}

failure describe_refusal(const http_response& response, const endpoint& where) {
  const unsigned status = response.status();
  std::string text = where.name + " answered HTTP " + std::to_string(status);
  if (const auto reason = response.reason(); !reason.empty()) text += ' ' + quoted(reason, where, 60);
  if (const auto to = response.field("Location"); !to.empty()) {
    text += quoted(explain_redirect(to, where), where, 400);
  } else if (!response.body().empty()) {
    text += ": " + body_in_words(response, where);
  }
  return {refusal(status), text + std::string(advice(status)),
          parse_retry_after(response.field("Retry-After"), response.field("Date"))};
}

std::string body_in_words(const http_response& response, const endpoint& where) {
  if (const std::string coding = response.coding(); !coding.empty())
    return "a body in " + quoted(coding, where, 40) + ", which was not asked for";
  const std::string said = cleared(response.body(), where);
  auto page = name_web_page(said);
  return page ? *std::move(page) : proto::printable(said, 200);
}

std::string cleared(std::string_view said, const endpoint& where) {
  constexpr std::size_t enough = 16 * 1024;
  const std::string words = without_announced(said.substr(0, enough));
  return where.hidden ? where.hidden->hide(words) : words;
}

std::string quoted(std::string_view said, const endpoint& where, std::size_t limit) {
  // Cleared before it is cut: the rest of a secret is one, too.
  return proto::printable(cleared(said, where), limit);
}

}  // namespace roombridge::upstream
