// SPDX-License-Identifier: MIT
// Random replays from a disk that erases and fails, and epochs that end: every stream is checked record by record.
#include <cstdio>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "replay_fixture.hpp"

namespace roombridge::local {
namespace {

struct made {
  std::string name;
  std::string frame;  // head and payload
  std::uint64_t epoch;
};

// What a client has been told, checked record by record.
class judge {
 public:
  judge(const std::map<log::sequence, made>& all, log::sequence after, std::set<std::string> wanted)
      : all_(all), covered_(after), wanted_(std::move(wanted)) {}

  void see(const received& frame) {
    switch (frame.type) {
      case proto::frame_type::event:
        return see_event(frame);
      case proto::frame_type::gap:
        return see_gap(*proto::parse<proto::gap>(frame.head));
      case proto::frame_type::live:
        EXPECT_FALSE(std::exchange(live_, true));
        return;
      default:
        return;
    }
  }
  // Everything up to `seq` was told one way or the other.
  void reach(log::sequence seq) { expect_nothing_between(covered_, seq + 1); }

  [[nodiscard]] bool live() const { return live_; }
  [[nodiscard]] const std::map<std::string, int>& gaps() const { return gaps_; }

 private:
  void see_event(const received& frame) {
    const auto seq = proto::parse<proto::event>(frame.head)->seq;
    const auto found = all_.find(seq);
    ASSERT_TRUE(found != all_.end()) << seq;
    EXPECT_EQ(frame.head + frame.payload, found->second.frame);
    EXPECT_EQ(wanted_.count(found->second.name), 1u);
    EXPECT_GE(found->second.epoch, epoch_) << "of an epoch that is over";
    ASSERT_GT(seq, covered_) << "twice, or out of order";
    expect_nothing_between(covered_, seq);
    covered_ = seq;
  }
  void see_gap(const proto::gap& gap) {
    ++gaps_[gap.reason];
    if (gap.reason == "epoch") {
      epoch_ = std::max(epoch_, epochs.at(gap.epoch));
      covered_ = gap.last;
      return;
    }
    ASSERT_GT(gap.first, covered_) << gap.reason;
    // Another epoch tells by itself that what was before is not there any more.
    if (gap.epoch.empty()) expect_nothing_between(covered_, gap.first);
    if (gap.count) {
      EXPECT_EQ(count_between(gap.first - 1, gap.last + 1), *gap.count);
    }
    if (!gap.epoch.empty()) epoch_ = std::max(epoch_, epochs.at(gap.epoch));
    covered_ = gap.last;
  }
  [[nodiscard]] std::uint64_t count_between(log::sequence first, log::sequence last) const {
    std::uint64_t count = 0;
    for (auto each = all_.upper_bound(first); each != all_.end() && each->first < last; ++each) {
      count += wanted_.count(each->second.name);
    }
    return count;
  }
  void expect_nothing_between(log::sequence first, log::sequence last) const {
    EXPECT_EQ(count_between(first, last), 0u) << "left out between " << first << " and " << last;
  }

  const std::map<log::sequence, made>& all_;
  log::sequence covered_;
  std::set<std::string> wanted_;
  std::uint64_t epoch_ = 0;
  std::map<std::string, int> gaps_;
  bool live_ = false;

 public:
  static inline std::map<std::string, std::uint64_t> epochs;  // their order
};

class random_replays : public replays {
 protected:
  struct watched {
    test_client client;
    judge by;
  };

  unsigned below(unsigned bound) { return static_cast<unsigned>(chance_() % bound); }

