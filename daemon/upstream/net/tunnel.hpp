// SPDX-License-Identifier: MIT
// The talk with a proxy that makes a connection to it one to the server: HTTP CONNECT (RFC 9110 section 9.3.6) and
// SOCKS 5 (RFC 1928, RFC 1929). Bytes in, bytes out; pure.
//
//   for (bool over = false; !over; over = talk->feed(what_came)) send(talk->take_output());
//
// Invariants: no more than max_answer is taken of what the proxy says in all; user and password are in the output, and
// in no failure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/proxy.hpp"

namespace roombridge::upstream {

class tunnel {
 public:
  static constexpr std::size_t max_answer = 16 * 1024;

  virtual ~tunnel() = default;

  // What is to be sent now; empty while the proxy's answer is not whole.
  [[nodiscard]] std::string take_output() { return std::exchange(output_, {}); }

  // Takes more of what the proxy says. True: the talk is over, well or not, and feed() must not be called again.
  [[nodiscard]] bool feed(std::string_view bytes);

  // After the end: nothing when what is sent from now on reaches the server, else why not.
  [[nodiscard]] const std::optional<failure>& result() const { return result_; }

 protected:
  explicit tunnel(const proxy& through) : through_(through), name_("the proxy " + through.name) {}

  // Looks at what came; what was understood is taken off. True: the talk is over.
  virtual bool advance(std::string& came) = 0;

  void fail(cause why, const std::string& words) { result_ = failure{why, name_ + ' ' + words}; }

  // What the proxy said, for words: should it repeat the password, plain or as HTTP has it, that is not told on.
  [[nodiscard]] std::string without_credentials(std::string_view said) const;

  const proxy& through_;
  std::string name_;  // "the proxy http://host:port"
  std::string output_;

 private:
  std::string came_;
  std::size_t taken_ = 0;  // bytes in all; past max_answer by one at most
  std::optional<failure> result_;
};

// "user:password" in base64 (RFC 7617).
[[nodiscard]] std::string basic_credentials(const proxy& of);

// To `host`, a name or an address without brackets, at `port`. `through` outlives the talk.
[[nodiscard]] std::unique_ptr<tunnel> make_tunnel(const proxy& through, const std::string& host,
                                                  const std::string& port);

}  // namespace roombridge::upstream
