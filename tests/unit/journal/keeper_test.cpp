// SPDX-License-Identifier: MIT
#include "daemon/journal/keeper.hpp"

#include <cerrno>

#include "support.hpp"

namespace roombridge::journal {
namespace {

using namespace std::chrono_literals;

class keepers : public testing::Test {
 protected:
  [[nodiscard]] options config(sync_policy sync = sync_policy::interval) const {
    return {.directory = (place_ / "journal").string(), .capacity = 8u << 20, .sync = sync, .sync_interval = 1s};
  }
  void turn(keeper& with, int count = 0, const std::optional<ledger>& reserve = std::nullopt) {
    work what;
    what.book = reserve;
    if (count > 0) what.records = source_.events(count);
    what.count = static_cast<std::uint64_t>(count);
    with.turn(what, now_);
  }
  static subscriber_record subscriber(log::sequence seq) { return {.user = 1, .name = "a", .epoch = 7, .seq = seq}; }
  void change(keeper& with, std::uint64_t ticket, subscriber_file::changes changes) {
    work what;
    what.subscribers = std::move(changes);
    what.ticket = ticket;
    with.turn(what, now_);
  }
  void pass(std::chrono::milliseconds time) {
    now_.now += time;
    now_.wall += time;
  }

  temporary_directory place_;
  failing_files files_;
  recorder source_;
  moment now_ = at(wall_time{std::chrono::hours{500'000}});
  const ledger book_{.epoch = 7, .next = 1'000'000};
};

TEST_F(keepers, write_the_ledger_and_then_records) {
  keeper under_test{config(), files_, now_};
  turn(under_test, 2, book_);
  const auto& state = under_test.state();
  EXPECT_EQ(state.trouble, "");
  EXPECT_EQ(state.book, book_);
  EXPECT_EQ(state.written, 2u);
  EXPECT_EQ(state.unwritten, 0u);
  EXPECT_EQ(state.segments, 1u);
  EXPECT_GT(state.bytes, 100u);
}

TEST_F(keepers, sync_an_interval_after_the_first_write) {
  keeper under_test{config(), files_, now_};
  turn(under_test, 1, book_);
  const int syncs = files_.calls("sync");
  EXPECT_EQ(under_test.next(), now_.now + 1s);
  pass(999ms);
  turn(under_test, 1);
  EXPECT_EQ(files_.calls("sync"), syncs);
  pass(1ms);
  turn(under_test);
  EXPECT_EQ(files_.calls("sync"), syncs + 1);
  EXPECT_GT(under_test.next(), now_.now + 1min);
}

TEST_F(keepers, sync_every_turn_where_always_is_asked_for) {
  keeper under_test{config(sync_policy::always), files_, now_};
  turn(under_test, 1, book_);
  const int syncs = files_.calls("sync");
  turn(under_test, 3);
  EXPECT_EQ(files_.calls("sync"), syncs + 1);
}

TEST_F(keepers, sync_nothing_but_the_ledger_where_never_is_asked_for) {
  keeper under_test{config(sync_policy::never), files_, now_};
  turn(under_test, 1, book_);
  const int syncs = files_.calls("sync");
  turn(under_test, 3);
  under_test.finish(now_);
  EXPECT_EQ(files_.calls("sync"), syncs);
}

TEST_F(keepers, write_subscribers_behind_the_records_and_tell) {
  for (const auto policy : {sync_policy::never, sync_policy::interval, sync_policy::always}) {
    keeper under_test{config(policy), files_, now_};
    turn(under_test, 1, book_);
    const int syncs = files_.calls("sync");
    change(under_test, 1, {{0, subscriber(1)}});
    EXPECT_EQ(under_test.state().subscribers_tried, 1u);
    EXPECT_EQ(under_test.state().subscribers_kept, 1u);
    EXPECT_EQ(files_.calls("sync") > syncs, policy == sync_policy::always);
    pass(1s);
    turn(under_test);
    EXPECT_EQ(files_.calls("sync") > syncs, policy != sync_policy::never);
  }
}

TEST_F(keepers, write_the_newest_of_a_subscriber_when_the_disk_is_back) {
  for (const auto policy : {sync_policy::interval, sync_policy::always}) {
    for (const auto* call : {"write", "sync"}) {
      if (policy == sync_policy::interval && std::string_view{call} == "sync") continue;
      auto under_test = std::make_unique<keeper>(config(policy), files_, now_);
      turn(*under_test, 0, book_);
      files_.fail(EIO, {call});
      change(*under_test, 3, {{0, subscriber(1)}, {1, subscriber(1)}});
      EXPECT_EQ(under_test->state().subscribers_tried, 3u);
      EXPECT_EQ(under_test->state().subscribers_kept, 0u);
      EXPECT_NE(under_test->state().trouble, "");
      change(*under_test, 4, {{0, subscriber(2)}});
      EXPECT_EQ(under_test->state().subscribers_tried, 4u) << "it is answered though nothing is tried so soon";
      EXPECT_EQ(under_test->state().subscribers_kept, 0u);
      files_.heal();
      now_.now = under_test->next();
      turn(*under_test);
      EXPECT_EQ(under_test->state().trouble, "");
      EXPECT_EQ(under_test->state().subscribers_kept, 4u);
      under_test.reset();
      keeper next{config(policy), files_, now_};
      turn(next);
      EXPECT_EQ(next.store().subscribers().found(),
                (std::vector<std::pair<std::size_t, subscriber_record>>{{0, subscriber(2)}, {1, subscriber(1)}}));
    }
  }
}

TEST_F(keepers, keep_subscribers_over_a_new_epoch) {
  keeper under_test{config(), files_, now_};
  turn(under_test, 1, book_);
  change(under_test, 1, {{0, subscriber(1)}});
  turn(under_test, 0, ledger{.epoch = 8, .next = 1});
  EXPECT_EQ(read_subscriber(read_file(place_ / "journal/subscribers"), 0)->value, subscriber(1));
}

TEST_F(keepers, finish_by_a_sync) {
  keeper under_test{config(), files_, now_};
  turn(under_test, 1, book_);
  const int syncs = files_.calls("sync");
  under_test.finish(now_);
  EXPECT_EQ(files_.calls("sync"), syncs + 1);
  under_test.finish(now_);
  EXPECT_EQ(files_.calls("sync"), syncs + 1);
}

TEST_F(keepers, drop_what_comes_while_the_disk_fails_and_try_again_ever_more_seldom) {
  keeper under_test{config(), files_, now_};
  turn(under_test, 2, book_);
  files_.fail(ENOSPC, {"write"});
  turn(under_test, 1);
  EXPECT_EQ(
      under_test.state().trouble,
      "journal: cannot write " + config().directory +
          "/0000000000000001.segment: No space left on device (free space there, or make journal.capacity smaller)");
  for (const auto delay : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    EXPECT_EQ(under_test.next(), now_.now + delay);
    pass(delay - 1ms);
    const int writes = files_.calls("write");
    turn(under_test, 1);
    EXPECT_EQ(files_.calls("write"), writes);
    pass(1ms);
    turn(under_test);
    EXPECT_EQ(files_.calls("write"), writes + 1);
  }
  EXPECT_EQ(under_test.state().written, 2u);
  EXPECT_EQ(under_test.state().unwritten, 9u);
  files_.heal();
  pass(60s);
  turn(under_test, 1);
  EXPECT_EQ(under_test.state().trouble, "");
  EXPECT_EQ(under_test.state().written, 3u);
  EXPECT_EQ(under_test.state().failures, 9u);
  EXPECT_EQ(all_of(under_test.store()), (std::vector<log::sequence>{1, 2, 12}));
}

// The ledger is written in its place, which needs no room.
TEST_F(keepers, do_not_take_a_disk_with_room_for_a_few_bytes_for_a_good_one) {
  class cramped_files final : public unsynced_files {
   public:
    ssize_t write_at(int fd, std::span<const std::byte> bytes, off_t offset) override {
      errno = ENOSPC;
      return full && bytes.size() > 4096 ? -1 : file_system::write_at(fd, bytes, offset);
    }
    bool full = true;
  } cramped;
  keeper under_test{config(), cramped, now_};
  work what;
  what.book = book_;
  what.records = source_.events(1, 5000);
  what.count = what.last = 1;
  under_test.turn(what, now_);
  for (int tries = 0; tries < 5; ++tries) {
    EXPECT_NE(under_test.state().trouble, "");
    EXPECT_EQ(under_test.state().next_try, now_.wall + (under_test.next() - now_.now));
    pass(std::chrono::ceil<std::chrono::milliseconds>(under_test.next() - now_.now));
    turn(under_test);
  }
  cramped.full = false;
  pass(1min);
  turn(under_test);
  EXPECT_EQ(under_test.state().trouble, "");
  EXPECT_EQ(under_test.state().next_try, std::nullopt);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{config().directory}, {}), 3)
      << "ledger, subscribers, segment";
}

TEST_F(keepers, call_a_disk_failing_that_works_for_moments_and_wait_ever_longer) {
  keeper under_test{config(), files_, now_};
  turn(under_test, 1, book_);
  int began = 0;
  const auto until = now_.now + 100s;
  while (now_.now < until) {
    const bool well = under_test.state().failure.empty();
    // Each try works, and the next event's write fails.
    files_.heal();
    turn(under_test);
    files_.fail(ENOSPC, {"write"});
    turn(under_test, 1);
    began += well && !under_test.state().failure.empty() ? 1 : 0;
    pass(100ms);
  }
  EXPECT_EQ(began, 1);
  EXPECT_EQ(under_test.state().failures, 7u) << "after 1, 2, 4, 8, 16 and 32 s";
  files_.heal();
  pass(1min);
  turn(under_test);
  EXPECT_EQ(under_test.state().trouble, "");
  EXPECT_NE(under_test.state().failure, "") << "it has worked for a moment only";
  EXPECT_EQ(under_test.next(), now_.now + 1min);
  pass(1min);
  turn(under_test);
  EXPECT_EQ(under_test.state().failure, "");
  files_.fail(ENOSPC, {"write"});
  turn(under_test, 1);
  EXPECT_EQ(under_test.next(), now_.now + 1s) << "what was before is forgotten";
}

// Nobody has to wait for an event to learn that the disk is well again.
TEST_F(keepers, find_the_disk_mended_without_an_event) {
  keeper under_test{config(), files_, now_};
  turn(under_test, 1, book_);
  files_.fail(EIO, {"sync"});
  pass(1s);
  turn(under_test);
  EXPECT_NE(under_test.state().trouble, "");
  pass(1s);
  turn(under_test);
  EXPECT_NE(under_test.state().trouble, "");
  files_.heal();
  pass(2s);
  turn(under_test);
  EXPECT_EQ(under_test.state().trouble, "");
}

TEST_F(keepers, take_up_a_directory_that_comes_later) {
  options late = config();
  late.directory = (place_ / "mount/journal").string();
  keeper under_test{late, files_, now_};
  turn(under_test, 1, book_);
  EXPECT_EQ(under_test.state().trouble,
            "journal: cannot make " + late.directory +
                ": No such file or directory (the directory in which it is to lie must be there)");
  std::filesystem::create_directory(place_ / "mount");
  pass(1s);
  turn(under_test, 1);
  EXPECT_EQ(under_test.state().trouble, "");
  EXPECT_EQ(under_test.state().book, book_);
  EXPECT_EQ(all_of(under_test.store()), numbers(2, 2));
}

TEST_F(keepers, write_no_record_that_no_ledger_covers) {
  keeper under_test{config(), files_, now_};
  turn(under_test, 0, book_);
  files_.fail(EIO, {"sync"});
  turn(under_test, 1, ledger{.epoch = 8, .next = 1'000'000});
  EXPECT_EQ(under_test.state().book, book_);
  EXPECT_EQ(under_test.state().unwritten, 1u);
  EXPECT_EQ(under_test.state().segments, 0u);
  files_.heal();
  pass(1s);
  turn(under_test);
  EXPECT_EQ(under_test.state().book.epoch, 8u);
}

TEST_F(keepers, remove_what_is_too_old_while_nothing_happens) {
  keeper under_test{config(), files_, now_};
  turn(under_test, 1, book_);
  pass(std::chrono::hours{168} + 1s);
  EXPECT_LE(under_test.next(), now_.now);
  turn(under_test);
  EXPECT_EQ(under_test.state().segments, 0u);
  EXPECT_EQ(under_test.state().trouble, "");
}

}  // namespace
}  // namespace roombridge::journal
