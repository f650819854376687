// SPDX-License-Identifier: MIT
// What local programs ask of the daemon beyond events: to send upstream, to look, to control. Checks what the upstream
// side demands of its callers, and puts outcomes into the words of the local protocol.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "daemon/events/parser.hpp"
#include "daemon/local/server.hpp"
#include "daemon/upstream/client/client.hpp"

namespace roombridge::service {

// The calls that need the whole service. They return JSON, less what the caller may not know (PROTOCOL.md section 8);
// reload returns it in an answer since it can be refused. forget and trace are answered later: when the disk has
// answered, when the time is over.
struct service_calls {
  std::function<std::string(const local::call_request&)> status;
  std::function<std::string(const local::call_request&)> rooms;
  std::function<void(local::answer_function)> reload;
  std::function<void(local::answer_function)> forget;
  std::function<void(local::peer_token, std::chrono::milliseconds, local::answer_function)> trace;
};

class requests final : public local::request_handler {
 public:
  // References outlive the object.
  requests(upstream::client& client, const events::parser& parser, service_calls calls);

  void on_emit(const local::emit_request& request, local::answer_function done) override;
  void on_join(const local::join_request& request, local::answer_function done) override;
  void on_leave(local::peer_token who, const std::string& room) override;
  void on_call(const local::call_request& request, local::answer_function done) override;

 private:
  void trace(const local::call_request& request, local::answer_function done);

  upstream::client& client_;
  const events::parser& parser_;
  service_calls calls_;
};

}  // namespace roombridge::service
