// SPDX-License-Identifier: MIT
// A local program that keeps its position, as PROTOCOL.md section 4 asks for, and checks every frame against the model:
// all that matches comes once and in order, and what does not come lies in a GAP that says so truly.
#pragma once

#include <optional>
#include <string>

#include "../local/support.hpp"
#include "history.hpp"

namespace roombridge::delivery {

class program {
 public:
  program(const history& truth, filter wants, uid_t user) : truth_(truth), wants_(std::move(wants)), user_(user) {}

  [[nodiscard]] uid_t user() const { return user_; }
  [[nodiscard]] bool connected() const { return client_.has_value(); }

  // Takes a fresh connection and asks for what it lacks.
  void begin(local::test_client client);
  void hang_up() { client_.reset(); }
  // Handles what has come.
  void read();
  // Whether it has come to `epoch` and has all that matches there, or has been told why not.
  [[nodiscard]] bool complete(const std::string& epoch) const { return at_ && at_->epoch == epoch && !missing(); }
  void expect_complete(const std::string& epoch) const;

  static std::uint64_t slow_gaps;  // of all programs, so that a test knows what it has tried
  static std::uint64_t other_gaps;

 private:
  [[nodiscard]] std::optional<log::sequence> missing() const;
  void handle(const local::received& frame);
  void handle_event(const local::received& frame);
  void handle_gap(const proto::gap& told);
  void expect_nothing_between(log::sequence after, log::sequence before) const;

  const history& truth_;
  const filter wants_;
  const uid_t user_;
  std::optional<local::test_client> client_;
  std::optional<proto::log_position> at_;  // of the last record that it has handled
};

}  // namespace roombridge::delivery
