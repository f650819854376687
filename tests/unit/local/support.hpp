// SPDX-License-Identifier: MIT
// A server's inside over socket pairs, on an event loop that is polled: no listener, no threads, no waiting for time.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <roombridge/proto/messages.hpp>

#include "daemon/local/hub.hpp"

namespace roombridge::local {

// Who connects may see everything.
inline options open_to_everyone() {
  options out;
  out.access = {{{}, {}, true, {"*"}, {"*"}, {}, {}}};
  return out;
}

class recording_logger final : public logger {
 public:
  bool enabled(log_level) const override { return true; }
  void write(log_level level, std::string_view text, std::initializer_list<log_field>) override {
    lines.emplace_back(level, std::string{text});
  }
  [[nodiscard]] std::size_t count(log_level level) const {
    std::size_t found = 0;
    for (const auto& [at, text] : lines) found += at == level;
    return found;
  }
  std::vector<std::pair<log_level, std::string>> lines;
};

// Remembers what came and leaves the answers to the test.
class recording_handler final : public request_handler {
 public:
  struct emitted {
    std::string event;
    std::string arguments;
    std::vector<std::string> attachments;
    bool want_ack;
    std::chrono::milliseconds deadline;
    answer_function done;
  };
  struct joined {
    peer_token who;
    std::string room;
    std::chrono::milliseconds deadline;
    answer_function done;
  };
  struct called {
    std::string method;
    std::string params;
    bool control;
    std::optional<rights> may;
    answer_function done;
    peer_token who;
    sight sees;
  };

  void on_emit(const emit_request& request, answer_function done) override {
    std::vector<std::string> attachments;
    for (const auto each : request.attachments) {
      attachments.emplace_back(reinterpret_cast<const char*>(each.data()), each.size());
    }
    emits.push_back({std::string{request.event}, std::string{request.arguments}, std::move(attachments),
                     request.want_ack, request.deadline, std::move(done)});
    permitted.push_back(request.permitted);
    if (on_next_request) std::exchange(on_next_request, nullptr)();
  }
  void on_join(const join_request& request, answer_function done) override {
    joins.push_back({request.who, std::string{request.room}, request.deadline, std::move(done)});
    if (on_next_request) std::exchange(on_next_request, nullptr)();
  }
  void on_leave(peer_token who, const std::string& room) override {
    leaves.emplace_back(who, room);
    if (on_next_leave) std::exchange(on_next_leave, nullptr)();
  }
  void on_call(const call_request& request, answer_function done) override {
    calls.push_back({std::string{request.method}, std::string{request.params}, request.may->control(), *request.may,
                     std::move(done), request.who, request.sees});
    if (on_next_request) std::exchange(on_next_request, nullptr)();
  }

  std::vector<emitted> emits;
  std::vector<std::function<bool()>> permitted;  // of each of them
  std::vector<joined> joins;
  std::vector<std::pair<peer_token, std::string>> leaves;
  std::vector<called> calls;
  std::function<void()> on_next_request;
  std::function<void()> on_next_leave;
};

struct received {
  proto::frame_type type{};
  std::string head;
  std::string payload;
};

// The client's end of a connection.
class test_client {
 public:
  explicit test_client(unique_fd fd) : fd_(std::move(fd)) {}

  void send(std::string_view bytes) {
    ASSERT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  template <class Message>
  void send_message(const Message& message, std::string_view with = {}) {
    send(proto::encode(message, std::as_bytes(std::span{with})));
  }

  // Reads what is there; whether there was anything.
  bool read() {
    std::vector<std::byte> buffer(64u << 10);
    for (bool any = false;; any = true) {
      const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size == 0) closed_ = true;
      if (size < 0 && errno != EAGAIN) reset_ = true;
      if (size <= 0) return any;
      decoder_.feed(std::span{buffer}.first(static_cast<std::size_t>(size)));
      while (const auto frame = decoder_.next()) {
        frames_.push_back({frame->type,
                           std::string{frame->head},
                           {reinterpret_cast<const char*>(frame->payload.data()), frame->payload.size()}});
      }
      EXPECT_EQ(decoder_.error(), proto::error_code::none);
    }
  }

