// SPDX-License-Identifier: MIT
// What a proxy says, HTTP or SOCKS 5, with and without credentials: however it comes in pieces the talk ends within its
// bound, what goes out is bounded too, and every failure has words that can be shown and tell no password. The first
// byte chooses the protocol, the credentials and the size of the pieces.
#include <algorithm>
#include <cstdint>
#include <string>

#include "daemon/upstream/net/tunnel.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace {

using roombridge::fuzz::require;
using namespace roombridge::upstream;

constexpr std::string_view password = "a-password-that-is-never-told";

bool is_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void check_words(const failure& why, const proxy& through) {
  require(
      why.why == cause::proxy_refused || why.why == cause::proxy_target_unreachable || why.why == cause::proxy_failure,
      "a cause that is not the proxy's");
  require(why.text.starts_with("the proxy ") && why.text.size() < 1000 && is_line(why.text), "not good words");
  require(through.user.empty() || why.text.find(password) == std::string::npos, "the password is told");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  proxy through{proxy::protocol::http, "p", "1", "http://p:1", "", ""};
  if ((data[0] & 1) != 0) through = {proxy::protocol::socks5, "p", "1", "socks5://p:1", "", ""};
  if ((data[0] & 2) != 0) {
    through.user = "till";
    through.password = password;
  }
  const std::size_t step = (data[0] >> 2) + 1u;

  const auto talk = make_tunnel(through, "shop.example", "443");
  std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  std::size_t fed = 0;
  bool over = false;
  while (!over && !rest.empty()) {
    require(talk->take_output().size() < 1000, "too much goes out");
    over = talk->feed(rest.substr(0, step));
    fed += std::min(step, rest.size());
    rest.remove_prefix(std::min(step, rest.size()));
    require(over || fed <= tunnel::max_answer, "the answer is without end");
  }
  if (talk->result()) {
    require(over, "a failure that does not end the talk");
    check_words(*talk->result(), through);
  }
  return 0;
}
