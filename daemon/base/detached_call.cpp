// SPDX-License-Identifier: MIT
#include "daemon/base/detached_call.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

#include "daemon/base/as_result.hpp"
#include "daemon/base/signals_blocked.hpp"

namespace roombridge {
namespace {

std::atomic<int> running{0};

// The thread's whole life. Closing its end of the pipe is what wakes the event thread.
void live(const std::function<void()>& work, const std::shared_ptr<std::atomic<bool>>& finished, int done) {
  work();
  *finished = true;
  --running;
  ::close(done);
}

}  // namespace

std::string detached_call::start(std::function<void()> work) {
  if (running >= max_running) return std::to_string(max_running) + " earlier look-ups still wait for an answer";
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::system_category().message(errno);
  done_.assign(ends[0]);
  finished_ = std::make_shared<std::atomic<bool>>(false);
  const signals_blocked for_the_thread;
  ++running;
  try {
    std::thread(live, std::move(work), finished_, ends[1]).detach();
    return {};
  } catch (const std::system_error& error) {
    --running;
    ::close(ends[1]);
    cancel();
    return error.what();
  }
}

io::task<bool> detached_call::wait() {
  co_await done_.async_wait(done_.wait_read, io::as_result);
  const bool given_up = !done_.is_open();
  cancel();
  co_return !given_up && *finished_;
}

void detached_call::cancel() {
  boost::system::error_code ignored;
  done_.close(ignored);
}

}  // namespace roombridge
