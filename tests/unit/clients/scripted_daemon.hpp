// SPDX-License-Identifier: MIT
// A daemon that says what a test has written down: frame by frame, over a real socket in a temporary directory.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include <roombridge/proto/messages.hpp>

namespace roombridge::test {

// When a frame of this type has come, `reply` is sent.
struct step {
  proto::frame_type expected{};
  std::string reply;
};

// One connection's script. After its last step the connection is closed, or read until the client closes it.
struct script {
  std::vector<step> steps;
  bool then_close = false;
};

struct received_frame {
  proto::frame_type type{};
  std::string head;
  std::string payload;
};

// Serves one connection per script, in their order, in a thread of its own.
class scripted_daemon {
 public:
  explicit scripted_daemon(std::vector<script> scripts);
  ~scripted_daemon();
  scripted_daemon(const scripted_daemon&) = delete;
  scripted_daemon& operator=(const scripted_daemon&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // Waits until every script has been played and every connection has ended. What the clients sent, in order.
  const std::vector<received_frame>& received();

 private:
  void serve();
  void play(int fd, const script& what);

  std::vector<script> scripts_;
  std::string directory_;
  std::string path_;
  int listener_ = -1;
  std::vector<received_frame> received_;
  std::thread thread_;
};

// The frame with which a daemon answers HELLO.
[[nodiscard]] std::string welcome_frame();

}  // namespace roombridge::test
