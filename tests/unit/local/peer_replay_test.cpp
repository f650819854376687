// SPDX-License-Identifier: MIT
// Replays that begin further back than memory reaches.
#include <deque>
#include <random>
#include <set>

#include "support.hpp"
#include "tests/unit/log/fake_history.hpp"

namespace roombridge::local {
namespace {

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

TEST_F(replays, come_from_the_disk_and_go_on_in_memory) {
  append_many(100);
  ASSERT_GT(events_->first(), 50u);
  auto client = back(since(5));
  EXPECT_EQ(rest(client), strings{});
  answer_all();
  EXPECT_EQ(rest(client), joined(odd(6, 100), {"live 100"}));
  append_many(3);
  run();
  EXPECT_EQ(rest(client), (strings{"101", "103"}));
  EXPECT_EQ(disk_->requests(), 0u);
}

TEST_F(replays, say_that_the_oldest_of_the_disk_is_the_first) {
  append_many(100);
  disk_->erase_until(10);
  auto client = welcomed();
  client.send_message(since(12));
  run();
  EXPECT_EQ(*client.expect<proto::result>().resumption,
            (proto::resumption{.complete = true, .first = 11, .newest = 100}));
  auto late = back(since(5), false);
  answer_all();
  EXPECT_EQ(rest(late), joined({"gap 6-10 expired"}, joined(odd(11, 100), {"live 100"})));
}

TEST_F(replays, of_what_memory_has_ask_no_disk) {
  append_many(100);
  auto client = back(since(98));
  EXPECT_EQ(rest(client), (strings{"99", "live 100"}));
  auto fresh = subscribed({"a"});
  EXPECT_EQ(disk_->requests(), 0u);
}

TEST_F(replays, take_over_where_the_disk_ends_while_events_come) {
  append_many(100);
  disk_->most_records = 30;
  auto client = back(since(0));
  for (int turn = 0; disk_->requests() > 0; ++turn) {
    append_many(20);
    disk_->answer();
    run();
    ASSERT_LT(turn, 100);
  }
  const auto newest = events_->newest();
  auto told = rest(client);
  std::erase(told, "live 100");
  EXPECT_EQ(told, odd(1, newest));
}

TEST_F(replays, announce_live_between_what_was_and_what_came) {
  append_many(100);
  auto client = back(since(0));
  append_many(50);
  answer_all();
  EXPECT_EQ(rest(client), joined(joined(odd(1, 100), {"live 100"}), odd(101, 150)));
}

TEST_F(replays, keep_nobody_else_waiting) {
  append_many(100);
  auto live = subscribed({"a"});
  auto client = back(since(0));
  strings got;
  for (int i = 0; i < 10; ++i) {
    append_many(10);
    got = joined(std::move(got), rest(live));
  }
  EXPECT_EQ(got, odd(101, 200));
}

TEST_F(replays, tell_what_has_never_got_to_the_disk) {
  append_many(10);
  disk_->fail();
  append_many(10);
  disk_->heal();
  append_many(80);
  auto client = back(since(0));
  answer_all();
  EXPECT_EQ(rest(client), joined(odd(1, 10), joined({"gap 11-20 crash"}, joined(odd(21, 100), {"live 100"}))));
}

TEST_F(replays, tell_what_was_lost_between_disk_and_memory) {
  append_many(10);
  disk_->fail();
  append_many(90);
  auto client = back(since(0));
  answer_all();
  const auto first = events_->first();
  EXPECT_EQ(rest(client), joined(odd(1, 10), joined({"gap 11-" + std::to_string(first - 1) + " crash"},
                                                    joined(odd(first, 100), {"live 100"}))));
}

TEST_F(replays, tell_what_is_erased_under_their_eyes) {
  append_many(100);
  disk_->most_records = 5;
  auto client = back(since(0));
  disk_->answer();
  run();
  disk_->erase_until(20);
  answer_all();
  EXPECT_EQ(rest(client), joined(odd(1, 5), joined({"gap 6-20 expired"}, joined(odd(21, 100), {"live 100"}))));
}

TEST_F(replays, that_are_too_slow_for_the_disk_end_where_that_is_asked_for) {
  append_many(100);
  disk_->most_records = 5;
  auto request = since(0);
  request.slow = proto::slow_policy::disconnect;
  auto client = back(request);
  disk_->answer();
  run();
  disk_->erase_until(20);
  answer_all();
  advance(std::chrono::milliseconds{0});
  EXPECT_EQ(rest(client), joined(odd(1, 5), {"gap 6-20 expired", "BYE"}));
}

TEST_F(replays, are_over_with_their_epoch) {
  append_many(100);
  auto client = back(since(0));
  events_->start_epoch(1);
  append_many(100);
  answer_all();
  EXPECT_EQ(rest(client), joined({"gap 1-100 expired", "live 100", "gap 101-101 epoch"}, [] {
              strings later;
              for (int seq = 102; seq <= 201; seq += 2) later.push_back(std::to_string(seq));
              return later;
            }()));
}

TEST_F(replays, whose_epoch_ends_before_they_begin_say_so) {
  append_many(100);
  auto request = since(10);
  request.more = true;
  auto client = back(request);
  events_->start_epoch(1);
  client.send_message(proto::subscribe{2, {"c"}, {}});
  run();
  client.expect<proto::result>();
  answer_all();
  EXPECT_EQ(rest(client), (strings{"gap 11-100 expired", "gap 101-101 epoch", "live 101"}));
}

TEST_F(replays, give_nothing_of_a_chunk_once_its_epoch_is_over) {
  append_many(100);
  auto client = back(since(0), true, socket_buffer);
  disk_->answer();
  events_->start_epoch(1);
  answer_all();
  EXPECT_EQ(rest(client), (strings{"gap 1-100 expired", "live 100", "gap 101-101 epoch"}));
}

TEST_F(replays, have_nothing_that_is_not_to_be_shown_yet) {
  append_many(100);
  events_->cursors().show_until(0);
  auto client = back(since(0));
  EXPECT_EQ(disk_->requests(), 0u);
  events_->cursors().show_until(10);
  answer_all();
  EXPECT_EQ(rest(client), odd(1, 10));
  events_->cursors().show_until(200);
  answer_all();
  EXPECT_EQ(rest(client), joined(odd(11, 100), {"live 100"}));
}

TEST_F(replays, come_behind_a_snapshot_that_takes_its_time) {
  events_->retained().configure({.keys = 10, .bytes = 10'000});
  events_->append({.time = 1, .name = "a", .arguments = "1", .retain_key = "k"});
  append_many(99);
  auto request = since(90);
  request.snapshot = true;
  request.more = true;
  auto client = back(request);
  append_many(100);
  EXPECT_EQ(rest(client), strings{});
  client.send_message(proto::subscribe{2, {"c"}, {}});
  run();
  client.expect<proto::result>();
  answer_all();
  strings expected{"1r"};
  for (int seq = 92; seq <= 100; seq += 2) expected.push_back(std::to_string(seq));
  EXPECT_EQ(rest(client), joined(joined(expected, odd(101, 199)), {"live 200"}));
}

TEST_F(replays, are_decided_by_the_subscriptions_of_the_moment) {
  append_many(100);
  disk_->most_records = 10;
  auto client = back(since(0, {}));
  disk_->answer();
  run();
  EXPECT_EQ(rest(client).size(), 10u);
  client.send_message(proto::unsubscribe{2, 1});
  run();
  client.expect<proto::result>();
  answer_all();
  EXPECT_EQ(rest(client), strings{"live 100"});
}

TEST_F(replays, whose_client_leaves_are_forgotten) {
  append_many(100);
  auto client = back(since(0));
  client.close();
  run();
  EXPECT_EQ(hub_->size(), 0u);
  answer_all();
}

TEST_F(replays, of_an_empty_log_ask_no_disk) {
  auto fresh = subscribed({"a"});
  auto client = back(since(0));
  EXPECT_EQ(rest(client), strings{"live 0"});
  EXPECT_EQ(disk_->requests(), 0u);
}

TEST_F(replays, of_all_connections_that_a_user_may_have_find_room) {
  append_many(100);
  std::deque<test_client> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(back(since(0)));
  hub_->flush();
  answer_all();
  for (auto& each : clients) ASSERT_EQ(rest(each), joined(odd(1, 100), {"live 100"}));
}

TEST_F(replays, are_charged_to_the_user) {
  append_many(100);
  auto client = back(since(0), true, socket_buffer);
  options_.user_buffer = 1;
  hub_->reconfigure(options_);
  hub_->flush();
  run();
  EXPECT_EQ(rest(client), strings{"BYE"});
}

TEST_F(replays, of_one_user_wait_for_each_other_rather_than_hold_too_much) {
  append_many(100);
  options_.user_buffer = 80u << 10;
  hub_->reconfigure(options_);
  std::deque<test_client> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(back(since(5)));
  EXPECT_EQ(disk_->requests(), 2u) << "half of the buffer has room for two";
  answer_all();
  for (test_client& each : clients) EXPECT_EQ(rest(each), joined(odd(6, 100), {"live 100"}));
}

TEST_F(replays, that_wait_for_one_who_leaves_go_on) {
  append_many(100);
  options_.user_buffer = 80u << 10;
  hub_->reconfigure(options_);
  auto first = back(since(5));
  auto second = back(since(5));
  auto third = back(since(5));
  EXPECT_EQ(disk_->requests(), 2u);
  first.close();
  run();
  EXPECT_EQ(disk_->requests(), 3u) << "with the one that nobody waits for any more";
  answer_all();
  EXPECT_EQ(rest(third), joined(odd(6, 100), {"live 100"}));
}

TEST_F(replays, begin_only_where_there_is_something_to_replay) {
  append_many(100);
  auto client = subscribed({"a"});
  append_many(10);
  run();
  EXPECT_EQ(rest(client), odd(101, 110));
  EXPECT_EQ(disk_->requests(), 0u);
}

// ---- against a model

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
