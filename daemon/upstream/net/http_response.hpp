// SPDX-License-Identifier: MIT
// One HTTP/1.1 response, bytes in. Interim responses (1xx but 101) are passed over. The only file of the daemon's that
// includes Beast is http_response.cpp; there is no socket here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/net/endpoint.hpp"

namespace roombridge::upstream {

// One item of a field like Sec-WebSocket-Extensions, in lower case.
struct http_extension {
  std::string name;
  std::vector<std::pair<std::string, std::string>> parameters;  // what each is set to, without quotes; empty: nothing
};

class http_response {
 public:
  // Largest header, in bytes; also the most that stands around a body's chunks in one piece.
  static constexpr std::size_t max_header = 16 * 1024;
  static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

  enum class state { more, complete, too_large, broken };

  // `max_body`: bytes of the body; a larger one makes the response `too_large`, at the latest when so much has come.
  explicit http_response(std::uint64_t max_body = no_limit);
  ~http_response();
  http_response(const http_response&) = delete;
  http_response& operator=(const http_response&) = delete;

  // Takes more. Once it has not returned `more`, neither it nor finish() must be called again.
  [[nodiscard]] state feed(std::string_view bytes);
  // The peer closed: complete when that ends the body, else broken.
  [[nodiscard]] state finish();

  // The header has come whole. The functions below, but rest() and beginning(), are for afterwards.
  [[nodiscard]] bool has_header() const;
  [[nodiscard]] unsigned status() const;
  [[nodiscard]] std::string_view reason() const;
  // A field's value. Several lines of one name are one list (RFC 9110 section 5.3), and joined by ", "; empty: there is
  // no such field.
  [[nodiscard]] std::string field(std::string_view name) const;
  // Each line of the name by itself, for Set-Cookie, the one field whose lines are no list.
  [[nodiscard]] std::vector<std::string_view> lines(std::string_view name) const;
  // Whether a field that is a list has this item, in any case.
  [[nodiscard]] bool field_has(std::string_view name, std::string_view item) const;
  // The items of a list with parameters.
  [[nodiscard]] std::vector<http_extension> extensions(std::string_view name) const;
  // How the body is coded, such as "gzip", beside being cut into chunks; empty: it is as it is.
  [[nodiscard]] std::string coding() const;
  [[nodiscard]] std::optional<std::uint64_t> content_length() const;
  [[nodiscard]] bool keep_alive() const;

  // What has come of the body.
  [[nodiscard]] const std::string& body() const;
  [[nodiscard]] std::string take_body();

  // What came and is no part of the response; before the header is whole, all that came.
  [[nodiscard]] std::string_view rest() const;
  // The first bytes of all that came, a status line at least; also before has_header().
  [[nodiscard]] std::string_view beginning() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

// What came instead of a response, when it ends `broken` without a header.
[[nodiscard]] failure describe_no_http(const http_response& response, const endpoint& where);

// Why a response other than the wanted one was given: with the status and the beginning of its body in words.
[[nodiscard]] failure describe_refusal(const http_response& response, const endpoint& where);

// What a body that is not the wanted one is: a web page by its title, one in a coding by that, else its beginning.
[[nodiscard]] std::string body_in_words(const http_response& response, const endpoint& where);

// The beginning of what a server says, without what is secret (secrets.hpp) and what it announces as such.
[[nodiscard]] std::string cleared(std::string_view said, const endpoint& where);

// Safe for a log line: cleared and cut.
[[nodiscard]] std::string quoted(std::string_view said, const endpoint& where, std::size_t limit);

}  // namespace roombridge::upstream
