// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/resolver.hpp"

#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "daemon/upstream/proxy.hpp"

namespace roombridge::upstream {
namespace {

using boost::asio::ip::tcp;

std::string words_of(int error) {
  return error == EAI_SYSTEM ? std::system_category().message(errno) : ::gai_strerror(error);
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

resolver::resolver(io::context& context, look_up_function function) : function_(std::move(function)), call_(context) {}

io::task<addresses> resolver::resolve(std::string host, std::string port) {
  boost::system::error_code not_numeric;
  const auto address = boost::asio::ip::make_address(host, not_numeric);
  if (!not_numeric) {
    const tcp::endpoint only(address, static_cast<std::uint16_t>(std::stoul(port)));
    co_return std::vector{only};
  }
  const bool local = is_loopback(host);
  const auto answer = std::make_shared<addresses>();
  auto failed = call_.start([answer, function = function_, host = std::move(host), port = std::move(port)] {
    *answer = function(host, port);
  });
  if (!failed.empty()) co_return failed;
  if (!co_await call_.wait()) co_return std::string("it was given up");
  co_return local ? on_this_machine(std::move(*answer)) : std::move(*answer);
}

void resolver::cancel() {
  call_.cancel();
}

}  // namespace roombridge::upstream
