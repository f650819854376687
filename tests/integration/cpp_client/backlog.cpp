// SPDX-License-Identifier: MIT
// A careful program far behind: it acknowledges every event, and asks for something at every tenth.
//
// usage: backlog SOCKET COUNT, with numbered events `n` in the daemon's log. Prints the number of the last one that
// came in order, how many messages were gaps, and the most memory in KiB that it ever had.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include <roombridge/client.hpp>

namespace {

int fail(const std::string& why) {
  std::cerr << why << '\n';
  return EXIT_FAILURE;
}

// Of this program alone; what getrusage() tells is of the process before it, too.
std::string most_memory() {
  std::ifstream status{"/proc/self/status"};
  std::string word;
  while (status >> word) {
    if (word == "VmHWM:" && status >> word) return word;
  }
  return "?";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fail("usage: backlog SOCKET COUNT");
  const std::uint64_t count = std::stoull(argv[2]);
  roombridge::client bridge{{.socket = argv[1], .subscriber = "backlog", .inbox_limit = std::size_t{1} << 20}};
  if (const auto failed = bridge.connect()) return fail(failed->text);
  const roombridge::log_position begin{bridge.daemon().epoch, 0};
  if (const auto made = bridge.subscribe({.events = {"n"}}, {.since = begin}); !made) return fail(made.error().text);
  std::uint64_t last = 0;
  std::uint64_t gaps = 0;
  while (last < count) {
    const auto message = bridge.next();
    if (!message) return fail(bridge.last_end().text);
    if (std::holds_alternative<roombridge::gap>(*message)) ++gaps;
    if (const auto* end = std::get_if<roombridge::closed>(&*message)) return fail(end->why.text);
    const auto* event = std::get_if<roombridge::event>(&*message);
    if (event == nullptr) continue;
    if (!event->arguments.starts_with("[{\"n\":" + std::to_string(last + 1) + ',')) return fail(event->arguments);
    ++last;
    if (const auto failed = bridge.ack()) return fail(failed->text);
    if (last % 10 != 0) continue;
    if (const auto got = bridge.call("rooms"); !got) return fail(got.error().text);
  }
  if (const auto kept = bridge.ack_wait(); !kept) return fail(kept.error().text);
  std::cout << last << ' ' << gaps << ' ' << most_memory() << '\n';
}
