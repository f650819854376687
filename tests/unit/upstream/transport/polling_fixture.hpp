// SPDX-License-Identifier: MIT
// Polling, and its upgrade, over real loopback sockets: the peer's script and the transport's user run side by side.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/upstream/transport/polling.hpp"
#include "daemon/upstream/transport/upgradable.hpp"
#include "tests/support/scripted_peer.hpp"

namespace roombridge::upstream {

inline constexpr std::string_view offer =
    R"(0{"sid":"s/1","upgrades":["websocket"],"pingInterval":250000,"pingTimeout":200000,"maxPayload":20})";

// Everything that arrives, packet by packet; binary ones with a "b".
class recorder final : public inbound_sink {
 public:
  bool wants_more() const override { return true; }
  bool max_payload_announced() const override { return true; }
  bool namespace_joined() const override { return true; }
  void on_engine_packet(const engineio::packet& packet) override {
    seen.push_back(static_cast<char>(packet.type) + std::string(packet.data.substr(0, 6)));
  }
  void on_packet(const socketio::packet& packet) override { seen.push_back("packet " + std::string(packet.data)); }
  void on_event(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments) override {
    seen.emplace_back(packet.data);
    for (const auto& one : attachments) {
      seen.push_back("b" + std::string(reinterpret_cast<const char*>(one.data()), one.size()));
    }
  }
  void on_ack(const socketio::packet&, std::span<const std::span<const std::byte>>) override { seen.push_back("ack"); }
  void on_malformed(std::string_view why) override { seen.push_back("malformed: " + std::string(why)); }
  void on_broken(const failure& why, std::uint16_t) override { seen.push_back("broken: " + why.text); }

  std::vector<std::string> seen;
};

class upstream_polling : public testing::Test {
 public:
  upstream_polling() : peer(context), polls(context), posts(context), web(context) {}

  using script = io::task<> (*)(upstream_polling&);

  // Runs the peer's script beside a user that opens the transport and reads it to its end.
  void run(std::unique_ptr<transport> made, script play) {
    connection = std::move(made);
    const auto rethrow = [](std::exception_ptr error) { EXPECT_FALSE(error); };
    boost::asio::co_spawn(context, play(*this), rethrow);
    boost::asio::co_spawn(context, use(), [this](std::exception_ptr error) {
      EXPECT_FALSE(error);
      ended = true;
      connection.reset();
    });
    context.run_for(std::chrono::seconds(60));
    EXPECT_TRUE(ended) << "the transport did not end";
  }

  std::unique_ptr<transport> make_polling(std::size_t receive_limit = 1000) {
    return std::make_unique<polling>(context, trace, where(), tls_options{}, receive_limit);
  }
  std::unique_ptr<transport> make_upgradable(bool at_once = true, std::size_t receive_limit = 1000) {
    return std::make_unique<upgradable>(
        context, trace, where(), tls_options{}, receive_limit,
        upgradable::plan{at_once, backoff(std::chrono::milliseconds(1), std::chrono::milliseconds(2)), false,
                         [this] { ++upgrades; }, std::chrono::hours(1)});
  }
  endpoint where() const { return std::get<endpoint>(make_endpoint(peer.url(), "/s/")); }

  void send(std::string_view text) {
    connection->send_text(text);
    connection->flush();
  }

  io::context context{1};
  tracer trace;
  test::scripted_peer peer;
  test::scripted_connection polls;  // the peer's end of the transport's connections
  test::scripted_connection posts;
  test::scripted_connection web;
  std::unique_ptr<transport> connection;
  recorder got;
  std::vector<std::string> asked;  // what a script noted
  std::string filler;              // packets that a script puts before others
  failure end;
  int bursts = 0;
  int upgrades = 0;
  bool ended = false;

 private:
  io::task<> use() {
    const auto failed = co_await connection->open(std::chrono::seconds(20));
    if (failed) {
      end = *failed;
      co_return;
    }
    inbound in(1000, "server", got);
    for (;;) {
      const burst next = co_await connection->read();
      if (next.bytes.empty()) {
        end = next.ended;
        break;
      }
      ++bursts;
      connection->deliver(next.bytes, in);
      connection->flush();
    }
  }
};

inline std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

// Accepts the polling connection, and answers its first poll.
inline io::task<> begin(upstream_polling& t, std::string_view body) {
  co_await t.peer.accept(t.polls);
  t.asked.push_back(co_await t.polls.read_request());
  co_await t.polls.answer(body, "Set-Cookie: io=1; Path=/\r\n");
}

}  // namespace roombridge::upstream