  void append_random() {
    const std::string name = below(2) == 0 ? "a" : "b";
    const std::string arguments(1 + below(250), '1');
    const auto seq = append(name, {}, arguments);
    const proto::event head{.seq = seq, .time = 1, .name = name, .topics = {}, .attachments = {}};
    all_[seq] = {name, proto::encode_head(head) + "[" + arguments + "]", epoch_};
  }
  void begin_epoch() {
    ++epoch_;
    judge::epochs[proto::epoch_text(epoch_)] = epoch_;
    events_->start_epoch(epoch_);
  }
  void come_back() {
    auto client = welcomed(below(2) == 0 ? socket_buffer : 0);
    const log::sequence seq =
        events_->beginning() - 1 + below(static_cast<unsigned>(events_->newest() + 2 - events_->beginning()));
    const std::set<std::string> wanted = below(2) == 0 ? std::set<std::string>{"a"} : std::set<std::string>{"a", "b"};
    proto::subscribe request = since(seq, {wanted.begin(), wanted.end()});
    request.since->epoch = proto::epoch_text(events_->epoch());
    client.send_message(request);
    run();
    const auto frame = client.next();
    ASSERT_TRUE(frame);
    ASSERT_FALSE(proto::parse<proto::result>(frame->head)->error) << frame->head;
    watched_.push_back({std::move(client), judge{all_, seq, wanted}});
  }
  void read(watched& who) {
    while (const auto frame = who.client.next()) who.by.see(*frame);
  }
  void show(log::sequence seq) {
    shown_ = seq;
    events_->cursors().show_until(seq);
  }

  // `troubles`: the disk erases, fails, and epochs end.
  void go(unsigned seed, bool troubles) {
    chance_.seed(seed);
    for (int step = 0; step < 400; ++step) {
      const unsigned what = below(100);
      if (what < 45) {
        for (unsigned n = below(12); n > 0; --n) append_random();
        hub_->flush();
      } else if (what < 70) {
        if (disk_->requests() > 0) disk_->answer();
      } else if (what < 73) {
        if (watched_.size() < 8) come_back();
      } else if (what < 90) {
        if (!watched_.empty()) read(watched_[below(static_cast<unsigned>(watched_.size()))]);
      } else if (what < 92) {
        disk_->most_records = 1 + below(40);
      } else if (what < 94) {
        show(below(2) == 0 ? SIZE_MAX : events_->newest() - below(3));
      } else if (troubles && what < 96) {
        disk_->erase_until(disk_->oldest() + below(30));
      } else if (troubles && what < 98) {
        below(3) == 0 ? disk_->fail() : disk_->heal();
      } else if (troubles && what == 98 && below(8) == 0) {
        begin_epoch();
      }
      run();
      if (HasFailure()) break;
    }
    disk_->heal();
    show(SIZE_MAX);
    for (bool any = true; any && !HasFailure();) {
      answer_all();
      any = false;
      for (auto& each : watched_) any = each.client.read() || any;
      run();
      any = any || disk_->requests() > 0;
    }
    for (auto& each : watched_) {
      read(each);
      each.by.reach(events_->newest());
      EXPECT_TRUE(each.by.live());
      if (!troubles) {
        EXPECT_FALSE(each.by.gaps().contains("expired") || each.by.gaps().contains("crash"));
      }
    }
    EXPECT_FALSE(HasFailure()) << "seed " << seed;
  }

  void SetUp() override {
    replays::SetUp();
    judge::epochs = {{proto::epoch_text(epoch), 0}};
  }

  std::minstd_rand chance_;
  std::uint64_t epoch_ = 0;
  std::map<log::sequence, made> all_;  // of all epochs, whose numbers go on
  log::sequence shown_ = SIZE_MAX;
  std::deque<watched> watched_;
};

TEST_F(random_replays, give_everything_once_and_in_order) {
  const unsigned seed = std::random_device{}() | 1u;
  std::printf("seed %u\n", seed);
  for (unsigned round = 0; round < 40 && !HasFailure(); ++round) {
    watched_.clear();
    all_.clear();
    epoch_ = 0;
    SetUp();
    go(seed + round, round % 2 == 1);
  }
}

}  // namespace
}  // namespace roombridge::local
