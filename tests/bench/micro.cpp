// SPDX-License-Identifier: MIT
// What one event costs in each step of its way through the daemon, without sockets.
//
// usage: bench_micro [Google Benchmark's options]
//        bench_micro --list            the build, and the steps' names
//        bench_micro --repeat NAME N   one step so often, for who counts instructions (tests/bench/instructions)
#include <benchmark/benchmark.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/json_check.hpp"
#include "daemon/events/parser.hpp"
#include "daemon/events/topic_template.hpp"
#include "daemon/log/cursor.hpp"
#include "daemon/log/event_log.hpp"
#include "daemon/log/retained_events.hpp"
#include "daemon/upstream/wire/socketio.hpp"
#include "daemon/upstream/wire/ws_decoder.hpp"

namespace {

using namespace roombridge;

constexpr std::string_view event_text =
    R"(["reservation_update",{"reservationId":"r-1234567","shopId":"s-42","status":"confirmed","userId":"u-77",)"
    R"("updateType":"confirmed","timestamp":1764000000000,"data":{"note":"a seat by the window, and coffee for two, please"}}])";
constexpr std::string_view topics[] = {"reservation-r-1234567", "shop-s-42", "user-u-77"};

events::profile booking() {
  events::profile profile;
  profile.rules = {{.name = "reservation_update",
                    .topics = {"reservation-{reservationId}", "shop-{shopId}", "user-{userId}"},
                    .required = {"reservationId", "status", "shopId", "userId", "updateType", "timestamp"},
                    .retain_key = {"reservationId"}}};
  return profile;
}

log::event booked(std::string_view retain_key = {}) {
  log::event what;
  what.time = 1'764'000'000'000'000;
  what.name = "reservation_update";
  what.topics = topics;
  what.arguments = event_text.substr(22, event_text.size() - 23);
  what.retain_key = retain_key;
  return what;
}

struct decode_frame {
  decode_frame() : bytes_(std::string{'\x81', 126, 0, 0} + "42") {
    bytes_ += event_text;
    bytes_[3] = static_cast<char>(bytes_.size() - 4);
    bytes_[2] = static_cast<char>((bytes_.size() - 4) >> 8);
    bytes_.reserve(bytes_.size() + 64);
  }
  void operator()() {
    decoder_.feed(bytes_);
    const auto message = decoder_.next();
    benchmark::DoNotOptimize(upstream::socketio::decode(message->data.substr(1)));
    benchmark::DoNotOptimize(decoder_.next());
  }

 private:
  upstream::ws_decoder decoder_{1u << 20};
  std::string bytes_;
};

struct check_grammar {
  void operator()() { benchmark::DoNotOptimize(check_json(event_text)); }
};

// Grammar, name, fields, topics and key.
struct parse_event {
  void operator()() { benchmark::DoNotOptimize(parser_.parse({padded_.data(), event_text.size()}, event_)); }

 private:
  events::parser parser_{booking()};
  const std::string padded_ = std::string(event_text) + std::string(64, '\0');
  events::parsed_event event_;
};

struct derive_topics {
  derive_topics() {
    const events::profile profile = booking();
    for (const auto& text : profile.rules.front().topics) {
      templates_.push_back(*events::topic_template::parse(text, fields_));
    }
  }
  void operator()() {
    for (const auto& each : templates_) benchmark::DoNotOptimize(each.render(values_, text_));
  }

 private:
  std::vector<std::string> fields_;
  std::vector<events::topic_template> templates_;
  std::vector<std::string_view> values_{"r-1234567", "s-42", "u-77"};
  std::string text_ = std::string(events::max_topic_size, '\0');
};

struct append_event {
  void operator()() { benchmark::DoNotOptimize(log_.append(booked())); }

 private:
  log::event_log log_{16u << 20, 1};
};

struct append_retained {
  append_retained() { log_.retained().configure({.keys = 100, .bytes = 1u << 20}); }
  void operator()() { benchmark::DoNotOptimize(log_.append(booked("18:reservation_update9:r-1234567"))); }

 private:
  log::event_log log_{16u << 20, 1};
};

// A subscriber that stands by itself, under access rules: the event wakes it, matches, and is sent.
class lonely_subscriber : log::cursor_owner {
 public:
  lonely_subscriber() {
    cursor_.subscribe({.id = 1, .events = {"reservation_update"}, .topics = {"reservation-r-1234567"}});
    cursor_.restrict_to(std::make_shared<const log::visibility>(std::vector<log::visibility::grant>{
        {.events = {"payment_update", "reservation_update"}, .topics = {"shop-42", "reservation-*"}}}));
  }
  void operator()() {
    log_.append(booked());
    log_.cursors().wake();
    batch_.clear();
    cursor_.collect(batch_, 256u << 10, allowed_);
    cursor_.sent(batch_, batch_.bytes());
  }

 private:
  void on_pending() override {}
  void on_loss() override {}
  void on_frame_leaves(std::span<const std::byte>) override {}

  log::event_log log_{16u << 20, 1};
  log::cursor cursor_{log_.cursors(), *this};
  log::batch batch_;
  log::work allowed_;
};

// A record and a subscription that looks at all of its topics in vain.
struct match_in_vain {
  match_in_vain() {
    const std::vector<log::matched_text> texts{std::begin(topics), std::end(topics)};
    (void)ring_.append(100, {.name = "reservation_update", .topics = texts});
  }
  void operator()() { benchmark::DoNotOptimize(wanted_.matches(ring_.read(first_))); }

 private:
  log::segment_ring ring_{4096, 2};
  log::position first_;
  log::subscription wanted_{.id = 1, .events = {"reservation_update"}, .topics = {"shop-s-43", "user-u-78"}};
};

template <class Step>
void measure(benchmark::State& state) {
  Step step;
  for (auto _ : state) step();
}

template <class Step>
void repeat(unsigned long times) {
  Step step;
  for (; times > 0; --times) step();
}

struct named_step {
  const char* name;
  void (*measure)(benchmark::State&);
  void (*repeat)(unsigned long);
};

template <class Step>
constexpr named_step named(const char* name) {
  return {name, measure<Step>, repeat<Step>};
}

constexpr named_step steps[] = {
    named<decode_frame>("decode_frame"),   named<check_grammar>("check_grammar"),
    named<parse_event>("parse_event"),     named<derive_topics>("derive_topics"),
    named<append_event>("append_event"),   named<append_retained>("append_retained"),
    named<match_in_vain>("match_in_vain"), named<lonely_subscriber>("append_match_send"),
};

int list() {
  std::puts(BENCH_BUILD);
  for (const auto& step : steps) std::puts(step.name);
  return 0;
}

int repeat_one(std::string_view name, std::string_view times) {
  unsigned long count = 0;
  std::from_chars(times.data(), times.data() + times.size(), count);
  for (const auto& step : steps) {
    if (step.name != name) continue;
    step.repeat(count);
    return 0;
  }
  std::fprintf(stderr, "bench_micro: there is no step %.*s\n", static_cast<int>(name.size()), name.data());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) return list();
  if (argc == 4 && std::strcmp(argv[1], "--repeat") == 0) return repeat_one(argv[2], argv[3]);
  for (const auto& step : steps) benchmark::RegisterBenchmark(step.name, step.measure);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
