// SPDX-License-Identifier: MIT
// Drives one measured program from both ends: it is its source of events and all of its subscribers, in one thread.
// Prints the port that the program is to connect to (0: the load connects), waits for that ("connected"), reads "PID"
// from standard input, measures, and prints one JSON object.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/pacing.hpp"
#include "tests/bench/process.hpp"
#include "tests/bench/saturation.hpp"
#include "tests/bench/source.hpp"
#include "tests/bench/subscribers.hpp"

namespace {

namespace asio = boost::asio;

struct settings {
  std::string program = "daemon";
  std::string mode = "saturate";  // or pace, idle
  bench::subscriber_options local;
  bench::saturation_options saturation;
  std::size_t payload = 256;
  std::size_t warm_up = 0;  // saturate: events
  std::size_t events = 0;   // saturate: how many; 0: as many as come in `seconds`
  double seconds = 3;
  double rate = 2000;
};

void run_until(asio::io_context& context, const auto& condition) {
  while (!condition()) context.run_one();
}

void run_for(asio::io_context& context, double seconds) {
  context.run_for(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)));
}

std::uint64_t elapsed_ns(std::uint64_t begin) {
  return bench::now_ns() - begin;
}

void saturate(asio::io_context& context, const settings& config, pid_t pid, bench::saturation& load) {
  const auto length = static_cast<std::uint64_t>(config.seconds * 1e9);
  load.start();
  const std::uint64_t warming = bench::now_ns();
  run_until(context, [&] { return load.events() >= config.warm_up && elapsed_ns(warming) >= length / 4; });
  const std::uint64_t memory = bench::anonymous_kib(pid);
  const std::uint64_t cpu = bench::cpu_nanoseconds(pid);
  const std::uint64_t deliveries = load.deliveries();
  const std::uint64_t events = load.events();
  const std::uint64_t begin = bench::now_ns();
  run_until(context,
            [&] { return config.events == 0 ? elapsed_ns(begin) >= length : load.events() - events >= config.events; });
  const auto count = static_cast<double>(load.deliveries() - deliveries);
  const auto spent = static_cast<double>(bench::cpu_nanoseconds(pid) - cpu);
  const auto elapsed = static_cast<double>(elapsed_ns(begin));
  load.stop();
  // Only the daemon is asked whether all that was sent has come: others have megabytes for each subscriber by now.
  if (config.program == "daemon") run_until(context, [&] { return load.drained(); });
  std::printf(
      R"({"deliveries_per_second":%.0f,"cpu_ns_per_delivery":%.1f,"cpu_share":%.3f,"rss_anon_kib_before":%)" PRIu64
      R"(,"rss_anon_kib":%)" PRIu64 "}\n",
      count / elapsed * 1e9, spent / count, spent / elapsed, memory, bench::anonymous_kib(pid));
}

void pace(asio::io_context& context, const settings& config, pid_t pid, bench::pacing& load) {
  load.start();
  run_for(context, 0.5);
  load.measure();
  const std::uint64_t cpu = bench::cpu_nanoseconds(pid);
  run_for(context, config.seconds);
  const auto spent = static_cast<double>(bench::cpu_nanoseconds(pid) - cpu);
  auto& sorted = load.latencies();
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty()) sorted.push_back(0);
  const auto at = [&](double share) {
    return static_cast<double>(sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))]) / 1000;
  };
  std::printf(R"({"deliveries_per_second":%.0f,"cpu_ns_per_delivery":%.1f,"p50_us":%.1f,"p99_us":%.1f,"max_us":%.1f})"
              "\n",
              static_cast<double>(sorted.size()) / config.seconds, spent / static_cast<double>(sorted.size()), at(0.5),
              at(0.99), at(1));
}

std::unique_ptr<bench::source> make_source(asio::io_context& context, const settings& config, const bench::wire& as) {
  if (config.program == "daemon" || config.program == "node") return bench::make_socketio_source(context);
  if (config.program == "copier") return bench::make_raw_source(context);
  return bench::make_publisher(context, config.local.socket, config.local.port, as.greeting());
}

int run(settings& config) {
  asio::io_context context{1};
  const auto work = asio::make_work_guard(context);
  const auto wire = bench::make_wire(config.program);
  const auto source = make_source(context, config, *wire);
  std::printf("%u\n", source->port());
  std::fflush(stdout);
  run_until(context, [&] { return source->connected(); });
  std::printf("connected\n");
  std::fflush(stdout);
  pid_t pid = 0;
  if (std::scanf("%d", &pid) != 1) return 2;

  config.saturation.subscribers = config.local.count;
  config.saturation.stopped = config.local.stopped;
  config.saturation.own = config.local.own;
  config.local.wait_ready = config.program != "copier";
  bench::event_pool events(*wire, config.payload, config.local.own ? config.local.count : 0);
  bench::saturation load(*source, events, config.saturation);
  const double expected =
      config.rate * (config.seconds + 1) * static_cast<double>(config.local.own ? 1 : config.local.count);
  bench::pacing paced(context, *source, events, config.rate, static_cast<std::size_t>(expected));
  const bool saturates = config.mode == "saturate";
  const std::uint64_t before = bench::anonymous_kib(pid);
  bench::subscribers all(context, *wire, config.local, [&](std::size_t subscriber, const char* stamp) {
    saturates ? load.on_event(subscriber) : paced.on_event(stamp);
  });
  run_until(context, [&] { return all.ready() == config.local.count; });
  if (saturates) {
    saturate(context, config, pid, load);
  } else if (config.mode == "pace") {
    pace(context, config, pid, paced);
  } else {
    std::printf(R"({"rss_anon_kib_before":%)" PRIu64 R"(,"rss_anon_kib":%)" PRIu64 "}\n", before,
                bench::anonymous_kib(pid));
  }
  std::fflush(stdout);
  std::_Exit(0);  // ten thousand sockets take the kernel long enough to close
}

}  // namespace

int main(int argc, char** argv) {
  settings config;
  CLI::App app{"Benchmark load: the source of events and the subscribers of one measured program."};
  app.add_option("--program", config.program)
      ->check(CLI::IsMember({"daemon", "copier", "node", "mosquitto", "redis", "nats"}));
  app.add_option("--mode", config.mode)->check(CLI::IsMember({"saturate", "pace", "idle"}));
  app.add_option("--socket", config.local.socket, "the program's Unix socket");
  app.add_option("--port", config.local.port, "or its TCP port");
  app.add_option("--subscribers", config.local.count);
  app.add_option("--stopped", config.local.stopped, "so many of them stop to read");
  app.add_flag("--own", config.local.own, "each for a reservation of its own, and each event for one of them");
  app.add_option("--uid", config.local.uid, "whose connections they are");
  app.add_option("--payload", config.payload, "bytes of an event's arguments");
  app.add_option("--seconds", config.seconds);
  app.add_option("--rate", config.rate, "pace: events per second");
  app.add_option("--write", config.saturation.write,
                 "saturate: bytes of events written at a time; 1: each event by itself");
  app.add_option("--window", config.saturation.window, "saturate: bytes on their way");
  app.add_option("--warm-up", config.warm_up, "saturate: events before what is measured");
  app.add_option("--events", config.events, "saturate: measure so many instead of for some time");
  CLI11_PARSE(app, argc, argv);
  return run(config);
}
