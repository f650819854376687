// SPDX-License-Identifier: MIT
// Name servers that answer nothing before they are told to, at the latest in the end. The threads of the look-ups may
// outlive the test.
#pragma once

#include <future>
#include <string>

#include "daemon/upstream/net/resolver.hpp"

namespace roombridge::upstream::test {

class silent_servers {
 public:
  silent_servers() = default;
  ~silent_servers() {
    if (!answered_) answer("too late");
  }
  silent_servers(const silent_servers&) = delete;
  silent_servers& operator=(const silent_servers&) = delete;

  [[nodiscard]] look_up_function function() const {
    return [answer = answer_](const std::string&, const std::string&) { return answer.get(); };
  }

  void answer(const addresses& with) {
    answered_ = true;
    promise_.set_value(with);
  }

 private:
  std::promise<addresses> promise_;
  std::shared_future<addresses> answer_{promise_.get_future()};
  bool answered_ = false;
};

}  // namespace roombridge::upstream::test
