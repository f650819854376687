// SPDX-License-Identifier: MIT
// What local programs ask of the daemon beyond events: to send upstream, to look, to control. Checks what the upstream
// side demands of its callers, and puts outcomes into the words of the local protocol.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "daemon/events/parser.hpp"
#include "daemon/local/server.hpp"
#include "daemon/upstream/client.hpp"

namespace roombridge::service {

// The calls that need the whole service. Each returns JSON; reload returns it in an answer since it can be refused.
struct service_calls {
  std::function<std::string()> status;
  std::function<std::string()> rooms;
  std::function<local::answer()> reload;
};

class requests final : public local::request_handler {
 public:
  // References outlive the object.
  requests(upstream::client& client, const events::parser& parser, service_calls calls);

  void on_emit(const local::emit_request& request, local::answer_function done) override;
  void on_join(const local::join_request& request, local::answer_function done) override;
  void on_leave(local::peer_token who, const std::string& room) override;
  void on_call(std::string_view method, std::string_view params, bool control, local::answer_function done) override;

 private:
  upstream::client& client_;
  const events::parser& parser_;
  service_calls calls_;
};

}  // namespace roombridge::service