  // The next frame; nothing when none has come.
  std::optional<received> next() {
    read();
    if (frames_.empty()) return std::nullopt;
    received out = std::move(frames_.front());
    frames_.pop_front();
    return out;
  }

  // The next frame, which must be a Message.
  template <class Message>
  Message expect() {
    const auto frame = next();
    if (!frame) {
      ADD_FAILURE() << "no frame where " << proto::to_string(Message::type) << " was expected";
      return {};
    }
    EXPECT_EQ(frame->type, Message::type) << proto::to_string(frame->type) << " " << frame->head;
    auto message = proto::parse<Message>(frame->head);
    if (frame->type != Message::type || !message) return {};
    payload = frame->payload;
    return *message;
  }

  // Whether the daemon has closed, everything it said having been read.
  bool closed() {
    read();
    return closed_ && frames_.empty();
  }
  [[nodiscard]] bool reset() const { return reset_; }
  void close() { fd_ = unique_fd{}; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  std::string payload;  // of the last expect()

 private:
  unique_fd fd_;
  proto::frame_decoder decoder_;
  std::deque<received> frames_;
  bool closed_ = false;
  bool reset_ = false;
};

class hub_test : public testing::Test {
 protected:
  static constexpr std::uint64_t epoch = 0x0123456789abcdef;

  void make(log::geometry shape = log::geometry::for_capacity(2u << 20)) {
    hub_.reset();
    events_.emplace(shape, epoch);
    hub_.emplace(
        context_, options_, "roombridged test", *events_, handler_, named_, log_, [this] { return now_; },
        [this](int fd) { return identify(fd); });
  }
  void SetUp() override { make(); }

  // Lets the daemon do all that it has to do now.
  void run() {
    context_.restart();
    while (context_.poll() > 0) {
    }
  }

  // Who a connection is said to be: `who_` at its beginning, or what the kernel says.
  std::optional<credentials> identify(int fd) {
    const auto found = known_.find(fd);
    return found == known_.end() ? peer_credentials(fd) : found->second;
  }

  // `buffer`: the kernel's, of what goes to the client; 0: as it is.
  test_client connect(int buffer = 0) {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
    known_.erase(fds[0]);
    if (who_) known_.emplace(fds[0], *who_);
    if (buffer > 0) ::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    hub_->adopt(unique_fd{fds[0]});
    return test_client{unique_fd{fds[1]}};
  }

  test_client welcomed(int buffer = 0) {
    auto client = connect(buffer);
    client.send_message(proto::hello{.client = "test"});
    run();
    client.expect<proto::welcome>();
    return client;
  }

  test_client subscribed(std::vector<std::string> events = {}, std::vector<std::string> topics = {}, int buffer = 0) {
    auto client = welcomed(buffer);
    client.send_message(proto::subscribe{1, std::move(events), std::move(topics)});
    run();
    EXPECT_FALSE(client.expect<proto::result>().error);
    if (status_published_) client.expect<proto::status>();
    client.expect<proto::live>();
    return client;
  }

  log::sequence append(std::string_view name, std::vector<std::string_view> topics = {},
                       std::string_view arguments = "1") {
    return events_->append({.time = 1, .name = name, .topics = topics, .arguments = arguments});
  }

  void publish_status(proto::upstream_state state) {
    proto::status status;
    status.state = state;
    hub_->publish_status(status);
    status_published_ = true;
  }

  // By clocks that go alike.
  static wall_watch::reading reading(std::chrono::microseconds now) {
    return {std::chrono::steady_clock::time_point{now}, wall_watch::wall_time{now}};
  }
  void advance(std::chrono::milliseconds by) {
    now_ += by;
    hub_->expire();
    run();
  }

  io::context context_;
  options options_ = open_to_everyone();
  std::optional<log::event_log> events_;
  recording_handler handler_;
  std::chrono::microseconds wall_{1'000'000};
  named_subscribers named_{nullptr, [this] { return reading(wall_); }};
  recording_logger log_;
  // Far ahead of the real clock, so that the hub's timer never fires by itself.
  peer_host::time_point now_ = std::chrono::steady_clock::now() + std::chrono::hours{1000};
  std::optional<credentials> who_;
  std::map<int, credentials> known_;  // by descriptor
  std::optional<hub> hub_;
  bool status_published_ = false;
};

}  // namespace roombridge::local
