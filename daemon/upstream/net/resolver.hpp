// SPDX-License-Identifier: MIT
// Looks up a host's addresses without holding the event thread up. The system's look-up cannot be interrupted and takes
// a minute when no name server answers, so each is a detached call. (Asio's resolver has one thread for all look-ups,
// and joins it.)
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/base/detached_call.hpp"
#include "daemon/base/io.hpp"

namespace roombridge::upstream {

// In the order in which they are to be tried, at least one; or why there are none, in words.
using addresses = std::variant<std::vector<boost::asio::ip::tcp::endpoint>, std::string>;

// Blocks, and is called on another thread. `port` is decimal.
using look_up_function = std::function<addresses(const std::string& host, const std::string& port)>;

// getaddrinfo(3), both families.
[[nodiscard]] addresses look_up(const std::string& host, const std::string& port);

class resolver {
 public:
  explicit resolver(io::context& context, look_up_function function = look_up);

  // What a number stands for is known at once. A name of this machine (is_loopback()) leads nowhere else. One look-up
  // at a time.
  [[nodiscard]] io::task<addresses> resolve(std::string host, std::string port);

  // Ends the wait; what resolve() then returns means nothing.
  void cancel();

 private:
  look_up_function function_;
  detached_call call_;
};

}  // namespace roombridge::upstream
