// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/http_channel.hpp"

#include <algorithm>
#include <charconv>

namespace roombridge::upstream {
namespace {

using std::chrono::seconds;

// How long an idle connection is used again where the peer does not say when it ends one.
constexpr seconds usual_reuse{30};
// A peer that ends one in the moment of a request leaves open whether it took the request: stay away from that moment.
constexpr seconds margin{1};

// From "Keep-Alive: timeout=5, max=100", as node's server says it.
seconds reuse_of(std::string_view keep_alive) {
  constexpr std::string_view name = "timeout=";
  const auto at = keep_alive.find(name);
  if (at == std::string_view::npos) return usual_reuse;
  const std::string_view digits = keep_alive.substr(at + name.size());
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc()) return seconds{0};
  return std::clamp(seconds{value} - margin, seconds{0}, usual_reuse);
}

}  // namespace

http_channel::http_channel(io::context& context, tracer& trace, endpoint where, tls_options tls)
    : context_(context), trace_(trace), where_(std::move(where)), tls_(std::move(tls)) {}

io::task<std::optional<failure>> http_channel::exchange(std::string request, std::chrono::milliseconds patience,
                                                        http_response& response) {
  if (aborted_) {
    const failure given_up{cause::connection_lost, "the connection to " + where_.name + " was given up"};
    co_return given_up;
  }
  if (!reusable()) {
    stream_ = std::make_unique<stream>(context_, trace_);
    auto failed = co_await stream_->connect(where_, tls_, patience);
    if (failed) co_return failed;
  }
  reuse_until_ = clock::time_point{};
  stream_->write(request);
  auto failed = co_await receive(response);
  if (trace_.on()) tell(std::string_view(request).substr(0, request.find(' ')), response, failed);
  co_return failed;
}

void http_channel::abort() {
  aborted_ = true;
  if (stream_) stream_->abort();
}

bool http_channel::reusable() const {
  return stream_ && clock::now() < reuse_until_ && stream_->quiet();
}

io::task<std::optional<failure>> http_channel::receive(http_response& response) {
  for (auto state = http_response::state::more;;) {
    const burst got = co_await stream_->read();
    if (!got.bytes.empty()) {
      state = response.feed(got.bytes);
    } else {
      state = got.closed ? response.finish() : http_response::state::broken;
    }
    if (state == http_response::state::complete) keep(response);
    if (state != http_response::state::more) co_return judge(state, response, got.ended);
  }
}

std::optional<failure> http_channel::judge(http_response::state end, const http_response& response,
                                           const failure& lost) const {
  if (end == http_response::state::complete) return std::nullopt;
  if (end == http_response::state::too_large) {
    return failure{cause::message_too_large,
                   where_.name + " sent a response that is larger than upstream.receive_limit"};
  }
  const bool silent = response.has_header() || response.rest().empty();
  return silent && lost.why != cause::none ? lost : describe_no_http(response, where_);
}

void http_channel::tell(std::string_view method, const http_response& response,
                        const std::optional<failure>& failed) const {
  std::string text(method);
  if (failed) {
    text += ": " + in_general(failed->why);
  } else {
    text += ' ' + std::to_string(response.status()) + ", " + std::to_string(response.body().size()) + " bytes";
  }
  trace_.step("http", std::move(text));
}

void http_channel::keep(const http_response& response) {
  if (!response.keep_alive() || !response.rest().empty()) return;
  reuse_until_ = clock::now() + reuse_of(response.field("Keep-Alive"));
}

}  // namespace roombridge::upstream
