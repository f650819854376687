// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/transport_choice.hpp"

#include <algorithm>

namespace roombridge::upstream {

bool may_be_the_transports(cause why) {
  switch (why) {
    case cause::http_redirect:
    case cause::http_4xx:
    case cause::http_5xx:
    case cause::http_not_websocket:
    case cause::engine_refused:
    case cause::connect_timeout:
    case cause::ping_timeout:
    case cause::server_closed:
    case cause::server_error:
    case cause::policy_violation:
    case cause::protocol_error:
    case cause::connection_lost:
    case cause::send_stalled:
      return true;
    default:
      return false;
  }
}

bool transport_choice::pass_on() {
  index_ = (index_ + 1) % order_.size();
  return order_.size() > 1;
}

void transport_choice::stay_with(transport_kind value) {
  const auto found = std::find(order_.begin(), order_.end(), value);
  if (found != order_.end()) index_ = static_cast<std::size_t>(found - order_.begin());
}

}  // namespace roombridge::upstream
