// SPDX-License-Identifier: MIT
#include "tests/bench/saturation.hpp"

#include <algorithm>

namespace bench {

saturation::saturation(source& from, event_pool& events, const saturation_options& options)
    : source_(from),
      pool_(events),
      options_(options),
      batch_size_(std::max<std::size_t>(1, options.write / events.event_size())),
      most_on_the_way_(std::max<std::size_t>(2, options.window / (batch_size_ * events.event_size()))),
      received_(options.own ? 1 : options.subscribers) {}

void saturation::on_event(std::size_t subscriber) {
  ++deliveries_;
  const std::size_t counter = options_.own ? 0 : subscriber;
  if (++received_[counter] % batch_size_ != 0 || subscriber < options_.stopped) return;
  const std::size_t awaited = options_.own ? 1 : options_.subscribers - options_.stopped;
  const std::size_t index = received_[counter] / batch_size_ - 1 - through_;
  if (++on_the_way_[index].complete != awaited || index != 0) return;
  while (!on_the_way_.empty() && on_the_way_.front().complete == awaited) {
    on_the_way_.pop_front();
    ++through_;
  }
  if (!sending_) send();
}

void saturation::send() {
  if (stopped_ || on_the_way_.size() >= most_on_the_way_) return;
  sending_ = true;
  batch& next = on_the_way_.emplace_back();
  for (std::size_t i = 0; i < batch_size_; ++i) next.bytes += pool_.next();
  source_.send(std::as_bytes(std::span(next.bytes)), [this] {
    sending_ = false;
    send();
  });
}

}  // namespace bench
