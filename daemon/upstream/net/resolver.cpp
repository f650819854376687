// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/resolver.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <system_error>
#include <thread>

#include "daemon/base/as_result.hpp"
#include "daemon/base/signals_blocked.hpp"
#include "daemon/upstream/proxy.hpp"

namespace roombridge::upstream {
namespace {

using boost::asio::ip::tcp;

using io::as_result;

std::atomic<int> running{0};

std::string words_of(int error) {
  return error == EAI_SYSTEM ? std::system_category().message(errno) : ::gai_strerror(error);
}

// The thread's whole life. Closing its end of the pipe is what wakes the event thread.
void answer_later(const look_up_function& function, const std::string& host, const std::string& port,
                  std::promise<addresses> answer, int done) {
  answer.set_value(function(host, port));
  --running;
  ::close(done);
}

// What is called localhost is this machine (RFC 6761 section 6.3), whatever a name server or /etc/hosts says: plain
// text goes there.
addresses on_this_machine(addresses answer) {
  auto* found = std::get_if<std::vector<tcp::endpoint>>(&answer);
  if (found == nullptr) return answer;
  std::erase_if(*found, [](const tcp::endpoint& one) { return !one.address().is_loopback(); });
  if (found->empty()) return "it is this machine's by its name, and leads to another; mend /etc/hosts";
  return answer;
}

}  // namespace

addresses look_up(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* first = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &first); error != 0) return words_of(error);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(first, ::freeaddrinfo);
  std::vector<tcp::endpoint> found;
  for (const addrinfo* one = first; one != nullptr; one = one->ai_next) {
    tcp::endpoint& made = found.emplace_back();
    made.resize(one->ai_addrlen);
    std::memcpy(made.data(), one->ai_addr, one->ai_addrlen);
  }
  return found;
}

resolver::resolver(io::context& context, look_up_function function) : function_(std::move(function)), done_(context) {}

io::task<addresses> resolver::resolve(std::string host, std::string port) {
  boost::system::error_code not_numeric;
  const auto address = boost::asio::ip::make_address(host, not_numeric);
  if (!not_numeric) {
    const tcp::endpoint only(address, static_cast<std::uint16_t>(std::stoul(port)));
    co_return std::vector{only};
  }
  const bool local = is_loopback(host);
  std::promise<addresses> promise;
  std::future<addresses> answer = promise.get_future();
  if (auto failed = start(std::move(host), std::move(port), std::move(promise)); !failed.empty()) co_return failed;
  co_await done_.async_wait(done_.wait_read, as_result);
  if (!done_.is_open()) co_return std::string("it was given up");
  cancel();
  co_return local ? on_this_machine(answer.get()) : answer.get();
}

void resolver::cancel() {
  boost::system::error_code ignored;
  done_.close(ignored);
}

// Why no look-up could be begun; empty: it was.
std::string resolver::start(std::string host, std::string port, std::promise<addresses> promise) {
  if (running >= max_running) return std::to_string(max_running) + " earlier look-ups still wait for the name servers";
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::system_category().message(errno);
  done_.assign(ends[0]);
  const signals_blocked for_the_thread;
  ++running;
  try {
    std::thread(answer_later, function_, std::move(host), std::move(port), std::move(promise), ends[1]).detach();
    return {};
  } catch (const std::system_error& error) {
    --running;
    ::close(ends[1]);
    cancel();
    return error.what();
  }
}

}  // namespace roombridge::upstream
