// SPDX-License-Identifier: MIT
// What one event costs in each step of its way through the daemon, without sockets.
#include <benchmark/benchmark.h>

#include <string>

#include "daemon/events/json_check.hpp"
#include "daemon/events/parser.hpp"
#include "daemon/log/event_log.hpp"

namespace {

using namespace roombridge;

constexpr std::string_view event_text =
    R"(["reservation_update",{"reservationId":"r-1234567","shopId":"s-42","status":"confirmed","userId":"u-77",)"
    R"("updateType":"confirmed","timestamp":1764000000000,"data":{"note":"a seat by the window, and coffee for two, please"}}])";

events::profile booking() {
  events::profile profile;
  profile.rules = {{"reservation_update",
                    {"reservation-{reservationId}", "shop-{shopId}", "user-{userId}"},
                    {"reservationId", "status", "shopId", "userId", "updateType", "timestamp"}}};
  return profile;
}

void check_grammar(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(events::check_json(event_text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(event_text.size()));
}
BENCHMARK(check_grammar);

void parse_event(benchmark::State& state) {
  events::parser parser(booking());
  const std::string padded = std::string(event_text) + std::string(64, '\0');
  events::parsed_event event;
  for (auto _ : state) benchmark::DoNotOptimize(parser.parse({padded.data(), event_text.size()}, event));
}
BENCHMARK(parse_event);

void append_event(benchmark::State& state) {
  log::event_log log(16u << 20, 1);
  const std::string_view topics[] = {"reservation-r-1234567", "shop-s-42", "user-u-77"};
  for (auto _ : state) {
    benchmark::DoNotOptimize(log.append({.time = 1'764'000'000'000'000,
                                         .name = "reservation_update",
                                         .topics = topics,
                                         .arguments = event_text.substr(22, event_text.size() - 23),
                                         .attachments = {}}));
  }
}
BENCHMARK(append_event);

}  // namespace

BENCHMARK_MAIN();
