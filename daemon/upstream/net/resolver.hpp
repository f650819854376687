// SPDX-License-Identifier: MIT
// Looks up a host's addresses without holding the event thread up. The system's look-up cannot be interrupted and takes
// a minute when no name server answers, so each has a thread of its own that nobody ever waits for: neither who gives
// it up nor the end of the process. (Asio's resolver has one thread for all look-ups, and joins it.)
//
// Invariants: a look-up's thread shares nothing with this object but the promise of its answer; at most `max_running`
// of them run in the process.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <functional>
#include <future>
#include <string>
#include <variant>
#include <vector>

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
  static constexpr int max_running = 16;

  explicit resolver(io::context& context, look_up_function function = look_up);

  // What a number stands for is known at once. A name of this machine (is_loopback()) leads nowhere else. One look-up
  // at a time.
  [[nodiscard]] io::task<addresses> resolve(std::string host, std::string port);

  // Ends the wait; what resolve() then returns means nothing.
  void cancel();

 private:
  std::string start(std::string host, std::string port, std::promise<addresses> promise);

  look_up_function function_;
  boost::asio::posix::basic_stream_descriptor<io::executor> done_;  // readable: the answer is there
};

}  // namespace roombridge::upstream
