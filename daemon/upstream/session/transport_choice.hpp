// SPDX-License-Identifier: MIT
// Which transport the next attempt takes: the configured ones in their order, the next one when an attempt failed in a
// way that the transport may be to blame for. The one that carried a session stays. Pure.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

// Whether another transport may succeed where an attempt failed by this cause before the namespace was joined: HTTP
// refused it (a proxy that strips "Upgrade"), or something on the way cut it or swallowed what it carries. Names,
// routes, certificates and the Socket.IO layer are the same for all.
[[nodiscard]] bool may_be_the_transports(cause why);

class transport_choice {
 public:
  // Not empty.
  explicit transport_choice(std::vector<transport_kind> order) : order_(std::move(order)) {}

  [[nodiscard]] transport_kind current() const { return order_[index_]; }
  // The next attempt takes the next transport, after the last one the first again. False: there is no other.
  bool pass_on();
  // From now on this one, where it is among the configured ones.
  void stay_with(transport_kind value);
  void start_over() { index_ = 0; }

 private:
  std::vector<transport_kind> order_;
  std::size_t index_ = 0;
};

}  // namespace roombridge::upstream
