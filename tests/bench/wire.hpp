// SPDX-License-Identifier: MIT
// How events go into a measured program and come out of it, as bytes; one codec for each program. Only as much of each
// protocol as a load needs: what a program sends is trusted. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

// What a subscriber's bytes say.
class receiver {
 public:
  // From now on it gets events.
  virtual void on_ready() = 0;
  // `payload`: the beginning of the event's arguments.
  virtual void on_event(const char* payload) = 0;

 protected:
  ~receiver() = default;
};

class wire {
 public:
  virtual ~wire() = default;

  // What the program's source sends before the first event.
  [[nodiscard]] virtual std::string greeting() const { return {}; }
  // One event. `payload` is the arguments' array; `reservation` is empty where nobody subscribes to one.
  [[nodiscard]] virtual std::string publication(std::string_view reservation, std::string_view payload) const = 0;

  // What the subscriber of this number sends to get the events of `reservation`, or all when that is empty.
  [[nodiscard]] virtual std::string subscription(std::size_t number, std::string_view reservation) const = 0;
  // Takes the whole messages at the beginning of `bytes`; how many bytes these are.
  [[nodiscard]] virtual std::size_t consume(std::string_view bytes, receiver& to) const = 0;
};

// daemon, copier, node, mosquitto, redis or nats. Null: there is no such program.
[[nodiscard]] std::unique_ptr<wire> make_wire(std::string_view program);
// The brokers among them.
[[nodiscard]] std::unique_ptr<wire> make_broker_wire(std::string_view program);

}  // namespace bench
