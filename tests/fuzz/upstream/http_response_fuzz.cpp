// SPDX-License-Identifier: MIT
// HTTP responses: whole and in two pieces they read the same; the body stays within its limit; every end has words, and
// what stands in them is printable. The first byte says where to cut. The fields go into the cookie jar as well.
#include <algorithm>
#include <cstdint>
#include <string>

#include "daemon/upstream/net/cookie_jar.hpp"
#include "daemon/upstream/net/http_response.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace {

using roombridge::fuzz::require;
using namespace roombridge::upstream;
using state = http_response::state;

constexpr std::size_t max_body = 100;

bool is_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void check_whole(const http_response& response) {
  require(response.body().size() <= max_body, "the body is larger than its limit");
  cookie_jar jar{endpoint{}};
  for (const std::string_view one : response.lines("Set-Cookie")) jar.take(one);
  require(is_line(jar.header()), "a cookie would break a header");
  (void)response.extensions("Sec-WebSocket-Extensions");
}

void check_words(const http_response& response) {
  const endpoint where;
  const failure why = response.has_header() ? describe_refusal(response, where) : describe_no_http(response, where);
  require(why.why != cause::none && !why.text.empty() && is_line(why.text), "a failure without good words");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  http_response whole(max_body);
  const state end = whole.feed(text);
  if (end == state::complete) check_whole(whole);
  if (end == state::complete || end == state::broken) check_words(whole);

  http_response pieces(max_body);
  const std::size_t at = std::min<std::size_t>(data[0], text.size());
  state now = pieces.feed(text.substr(0, at));
  if (now == state::complete) return 0;  // what follows is not its own
  if (now == state::more) now = pieces.feed(text.substr(at));
  // What is broken may be noticed later in pieces.
  require((now == state::complete) == (end == state::complete), "pieces end otherwise than the whole");
  if (end != state::complete) return 0;
  require(pieces.status() == whole.status() && pieces.body() == whole.body() && pieces.rest() == whole.rest(),
          "pieces read otherwise than the whole");
  return 0;
}
