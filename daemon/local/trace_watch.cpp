// SPDX-License-Identifier: MIT
#include "daemon/local/trace_watch.hpp"

#include <string>

#include <roombridge/proto/messages.hpp>

namespace roombridge::local {

void trace_watch::show(std::string_view frame, std::int64_t time) {
  std::string told;
  if (untold_ != 0) {
    proto::trace loss;
    loss.time = time;
    loss.missed = untold_;
    told = proto::encode(loss);
  }
  if (who_.show(told.append(frame))) {
    untold_ = 0;
    ++shown_.lines;
  } else {
    ++untold_;
    ++shown_.missed;
  }
}

void trace_watch::on_deadline() {
  const auto over = std::move(over_);
  over(shown_);
}

}  // namespace roombridge::local
