// SPDX-License-Identifier: MIT
// Faults that the test upstream commits on demand: which one, at which step of a connection, how often. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace test_upstream {

// The moments at which a server has something to say, in the order of a connection's life.
enum class step {
  accepted,      // the TCP connection stands, and nothing was read
  handshake,     // the HTTP request was read: its response is due
  open,          // the WebSocket stands: Engine.IO's open packet is due
  connect,       // a namespace's CONNECT came: its answer is due
  authenticate,  // a token came: the answer is due
  join,          // a join_room came: the acknowledgement is due, where one is wanted
  established,   // any other event or acknowledgement is due
};
[[nodiscard]] std::string_view to_string(step value);

struct fault {
  enum class kind {
    silence,    // nothing is sent any more and all that comes is read away; the TCP connection stays
    half_open,  // the server forgets the connection: it neither reads nor writes nor ends it
    close,      // a WebSocket close frame without a code
    fin,        // our half of the TCP connection ends, and nothing is sent any more
    reset,      // RST
    slow,       // from now on every byte goes alone, `pace` after the one before
    bytes,      // `text` goes to the TCP connection instead of what is due, and then silence
    text,       // the message `text` instead of what is due
    before,     // the message `text` before what is due
    twice,      // what is due, two times
  };
  kind what{};
  step at{};
  unsigned times = 0;  // then it is over; 0: until another one is set, or none
  std::string text{};
  std::chrono::milliseconds pace{0};
};
[[nodiscard]] std::string_view to_string(fault::kind value);

// Whether it makes sense there: before the WebSocket stands there are no messages.
[[nodiscard]] bool applies(fault::kind what, step at);

// Reads "STEP TIMES|* KIND [ARG]", where ARG is slow's milliseconds, bytes' hexadecimal digits, and the text of text
// and before.
[[nodiscard]] std::optional<fault> parse_fault(std::string_view words);

// The fault of this step, if one is to happen now.
using strike_function = std::function<std::optional<fault>(step at)>;

class fault_plan {
 public:
  void set(std::optional<fault> what);
  // As strike_function; counts it.
  [[nodiscard]] std::optional<fault> take(step at);

 private:
  std::optional<fault> fault_;
  unsigned left_ = 0;
};

}  // namespace test_upstream
