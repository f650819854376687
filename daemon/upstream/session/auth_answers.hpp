// SPDX-License-Identifier: MIT
// Which of the server's answers is the one to the authentication that counts: of several that are out, the newest.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace roombridge::upstream {

class auth_answers {
 public:
  enum class verdict : std::uint8_t { none, accepted, refused };

  // An authentication was sent whose answer is an event.
  void expect_event() { ++events_due_; }
  // One was sent whose answer is the acknowledgement of this id.
  void expect_ack(std::uint64_t id) { acks_.push_back(id); }

  // An event that says yes or no has come. `authenticated`: the session is.
  [[nodiscard]] verdict on_event(bool success, bool authenticated);
  // An acknowledgement has come: not_ours, one of an older authentication, or the one that decides.
  enum class ack : std::uint8_t { not_ours, outdated, decides };
  [[nodiscard]] ack on_ack(std::uint64_t id);

  // All that are out are answered by a refusal.
  void forget_acks() { acks_.clear(); }
  // What is awaited is an acknowledgement.
  [[nodiscard]] bool awaits_ack() const { return !acks_.empty(); }

 private:
  std::size_t events_due_ = 0;       // authentications sent on this connection and not yet answered
  std::vector<std::uint64_t> acks_;  // of the authentications that are out, oldest first
};

}  // namespace roombridge::upstream
