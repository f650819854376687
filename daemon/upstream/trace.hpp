// SPDX-License-Identifier: MIT
// What passes between us and the server, told to whoever looks on at present. While nobody does, it costs one branch.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

// A step of the session, or a packet (packet_trace.hpp). The texts are UTF-8, bounded, and hold no values and none of
// the server's words: a failure is told as in_general() has it.
struct trace_line {
  std::string_view step = {};  // its name, a literal; empty: a packet
  std::string text = {};       // of the step, for a person
  bool outgoing = false;
  std::optional<transport_kind> transport = {};
  std::string_view engine = {};  // Engine.IO's name of the type, a literal
  std::string_view packet = {};  // Socket.IO's, of a message; a literal
  std::string nsp = {};
  std::string event = {};
  std::optional<std::uint64_t> ack = {};
  std::optional<std::size_t> bytes = {};  // of the data, without the attachments
  std::vector<std::uint32_t> attachments = {};
  std::string shape = {};  // of the data
  bool operator==(const trace_line&) const = default;
};

class tracer {
 public:
  // False: nobody looks on any more.
  using show_function = std::function<bool(trace_line)>;

  // To be asked before a line is made.
  [[nodiscard]] bool on() const { return show_ != nullptr; }

  void start(show_function show) { show_ = std::move(show); }

  void tell(trace_line line) {
    if (on() && !show_(std::move(line))) show_ = nullptr;
  }
  void step(std::string_view name, std::string text) { tell({.step = name, .text = std::move(text)}); }

 private:
  show_function show_;
};

}  // namespace roombridge::upstream
