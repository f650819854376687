// SPDX-License-Identifier: MIT
// booking-server: the test upstream as a program, for the demo and for tests in other languages.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <boost/asio/basic_signal_set.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <CLI/CLI.hpp>

#include "tests/upstream/booking_day.hpp"
#include "tests/upstream/console.hpp"
#include "tests/upstream/server.hpp"

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using executor = asio::io_context::executor_type;
using steady = std::chrono::steady_clock;
using timer = asio::basic_waitable_timer<steady, asio::wait_traits<steady>, executor>;
using std::chrono::milliseconds;

struct arguments {
  test_upstream::server_options server;
  std::vector<std::string> tokens{"demo-token=42"};
  std::string owner;  // the first token's user: the day's notifications are for them
  std::vector<std::string> namespaces;
  std::string script;
  double rate = 2;
  std::uint64_t seed = 1;
  std::vector<std::string> shops{"7", "12"};
  unsigned ping_interval = 25'000;
  unsigned ping_timeout = 20'000;
  unsigned connect_timeout = 45'000;
  bool json = false;
};

// The current time as JavaScript's toISOString writes it.
std::string timestamp() {
  const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + length, text.size() - length, ".%03dZ",
                static_cast<int>(now.time_since_epoch().count() % 1000));
  return text.data();
}

class program {
 public:
  program(asio::io_context& context, const arguments& wanted)
      : context_(context),
        json_(wanted.json),
        server_(context, wanted.server,
                [this](const test_upstream::report& what) { print(test_upstream::format(what, json_)); }),
        day_(wanted.seed, wanted.shops, wanted.owner),
        day_timer_(context),
        day_step_(std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>(1 / wanted.rate))),
        signals_(context, SIGINT, SIGTERM),
        input_(context, ::dup(STDIN_FILENO)) {
    const auto port = std::to_string(server_.port());
    print(json_ ? "{\"what\":\"listening\",\"port\":" + port + "}" : "listening on http://127.0.0.1:" + port);
    signals_.async_wait([this](error_code error, int) {
      if (!error) context_.stop();
    });
    read_input();
    if (!wanted.script.empty()) play_day();
  }

 private:
  static void print(const std::string& line) { std::cout << line << std::endl; }

  void play_day() {
    day_timer_.expires_after(day_step_);
    day_timer_.async_wait([this](error_code error) {
      if (error) return;
      // Nobody listening: the day waits, so that a demo sees it from its beginning.
      if (server_.clients() > 0) {
        const auto next = day_.next(timestamp());
        emit({.event = next.event, .arguments = next.arguments}, next.rooms);
      }
      play_day();
    });
  }

  void emit(const test_upstream::outgoing& what, std::span<const std::string> rooms) {
    const auto receivers = server_.emit(what, rooms);
    print(test_upstream::format_emitted(what, receivers, json_));
  }

  // The end of the input ends nothing: the program may have been started without one.
  void read_input() {
    input_.async_read_some(asio::buffer(chunk_), [this](error_code error, std::size_t size) {
      if (error) return;
      lines_.append(chunk_.data(), size);
      for (auto end = lines_.find('\n'); end != std::string::npos; end = lines_.find('\n')) {
        run(lines_.substr(0, end));
        lines_.erase(0, end + 1);
      }
      read_input();
    });
  }

  void run(const std::string& line) {
    using kind = test_upstream::command::kind;
    const auto wanted = test_upstream::parse_command(line);
    if (!wanted) {
      std::cerr << "booking-server: cannot understand \"" << line << "\"\n" << test_upstream::console_help;
      return;
    }
    const test_upstream::outgoing event{
        .event = wanted->event, .arguments = wanted->text, .attachments = wanted->attachments};
    switch (wanted->what) {
      case kind::emit:
        return emit(event, wanted->rooms);
      case kind::ask:
        server_.emit_with_ack(event);
        return;
      case kind::raw:
        return server_.send_text(wanted->text);
      case kind::drop:
        return server_.drop_all();
      case kind::kick:
        return server_.kick_all();
      case kind::refuse:
        return server_.refuse(wanted->status);
      case kind::accept:
        return server_.refuse(std::nullopt);
      case kind::disturb:
        return server_.disturb(wanted->disturbance);
      case kind::stop:
        return context_.stop();
    }
  }

  asio::io_context& context_;
  bool json_;
  test_upstream::server server_;
  test_upstream::booking_day day_;
  timer day_timer_;
  steady::duration day_step_;
  asio::basic_signal_set<executor> signals_;
  asio::posix::basic_stream_descriptor<executor> input_;
  std::array<char, 4096> chunk_{};
  std::string lines_;
};

void declare(CLI::App& app, arguments& into) {
  app.add_option("--port", into.server.port,
                 "TCP port on 127.0.0.1; 0: a free one, which the first line printed names");
  app.add_option("--token", into.tokens,
                 "TOKEN=USER: a token that is accepted, and whose it is (default demo-token=42)");
  app.add_option("--namespace", into.namespaces, "a further Socket.IO namespace besides /");
  app.add_option("--ping-interval", into.ping_interval, "milliseconds between heartbeats")->check(CLI::PositiveNumber);
  app.add_option("--ping-timeout", into.ping_timeout, "milliseconds until one counts as missed")
      ->check(CLI::PositiveNumber);
  app.add_option("--connect-timeout", into.connect_timeout, "milliseconds until a client must have joined a namespace")
      ->check(CLI::PositiveNumber);
  app.add_flag("--echo", into.server.echo, "answer as the Socket.IO protocol's test suite wants, too");
  app.add_option("--script", into.script, "day: play a lively booking day")->check(CLI::IsMember({"day"}));
  app.add_option("--rate", into.rate, "events per second of the script")->check(CLI::Range(0.01, 10'000.0));
  app.add_option("--seed", into.seed, "which day");
  app.add_option("--shops", into.shops, "ids of the day's shops")->delimiter(',');
  app.add_flag("--json", into.json, "print JSON lines");
  app.footer(std::string{test_upstream::console_help});
}

// Fills in what CLI11 cannot; throws CLI::ValidationError.
void complete(arguments& given) {
  for (const auto& entry : given.tokens) {
    const auto split = entry.find('=');
    if (split == 0 || split == std::string::npos || split + 1 == entry.size()) {
      throw CLI::ValidationError("--token", "expected TOKEN=USER");
    }
    if (given.owner.empty()) given.owner = entry.substr(split + 1);
    given.server.tokens.emplace(entry.substr(0, split), entry.substr(split + 1));
  }
  given.server.namespaces.insert(given.namespaces.begin(), given.namespaces.end());
  given.server.session.ping_interval = milliseconds{given.ping_interval};
  given.server.session.ping_timeout = milliseconds{given.ping_timeout};
  given.server.session.connect_timeout = milliseconds{given.connect_timeout};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "A small booking backend that speaks Socket.IO 4 over WebSocket: for tests, the demo and benchmarks of "
      "roombridge."};
  arguments given;
  declare(app, given);
  try {
    app.parse(argc, argv);
    complete(given);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  try {
    asio::io_context context{1};
    const program running{context, given};
    context.run();
  } catch (const std::exception& error) {
    std::cerr << "booking-server: " << error.what() << '\n';
    return 1;
  }
}
