// SPDX-License-Identifier: MIT
// SUBSCRIBE with `slow: latest`: of each key the newest event, whatever the client misses.
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "support.hpp"

namespace roombridge::local {
namespace {

using strings = std::vector<std::string>;

class latest : public hub_test {
 protected:
  static constexpr log::geometry small{.segment_bytes = 16u << 10, .segments = 3, .max_body = 4000};

  void SetUp() override {
    make(small);
    events_->retained().configure({.keys = 1000, .bytes = 1u << 20});
  }

  // Its socket takes about two kilobytes.
  test_client stalled(proto::slow_policy policy = proto::slow_policy::latest) {
    auto client = welcomed(2048);
    proto::subscribe request;
    request.id = 1;
    request.events = {"a"};
    request.slow = policy;
    client.send_message(request);
    run();
    EXPECT_FALSE(client.expect<proto::result>().error);
    client.expect<proto::live>();
    return client;
  }
  log::sequence append_key(std::string_view key, std::size_t size = 1000) {
    return events_->append({.name = "a", .arguments = std::string(size, '1'), .retain_key = key});
  }
  // Appends what nobody asked for until the log has given up everything up to `seq`.
  void push_out(log::sequence seq) {
    while (events_->first() <= seq) append("noise");
    hub_->flush();
  }
  // "7" an event, "7r" a retained one, "gap 3-5 2 slow".
  static std::string tell(const received& frame) {
    if (frame.type == proto::frame_type::event) {
      const auto event = *proto::parse<proto::event>(frame.head);
      return std::to_string(event.seq) + (event.retained ? "r" : "");
    }
    if (frame.type != proto::frame_type::gap) return std::string{proto::to_string(frame.type)};
    const auto gap = *proto::parse<proto::gap>(frame.head);
    return "gap " + std::to_string(gap.first) + "-" + std::to_string(gap.last) + " " +
           std::to_string(gap.count.value_or(0)) + " " + gap.reason;
  }
  strings drain(test_client& client) {
    do run();
    while (client.read());
    strings out;
    while (const auto frame = client.next()) out.push_back(tell(*frame));
    return out;
  }
  // Takes up what the socket has room for, so that the rest waits in the log: the number of events.
  log::sequence fill() {
    for (int i = 0; i < 8; ++i) append_key("filler " + std::to_string(i));
    hub_->flush();
    return events_->newest();
  }
};

TEST_F(latest, passes_over_what_is_superseded_before_its_turn) {
  auto client = stalled();
  auto whole = stalled(proto::slow_policy::gap);
  const auto filled = fill();
  for (const std::string_view key : {"k", "l", "k", "", "k"}) append_key(key);
  hub_->flush();
  const auto got = drain(client);
  const auto all = drain(whole);
  const strings expected{std::to_string(filled + 2), std::to_string(filled + 4), std::to_string(filled + 5)};
  ASSERT_GE(got.size(), 3u);
  EXPECT_EQ(strings(got.end() - 3, got.end()), expected);
  EXPECT_EQ(all.size(), filled + 5);
  EXPECT_EQ(got.size(), filled + 3);
  EXPECT_EQ(hub_->counters().lost, 0u);
}

TEST_F(latest, gets_from_what_is_retained_what_the_log_has_given_up) {
  auto client = stalled();
  const auto filled = fill();
  for (const std::string_view key : {"k", "", "l", "k", "m"}) append_key(key);
  hub_->flush();
  const auto last = events_->newest();
  push_out(last);
  const auto newer = append_key("l");
  hub_->flush();
  const auto got = drain(client);
  const auto gap = std::find_if(got.begin(), got.end(), [](const auto& each) { return each.starts_with("gap"); });
  ASSERT_NE(gap, got.end());
  const auto delivered = static_cast<log::sequence>(gap - got.begin());
  strings expected{"gap " + std::to_string(delivered + 1) + "-" + std::to_string(last) + " " +
                   std::to_string(last - delivered - 1) + " slow"};  // all of them, less the first of the two k
  for (auto seq = delivered + 1; seq <= filled; ++seq) expected.push_back(std::to_string(seq) + "r");
  expected.push_back(std::to_string(filled + 4) + "r");  // k
  expected.push_back(std::to_string(filled + 5) + "r");  // m; l has a newer one
  expected.push_back(std::to_string(newer));
  EXPECT_EQ(strings(gap, got.end()), expected);
}

TEST_F(latest, without_anything_retained_is_as_gap) {
  events_->retained().configure({.keys = 0, .bytes = 0});
  auto client = stalled();
  for (int i = 0; i < 12; ++i) append_key("k");
  hub_->flush();
  EXPECT_EQ(drain(client).size(), 12u);
}

// ---- against a model

class random_latest : public latest {
 protected:
  struct happened {
    std::string key;
    bool told = false;  // delivered, or in a GAP
  };

