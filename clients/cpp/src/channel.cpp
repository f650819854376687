// SPDX-License-Identifier: MIT
#include "channel.hpp"

namespace roombridge {

std::optional<failure> channel::open(const std::string& path, const introduction& who,
                                     std::chrono::milliseconds timeout) {
  if (auto failed = socket_.connect(path, timeout)) {
    drop();
    return failed;
  }
  return greet(who, timeout);
}

std::optional<failure> channel::adopt(int fd, const introduction& who, std::chrono::milliseconds timeout) {
  socket_.adopt(fd);
  return greet(who, timeout);
}

std::optional<failure> channel::greet(const introduction& who, std::chrono::milliseconds timeout) {
  core_ = connection{who.name, core_.last_id(), who.subscriber};
  const auto until = std::chrono::steady_clock::now() + timeout;
  do {
    while (auto got = core_.next()) {
      if (const auto* ended = std::get_if<closed>(&*got)) return ended->why;
      const auto* welcomed = std::get_if<welcome>(&*got);
      if (welcomed == nullptr) continue;  // ERROR and BYE: `closed` repeats their reason
      daemon_ = *welcomed;
      return std::nullopt;
    }
  } while (pump(until));
  drop();
  return failure{
      failure_kind::timeout,
      "the daemon accepted the connection but did not answer HELLO within " + std::to_string(timeout.count()) + " ms",
      std::nullopt};
}

void channel::drop() {
  socket_.close();
  core_.receive_end("given up");
  while (core_.next()) continue;
}

bool channel::pump(const deadline& until) {
  write();
  if (core_.is_closed()) return false;
  if (!socket_.wait(!core_.output().empty(), until)) return false;
  write();
  read();
  return true;
}

void channel::read() {
  if (core_.is_closed()) return;
  if (const auto count = socket_.read(buffer_)) {
    core_.receive(std::span{buffer_}.first(*count));
    write();  // a PONG, perhaps
  } else {
    core_.receive_end(socket_.end_text());
  }
  if (core_.is_closed()) socket_.shut_down();
}

void channel::write() {
  while (!core_.is_closed() && !core_.output().empty()) {
    const auto count = socket_.write(core_.output());
    // What the daemon said before it closed is still to be read, and reading will find the end.
    if (!count) return core_.sent(core_.output().size());
    if (*count == 0) return;
    core_.sent(*count);
  }
}

}  // namespace roombridge
