// SPDX-License-Identifier: MIT
// Drives one measured program from both ends: it is its upstream and all of its subscribers, in one thread. Prints the
// upstream's port, waits until the program has connected ("connected"), reads "PID" from standard input, measures, and
// prints one JSON object.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include "tests/bench/process.hpp"
#include "tests/bench/source.hpp"
#include "tests/bench/subscribers.hpp"

namespace {

namespace asio = boost::asio;
using clock_type = std::chrono::steady_clock;

struct settings {
  std::string target = "daemon";  // or copier
  std::string mode = "saturate";  // or pace, idle
  std::string socket;
  std::size_t subscribers = 1;
  std::size_t payload = 256;
  double seconds = 3;
  double rate = 2000;
  std::size_t write = 64u << 10;  // saturate: bytes of events that the upstream writes at a time
  std::size_t window = 1u << 20;  // saturate: bytes that may be on their way to the slowest subscriber
};

constexpr std::uint64_t warm_up_events = 70'000;  // through a log of the default size once

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(clock_type::now().time_since_epoch()).count());
}

void run_until(asio::io_context& context, const auto& condition) {
  while (!condition()) context.run_one();
}

// Batches of events, as many on their way as the window allows; a batch is through when every subscriber has all of it.
class saturation {
 public:
  saturation(bench::source& source, const settings& config)
      : source_(source), subscribers_(config.subscribers), received_(config.subscribers) {
    const std::string frame = bench::event_frame(config.payload, 0);
    batch_size_ = std::max<std::size_t>(1, config.write / frame.size());
    for (std::size_t i = 0; i < batch_size_; ++i) batch_ += frame;
    most_on_the_way_ = std::max<std::size_t>(2, config.window / batch_.size());
  }

  void start() { send(); }
  void stop() { stopped_ = true; }

  void on_event(std::size_t subscriber) {
    ++deliveries_;
    if (++received_[subscriber] % batch_size_ != 0) return;
    const std::size_t batch = received_[subscriber] / batch_size_ - 1 - through_;
    if (++complete_[batch] != subscribers_ || batch != 0) return;
    while (!complete_.empty() && complete_.front() == subscribers_) {
      complete_.pop_front();
      ++through_;
    }
    if (!sending_) send();
  }

  std::uint64_t deliveries() const { return deliveries_; }
  std::uint64_t events() const { return through_ * batch_size_; }
  bool drained() const { return stopped_ && complete_.empty() && !sending_; }

 private:
  void send() {
    if (stopped_ || complete_.size() >= most_on_the_way_) return;
    sending_ = true;
    complete_.push_back(0);
    source_.send(std::as_bytes(std::span(batch_)), [this] {
      sending_ = false;
      send();
    });
  }

  bench::source& source_;
  std::size_t subscribers_;
  std::string batch_;
  std::size_t batch_size_ = 0;
  std::size_t most_on_the_way_ = 0;
  std::vector<std::uint64_t> received_;
  std::deque<std::size_t> complete_;  // of the batches on their way: how many subscribers have all of it
  std::uint64_t through_ = 0;
  std::uint64_t deliveries_ = 0;
  bool sending_ = false;
  bool stopped_ = false;
};

void saturate(asio::io_context& context, const settings& config, pid_t pid, saturation& load) {
  load.start();
  run_until(context, [&] { return load.events() >= warm_up_events; });
  const std::uint64_t cpu = bench::cpu_nanoseconds(pid);
  const std::uint64_t deliveries = load.deliveries();
  const std::uint64_t begin = now_ns();
  const auto length = static_cast<std::uint64_t>(config.seconds * 1e9);
  run_until(context, [&] { return now_ns() - begin >= length; });
  const auto count = static_cast<double>(load.deliveries() - deliveries);
  const auto spent = static_cast<double>(bench::cpu_nanoseconds(pid) - cpu);
  const auto elapsed = static_cast<double>(now_ns() - begin);
  load.stop();
  run_until(context, [&] { return load.drained(); });
  std::printf(R"({"deliveries_per_second":%.0f,"cpu_ns_per_delivery":%.1f,"cpu_share":%.3f,"rss_anon_kib":%)" PRIu64
              "}\n",
              count / elapsed * 1e9, spent / count, spent / elapsed, bench::anonymous_kib(pid));
}

// One event each 1/rate s, stamped when it is written; latency is from there to a subscriber's read.
class pacing {
 public:
  pacing(asio::io_context& context, bench::source& source, const settings& config)
      : source_(source),
        timer_(context),
        interval_(static_cast<std::int64_t>(1e9 / config.rate)),
        frame_(bench::event_frame(config.payload, 0)) {
    latencies_.reserve(static_cast<std::size_t>(config.rate * (config.seconds + 1)) * config.subscribers);
  }

