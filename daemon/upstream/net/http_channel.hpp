// SPDX-License-Identifier: MIT
// HTTP requests one after the other over a connection that is kept alive, and made anew when the peer has ended it.
//
// Invariants: a request that may have reached the peer is never sent again; after abort() every await returns soon.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/base/io.hpp"
#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/net/http_response.hpp"
#include "daemon/upstream/net/stream.hpp"

namespace roombridge::upstream {

class http_channel {
 public:
  // `trace` outlives the channel.
  http_channel(io::context& context, tracer& trace, endpoint where, tls_options tls);

  // Sends a request and reads its response, whatever its status, or says why there is none. Not while another is under
  // way. `patience`: to connect, see stream::connect(); the whole has no deadline of its own: the caller aborts.
  // `response` is fresh and outlives the call.
  [[nodiscard]] io::task<std::optional<failure>> exchange(std::string request, std::chrono::milliseconds patience,
                                                          http_response& response);

  // Ends the connection for good.
  void abort();

 private:
  using clock = std::chrono::steady_clock;

  [[nodiscard]] bool reusable() const;
  [[nodiscard]] io::task<std::optional<failure>> receive(http_response& response);
  [[nodiscard]] std::optional<failure> judge(http_response::state end, const http_response& response,
                                             const failure& lost) const;
  void tell(std::string_view method, const http_response& response, const std::optional<failure>& failed) const;
  void keep(const http_response& response);

  io::context& context_;
  tracer& trace_;
  endpoint where_;
  tls_options tls_;
  std::unique_ptr<stream> stream_;  // null: none yet, or the last one is not to be used again
  clock::time_point reuse_until_;   // the peer ends an idle connection later
  bool aborted_ = false;
};

}  // namespace roombridge::upstream
