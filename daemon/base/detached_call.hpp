// SPDX-License-Identifier: MIT
// A call of something that may block for minutes and cannot be interrupted, such as the system's look-up of a name, in
// a thread of its own. The event thread learns when it is done. The thread is never waited for: neither by who gives
// the call up nor by the end of the process.
//
// Invariant: at most `max_running` such threads run in the process.
#pragma once

#include <atomic>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "daemon/base/io.hpp"

namespace roombridge {

class detached_call {
 public:
  static constexpr int max_running = 16;

  explicit detached_call(io::context& context) : done_(context) {}

  // Begins `work`, which may outlive this object and its caller: it must own all that it uses. One call at a time.
  // Returns why it could not be begun; empty: it was.
  [[nodiscard]] std::string start(std::function<void()> work);

  // True: the work is done. False: cancel() was called.
  [[nodiscard]] io::task<bool> wait();

  // Ends the wait. The work goes on, and what it does means nothing any more.
  void cancel();

 private:
  std::shared_ptr<std::atomic<bool>> finished_;                     // what the work has written is seen after it
  boost::asio::posix::basic_stream_descriptor<io::executor> done_;  // readable: the work is done
};

}  // namespace roombridge
