// SPDX-License-Identifier: MIT
// The local end of a benchmark: many subscribers in one thread that count what they get.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

namespace bench {

enum class wire { frames, raw };  // the local protocol, or copies of WebSocket frames of one size

struct subscriber_options {
  wire kind = wire::frames;
  std::string socket;
  std::size_t count = 1;
  std::size_t raw_frame_size = 0;      // wire::raw
  std::size_t raw_stamp_position = 0;  // wire::raw
};

class subscribers {
 public:
  // Called for each event: by which subscriber, and the stamp's 20 digits.
  using event_function = std::function<void(std::size_t subscriber, const char* stamp)>;

  // Connects all; wire::frames subscribes to reservation_update. Exits the process with a message when that fails, and
  // on a GAP.
  subscribers(boost::asio::io_context& context, const subscriber_options& options, event_function on_event);
  ~subscribers();

  // How many have subscribed.
  [[nodiscard]] std::size_t ready() const;

 private:
  class one;
  subscriber_options options_;
  event_function on_event_;
  std::vector<std::unique_ptr<one>> all_;
};

}  // namespace bench