  void see(const received& frame) {
    if (frame.type == proto::frame_type::gap) {
      const auto gap = *proto::parse<proto::gap>(frame.head);
      EXPECT_GT(gap.first, position_);
      std::uint64_t most = 0;
      std::uint64_t least = 0;  // those without a key are passed over by none
      for (auto each = all_.lower_bound(gap.first); each != all_.end() && each->first <= gap.last; ++each) {
        EXPECT_FALSE(each->second.told);
        each->second.told = true;
        ++most;
        least += each->second.key.empty() ? 1 : 0;
      }
      EXPECT_LE(gap.count.value_or(0), most);
      EXPECT_GE(gap.count.value_or(0), least);
      position_ = gap.last;
      gap_ = {gap.first, gap.last};
      retained_ = 0;
      return;
    }
    ASSERT_EQ(frame.type, proto::frame_type::event) << proto::to_string(frame.type);
    const auto event = *proto::parse<proto::event>(frame.head);
    auto& what = all_.at(event.seq);
    if (event.retained) {
      EXPECT_TRUE(event.seq >= gap_.first && event.seq <= gap_.second && event.seq > retained_) << event.seq;
      retained_ = event.seq;
    } else {
      EXPECT_GT(event.seq, position_);
      EXPECT_FALSE(std::exchange(what.told, true));
      position_ = event.seq;
    }
    if (!what.key.empty()) newest_[what.key] = std::max(newest_[what.key], event.seq);
  }
  void read(test_client& client) {
    run();
    while (const auto frame = client.next()) see(*frame);
  }

  void try_out(std::uint32_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random{seed};
    auto client = stalled();
    std::map<std::string, log::sequence> truth;
    const auto before = events_->newest();
    position_ = before;
    for (int step = 0; step < 2000 && !HasFailure(); ++step) {
      if (random() % 8 == 0) read(client);
      const auto burst = random() % 4;
      for (std::uint32_t i = 0; i < burst; ++i) {
        const std::string key = random() % 4 == 0 ? "" : "key " + std::to_string(random() % 6);
        const auto seq = append_key(key, 1 + random() % 2000);
        all_[seq].key = key;
        if (!key.empty()) truth[key] = seq;
      }
      hub_->flush();
    }
    for (int i = 0; i < 200; ++i) read(client);
    EXPECT_EQ(newest_, truth) << "the newest of each key comes in the end";
    std::map<std::string, log::sequence> later;
    for (auto each = all_.rbegin(); each != all_.rend(); ++each) {
      const auto& [seq, what] = *each;
      EXPECT_TRUE(what.told || (!what.key.empty() && later.contains(what.key)))
          << seq << " is neither sent nor told of";
      later[what.key] = seq;
    }
    EXPECT_GT(hub_->counters().lost, 0u) << "nothing was tried";
    all_.clear();
    newest_.clear();
  }

  std::map<log::sequence, happened> all_;
  std::map<std::string, log::sequence> newest_;  // that has come, of each key
  log::sequence position_ = 0;
  std::pair<log::sequence, log::sequence> gap_;  // the last one
  log::sequence retained_ = 0;                   // behind it
};

TEST_F(random_latest, always_ends_with_the_newest_of_each_key) {
  const std::uint32_t fresh = std::random_device{}();
  std::cout << "seed " << fresh << "\n";
  for (std::uint32_t seed = 1; seed <= 5 && !HasFailure(); ++seed) {
    SetUp();
    try_out(seed);
  }
  SetUp();
  if (!HasFailure()) try_out(fresh);
}

}  // namespace
}  // namespace roombridge::local
