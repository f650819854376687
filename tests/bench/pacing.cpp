// SPDX-License-Identifier: MIT
#include "tests/bench/pacing.hpp"

#include <cstdlib>
#include <span>
#include <string>

namespace bench {

using clock_type = std::chrono::steady_clock;

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(clock_type::now().time_since_epoch()).count());
}

pacing::pacing(boost::asio::io_context& context, source& from, event_pool& events, double rate, std::size_t expected)
    : source_(from), pool_(events), timer_(context), interval_(static_cast<std::int64_t>(1e9 / rate)) {
  latencies_.reserve(expected);
}

void pacing::start() {
  next_ = clock_type::now();
  tick();
}

void pacing::on_event(const char* stamp) {
  latencies_.push_back(now_ns() - std::strtoull(std::string(stamp, stamp_size).c_str(), nullptr, 10));
}

void pacing::tick() {
  std::string& event = pool_.next();
  pool_.stamp(event, now_ns());
  source_.send(std::as_bytes(std::span(event)), [this] {
    next_ += interval_;
    timer_.expires_at(next_);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) tick();
    });
  });
}

}  // namespace bench
