// SPDX-License-Identifier: MIT
// A hub over a log that is smaller than its disk.
#pragma once

#include "support.hpp"
#include "tests/unit/log/fake_history.hpp"

namespace roombridge::local {

using strings = std::vector<std::string>;

// A log with room for some twenty events, and a disk that has all of them.
class replays : public hub_test {
 protected:
  static constexpr log::geometry small{.segment_bytes = 1024, .segments = 3, .max_body = 400};
  static constexpr int socket_buffer = 4096;

  void SetUp() override {
    make(small);
    disk_.emplace(*events_);
  }
  void TearDown() override {
    hub_.reset();
    disk_.reset();
  }

  static proto::subscribe since(log::sequence seq, std::vector<std::string> events = {"a"}) {
    return {.id = 1,
            .events = std::move(events),
            .topics = {},
            .since = proto::log_position{proto::epoch_text(epoch), seq},
            .snapshot = false,
            .more = false};
  }
  void append_many(int count) {
    for (int i = 0; i < count; ++i) append(i % 2 == 0 ? "a" : "b");
    hub_->flush();
  }
  // A client whose replay has begun; `resumed`: whether it was told that nothing is missing.
  test_client back(const proto::subscribe& request, bool resumed = true, int buffer = 0) {
    auto client = welcomed(buffer);
    client.send_message(request);
    run();
    const auto result = client.expect<proto::result>();
    EXPECT_TRUE(result.resumption && result.resumption->complete == resumed);
    return client;
  }
  void answer_all() {
    for (run(); disk_->requests() > 0; run()) disk_->answer();
  }
  // "7" an event, "7r" a retained one, "live 7", "gap 3-5 reason".
  static strings rest(test_client& client) {
    strings out;
    while (const auto frame = client.next()) {
      if (frame->type == proto::frame_type::event) {
        const auto event = *proto::parse<proto::event>(frame->head);
        out.push_back(std::to_string(event.seq) + (event.retained ? "r" : ""));
      } else if (frame->type == proto::frame_type::live) {
        out.push_back("live " + std::to_string(proto::parse<proto::live>(frame->head)->seq));
      } else if (frame->type == proto::frame_type::gap) {
        const auto gap = *proto::parse<proto::gap>(frame->head);
        out.push_back("gap " + std::to_string(gap.first) + "-" + std::to_string(gap.last) + " " + gap.reason);
      } else {
        out.emplace_back(proto::to_string(frame->type));
      }
    }
    return out;
  }
  // The odd numbers, which are those of "a".
  static strings odd(log::sequence first, log::sequence last) {
    strings out;
    for (; first <= last; ++first) {
      if (first % 2 == 1) out.push_back(std::to_string(first));
    }
    return out;
  }
  static strings joined(strings first, const strings& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }

  std::optional<log::fake_history> disk_;
};

}  // namespace roombridge::local
