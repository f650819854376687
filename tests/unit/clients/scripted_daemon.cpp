// SPDX-License-Identifier: MIT
#include "scripted_daemon.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace roombridge::test {
namespace {

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

scripted_daemon::scripted_daemon(std::vector<script> scripts) : scripts_(std::move(scripts)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "roombridge-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  directory_ = pattern;
  path_ = directory_ + "/s";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 8) != 0) {
    throw std::runtime_error("bind " + path_);
  }
  thread_ = std::thread{[this] { serve(); }};
}

scripted_daemon::~scripted_daemon() {
  ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
  if (thread_.joinable()) thread_.join();
  ::close(listener_);
  std::filesystem::remove_all(directory_);
}

const std::vector<received_frame>& scripted_daemon::received() {
  if (thread_.joinable()) thread_.join();
  return received_;
}

void scripted_daemon::serve() {
  for (const auto& what : scripts_) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    play(fd, what);
    ::close(fd);
  }
}

void scripted_daemon::play(int fd, const script& what) {
  proto::frame_decoder decoder;
  std::array<std::byte, 4096> buffer;
  std::size_t next = 0;
  for (;;) {
    if (next == what.steps.size() && what.then_close) return;
    const auto count = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (count <= 0) return;
    decoder.feed(std::span{buffer}.first(static_cast<std::size_t>(count)));
    while (const auto frame = decoder.next()) {
      received_.push_back({frame->type,
                           std::string{frame->head},
                           {reinterpret_cast<const char*>(frame->payload.data()), frame->payload.size()}});
      if (next < what.steps.size() && what.steps[next].expected == frame->type) send_all(fd, what.steps[next++].reply);
    }
  }
}

std::string welcome_frame() {
  proto::welcome head;
  head.server = "roombridged 0.1.0";
  head.epoch = "8c0d3a5b7e9f1024";
  head.newest = 1042;
  return proto::encode(head);
}

}  // namespace roombridge::test
