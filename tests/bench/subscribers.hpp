// SPDX-License-Identifier: MIT
// The local end of a benchmark: many subscribers in one thread that count what they get.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "tests/bench/wire.hpp"

namespace bench {

struct subscriber_options {
  std::string socket;       // a Unix socket, or
  unsigned short port = 0;  // one of 127.0.0.1
  std::size_t count = 1;
  std::size_t stopped = 0;   // so many, the first ones, read nothing once they have subscribed
  bool own = false;          // each has subscribed to the reservation of its own number
  bool wait_ready = true;    // the program says when a subscriber is one
  std::optional<uid_t> uid;  // whose connections they are; the process must be root's
};

class subscribers {
 public:
  // Called for each event: by which subscriber, and the stamp's 20 digits.
  using event_function = std::function<void(std::size_t subscriber, const char* stamp)>;

  // Connects all. Exits the process with a message when that fails. `as` outlives this.
  subscribers(boost::asio::io_context& context, const wire& as, const subscriber_options& options,
              event_function on_event);
  ~subscribers();

  // How many have subscribed.
  [[nodiscard]] std::size_t ready() const { return ready_; }

 private:
  class one;
  subscriber_options options_;
  event_function on_event_;
  std::size_t ready_ = 0;
  std::vector<std::unique_ptr<one>> all_;
};

}  // namespace bench
