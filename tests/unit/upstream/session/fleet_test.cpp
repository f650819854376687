// SPDX-License-Identifier: MIT
// A thousand daemons lose one server at the same moment. On simulated time: when do they try, and when are they back?
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using test::harness;
using test::plain_options;

constexpr int fleet_size = 1000;
constexpr auto outage = 30s;
constexpr auto bin = 250ms;

// How many of `times` fall into each bin since the loss.
std::vector<int> histogram(const std::vector<milliseconds>& times) {
  std::vector<int> bins;
  for (const milliseconds time : times) {
    const auto index = static_cast<std::size_t>(time / bin);
    if (bins.size() <= index) bins.resize(index + 1);
    ++bins[index];
  }
  return bins;
}

void print(const char* title, const std::vector<int>& bins) {
  std::printf("%s, in steps of %d ms:\n", title, static_cast<int>(milliseconds(bin).count()));
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (bins[i] == 0) continue;
    const double from = static_cast<double>(i) * std::chrono::duration<double>(bin).count();
    std::printf("%6.2f s %5d %s\n", from, bins[i], std::string(static_cast<std::size_t>(bins[i] + 4) / 5, '#').c_str());
  }
}

// How long after the server's return; it must not be empty.
void print_returns(std::vector<milliseconds> times) {
  std::sort(times.begin(), times.end());
  const auto ms = [](milliseconds time) { return static_cast<int>((time - milliseconds(outage)).count()); };
  std::printf("from the server's return to authenticated: median %d ms, 99 of 100 within %d ms, worst %d ms\n",
              ms(times[times.size() / 2]), ms(times[times.size() * 99 / 100]), ms(times.back()));
}

int most(const std::vector<int>& bins, std::chrono::seconds from, std::chrono::seconds until) {
  const auto first = bins.begin() + std::min<long>(from / bin, static_cast<long>(bins.size()));
  const auto last = bins.begin() + std::min<long>(until / bin, static_cast<long>(bins.size()));
  return first == last ? 0 : *std::max_element(first, last);
}

class fleet : public testing::Test {
 protected:
  // One daemon's outage; `seed` is its own.
  void lose(std::uint64_t seed) {
    harness one(plain_options(), seed);
    one.start();
    one.advance(11s);  // quiet: the delays begin anew
    const auto lost = one.now;
    one.reachable = false;
    one.lose(cause::server_closed);
    for (int seen = one.connections; one.status().state != state::authenticated;) {
      one.reachable = one.now + milliseconds(1) > lost + outage;
      const auto next = one.machine.next_deadline();
      if (next && *next >= lost + outage) one.reachable = true;
      ASSERT_TRUE(one.advance_to_deadline());
      const auto since = std::chrono::duration_cast<milliseconds>(one.now - lost);
      ASSERT_LT(since, outage + 10s);
      if (std::exchange(seen, one.connections) != one.connections) attempts.push_back(since);
    }
    back.push_back(std::chrono::duration_cast<milliseconds>(one.now - lost));
  }

  std::vector<milliseconds> attempts;
  std::vector<milliseconds> back;
};

TEST_F(fleet, does_not_come_back_in_step) {
  constexpr std::uint64_t seed = 20261;
  std::printf("seed %d\n", static_cast<int>(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < fleet_size; ++i) lose(random());
  ASSERT_EQ(back.size(), static_cast<std::size_t>(fleet_size));
  const auto tries = histogram(attempts);
  const auto returns = histogram(back);
  print("attempts since the loss", tries);
  print("authenticated again", returns);
  print_returns(back);
  // The first delay alone spreads them over half a second: two bins. From then on each attempt spreads them further.
  EXPECT_LE(most(tries, 0s, 1s), fleet_size * 6 / 10);
  EXPECT_LE(most(tries, 3s, 10s), fleet_size / 5);
  // At the cap of 5 s a delay is 2.5 to 5 s, on average 15 bins long: a fleet spread evenly has 67 attempts in each.
  EXPECT_LE(most(tries, 15s, 30s), 110);
  EXPECT_LE(most(returns, 30s, 40s), 110);
  EXPECT_LE(*std::max_element(back.begin(), back.end()), outage + 5s) << "nobody waits longer than the longest delay";
}

}  // namespace
}  // namespace roombridge::upstream