  void start() {
    next_ = clock_type::now();
    tick();
  }

  void measure() { latencies_.clear(); }

  void on_event(const char* stamp) {
    latencies_.push_back(now_ns() - std::strtoull(std::string(stamp, bench::stamp_size).c_str(), nullptr, 10));
  }

  std::vector<std::uint64_t>& latencies() { return latencies_; }

 private:
  void tick() {
    char stamp[bench::stamp_size + 1];
    std::snprintf(stamp, sizeof stamp, "%020" PRIu64, now_ns());
    frame_.replace(bench::stamp_position(frame_), bench::stamp_size, stamp);
    source_.send(std::as_bytes(std::span(frame_)), [this] {
      next_ += interval_;
      timer_.expires_at(next_);
      timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
      });
    });
  }

  bench::source& source_;
  asio::steady_timer timer_;
  std::chrono::nanoseconds interval_;
  std::string frame_;
  clock_type::time_point next_;
  std::vector<std::uint64_t> latencies_;
};

void pace(asio::io_context& context, const settings& config, pid_t pid, pacing& load) {
  load.start();
  context.run_for(std::chrono::milliseconds(500));
  load.measure();
  const std::uint64_t cpu = bench::cpu_nanoseconds(pid);
  context.run_for(std::chrono::nanoseconds(static_cast<std::int64_t>(config.seconds * 1e9)));
  const auto spent = static_cast<double>(bench::cpu_nanoseconds(pid) - cpu);
  auto& sorted = load.latencies();
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) {
    return static_cast<double>(sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))]) / 1000;
  };
  std::printf(R"({"deliveries":%zu,"cpu_ns_per_delivery":%.1f,"p50_us":%.1f,"p99_us":%.1f,"max_us":%.1f})"
              "\n",
              sorted.size(), spent / static_cast<double>(sorted.size()), at(0.5), at(0.99), at(1));
}

int run(const settings& config) {
  asio::io_context context{1};
  const auto work = asio::make_work_guard(context);
  const bool frames = config.target == "daemon";
  const auto source = frames ? bench::make_socketio_source(context) : bench::make_raw_source(context);
  std::printf("%u\n", source->port());
  std::fflush(stdout);
  run_until(context, [&] { return source->connected(); });
  std::printf("connected\n");
  std::fflush(stdout);
  pid_t pid = 0;
  if (std::scanf("%d", &pid) != 1) return 2;

  const std::string frame = bench::event_frame(config.payload, 0);
  saturation load(*source, config);
  pacing paced(context, *source, config);
  const bool saturates = config.mode == "saturate";
  const std::uint64_t before = bench::anonymous_kib(pid);
  bench::subscribers all(context,
                         {.kind = frames ? bench::wire::frames : bench::wire::raw,
                          .socket = config.socket,
                          .count = config.subscribers,
                          .raw_frame_size = frame.size(),
                          .raw_stamp_position = bench::stamp_position(frame)},
                         [&](std::size_t subscriber, const char* stamp) {
                           saturates ? load.on_event(subscriber) : paced.on_event(stamp);
                         });
  run_until(context, [&] { return all.ready() == config.subscribers; });
  if (saturates) {
    saturate(context, config, pid, load);
  } else if (config.mode == "pace") {
    pace(context, config, pid, paced);
  } else {
    std::printf(R"({"rss_anon_kib_before":%)" PRIu64 R"(,"rss_anon_kib":%)" PRIu64 "}\n", before,
                bench::anonymous_kib(pid));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  settings config;
  CLI::App app{"Benchmark load: the upstream and the subscribers of one measured program."};
  app.add_option("--target", config.target)->check(CLI::IsMember({"daemon", "copier"}));
  app.add_option("--mode", config.mode)->check(CLI::IsMember({"saturate", "pace", "idle"}));
  app.add_option("--socket", config.socket)->required();
  app.add_option("--subscribers", config.subscribers);
  app.add_option("--payload", config.payload, "bytes of an event's arguments");
  app.add_option("--seconds", config.seconds);
  app.add_option("--rate", config.rate, "pace: events per second");
  app.add_option("--write", config.write, "saturate: bytes of events written at a time; 1: each event by itself");
  app.add_option("--window", config.window, "saturate: bytes on their way");
  CLI11_PARSE(app, argc, argv);
  return run(config);
}
