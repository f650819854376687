// SPDX-License-Identifier: MIT
// Lives of a log, one after the other, over one directory.
#include "daemon/journal/journal.hpp"

#include <cerrno>
#include <thread>

#include <gmock/gmock.h>
#include <boost/asio/executor_work_guard.hpp>

#include "daemon/log/cursor.hpp"
#include "support.hpp"

namespace roombridge::journal {
namespace {

class silent_logger final : public logger {
 public:
  [[nodiscard]] bool enabled(log_level) const override { return true; }
  void write(log_level, std::string_view text, std::initializer_list<log_field>) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

// Everything from the log's beginning, one text a record: "7" an event, "gap 3-5 crash".
class reader final : public log::cursor_owner {
 public:
  explicit reader(log::event_log& log) : log_(log), cursor_(log.cursors(), *this) {
    cursor_.subscribe({.id = 1, .events = {}, .topics = {}}, log.first() - 1);
  }
  std::vector<std::string> read() {
    log::work allowed;
    log_.cursors().wake();
    std::string stream;
    while (cursor_.pending()) {
      log::batch out;
      cursor_.collect(out, SIZE_MAX, allowed);
      for (const auto range : out.ranges()) stream.append(reinterpret_cast<const char*>(range.data()), range.size());
      cursor_.sent(out, out.bytes());
    }
    proto::frame_decoder decoder;
    decoder.feed(std::as_bytes(std::span{stream}));
    std::vector<std::string> told;
    while (const auto frame = decoder.next()) {
      if (frame->type == proto::frame_type::event) {
        told.push_back(std::to_string(proto::parse<proto::event>(frame->head)->seq));
        continue;
      }
      const auto gap = proto::parse<proto::gap>(frame->head);
      told.push_back("gap " + std::to_string(gap->first) + "-" + std::to_string(gap->last) + " " + gap->reason);
    }
    return told;
  }

 private:
  void on_pending() override {}
  void on_loss() override {}
  void on_frame_leaves(std::span<const std::byte>) override {}
  log::event_log& log_;
  log::cursor cursor_;
};

using strings = std::vector<std::string>;

class lives : public testing::Test {
 protected:
  // One life of the daemon.
  struct life {
    life(const options& config, std::uint64_t fresh_epoch, file_system& files)
        : kept(context, config, fresh_epoch, diagnostics, files), log(2u << 20, kept.epoch()) {
      log.retained().configure({.keys = 100, .bytes = 1u << 20});
      kept.attach(log);
    }
    ~life() { kept.stop(); }
    life(const life&) = delete;
    life& operator=(const life&) = delete;

    void append(int count) {
      while (count-- > 0) log.append({.name = "e", .arguments = "1"});
      kept.flush();
    }
    // Runs what the I/O thread has to tell until `condition` holds.
    template <class Condition>
    void await(const Condition& condition) {
      const auto guard = boost::asio::make_work_guard(context);
      context.restart();
      while (!condition()) context.run_one();
    }
    strings history() { return reader{log}.read(); }

    io::context context;
    silent_logger diagnostics;
    journal kept;
    log::event_log log;
  };

  [[nodiscard]] options config() const { return {.directory = (place_ / "journal").string(), .capacity = 8u << 20}; }
  [[nodiscard]] std::unique_ptr<life> begin(std::uint64_t fresh_epoch = 99) {
    return std::make_unique<life>(config(), fresh_epoch, files_);
  }
  // As if the daemon had been killed: what is on the disk now is what the next life finds.
  void end_unclean(std::unique_ptr<life> what) {
    const auto copy = place_ / "copy";
    std::filesystem::copy(config().directory, copy);
    what.reset();
    std::filesystem::remove_all(config().directory);
    std::filesystem::rename(copy, config().directory);
  }
  // Until the I/O thread has nothing to write.
  static void settle(life& what, std::uint64_t count) {
    for (auto now = what.kept.state(); now.written + now.unwritten < count; now = what.kept.state()) {
      std::this_thread::yield();
    }
  }

  // By fifty events, all of which are on the disk afterwards.
  static void fill_memory_twice(life& what) {
    const std::string large(100'000, '1');
    for (std::uint64_t before = what.log.newest(), i = 1; i <= 50; ++i) {
      what.log.append({.name = "e", .arguments = large});
      what.kept.flush();
      settle(what, before + i);
    }
  }

  temporary_directory place_;
  failing_files files_;
};

TEST_F(lives, the_first_begins_an_epoch) {
  const auto first = begin(5);
  EXPECT_EQ(first->log.epoch(), 5u);
  EXPECT_EQ(first->log.newest(), 0u);
  EXPECT_EQ(first->history(), strings{});
}

TEST_F(lives, after_a_clean_end_all_goes_on_exactly) {
  auto first = begin(5);
  first->append(3);
  first.reset();
  const auto second = begin(6);
  EXPECT_EQ(second->log.epoch(), 5u);
  second->append(1);
  EXPECT_EQ(second->history(), (strings{"1", "2", "3", "4"}));
  EXPECT_EQ(second->log.first(), 1u);
}

TEST_F(lives, named_subscribers_are_there_in_the_next_one) {
  const subscriber_record till{.user = 1000, .name = "till", .epoch = 5, .seq = 3, .seen = 0};
  auto first = begin(5);
  EXPECT_TRUE(first->kept.subscribers().empty());
  std::uint64_t tried = 0, kept = 0;
  first->kept.on_kept([&](std::uint64_t all, std::uint64_t durable) { tried = all, kept = durable; });
  auto other = till;
  other.user = 1001;
  EXPECT_EQ(first->kept.keep(0, till), 1u);
  EXPECT_EQ(first->kept.keep(4, other), 2u);
  EXPECT_EQ(first->kept.keep(7, till), 3u);
  EXPECT_EQ(first->kept.keep(7, std::nullopt), 4u);
  first->await([&] { return kept == 4; });
  EXPECT_EQ(tried, 4u);
  end_unclean(std::move(first));
  const auto second = begin(6);
  EXPECT_EQ(second->kept.subscribers(),
            (std::vector<std::pair<std::size_t, subscriber_record>>{{0, till}, {4, other}}));
}

TEST_F(lives, what_the_disk_does_not_take_of_subscribers_is_told_and_written_later) {
  auto first = begin(5);
  std::uint64_t tried = 0, kept = 0;
  first->kept.on_kept([&](std::uint64_t all, std::uint64_t durable) { tried = all, kept = durable; });
  files_.fail(EIO, {"write"});
  const subscriber_record till{.user = 1000, .name = "till", .epoch = 5, .seq = 3, .seen = 0};
  first->kept.keep(0, till);
  first->await([&] { return tried == 1; });
  EXPECT_EQ(kept, 0u);
  files_.heal();
  first->await([&] { return kept == 1; });
  EXPECT_EQ(first->kept.state().trouble, "");
}

TEST_F(lives, a_clean_end_without_records_is_no_hole) {
  begin(5).reset();
  auto second = begin(6);
  EXPECT_EQ(second->log.newest(), 0u);
  second->append(1);
  second.reset();
  std::filesystem::remove((place_ / "journal/0000000000000001.segment"));
  const auto third = begin(7);
  EXPECT_EQ(third->log.epoch(), 5u);
  EXPECT_EQ(third->log.first(), 2u);
  third->append(1);
  EXPECT_EQ(third->history(), strings{"2"});
}

TEST_F(lives, after_an_unclean_end_numbers_go_on_above_all_that_may_have_been_used) {
  auto first = begin(5);
  first->append(3);
  settle(*first, 3);
  end_unclean(std::move(first));
  auto second = begin(6);
  EXPECT_EQ(second->log.epoch(), 5u);
  second->append(1);
  EXPECT_EQ(second->history(), (strings{"1", "2", "3", "gap 4-1000000 crash", "1000001"}));
  second.reset();
  const auto third = begin(7);
  EXPECT_EQ(third->history(), (strings{"1", "2", "3", "gap 4-1000000 crash", "1000001"}));
  third->append(1);
  EXPECT_EQ(third->log.newest(), 1'000'002u);
}

TEST_F(lives, after_a_clean_end_nothing_is_said_of_a_crash) {
  auto first = begin(5);
  first->kept.keep_session("pid", "session");
  first->append(1);
  first.reset();
  const auto second = begin(6);
  EXPECT_FALSE(second->kept.crashed());
  EXPECT_EQ(second->diagnostics.lines.size(), 0u);
}

TEST_F(lives, after_an_unclean_end_know_the_session_and_the_last_offset_on_the_disk) {
  auto first = begin(5);
  first->kept.set_offset("before");
  first->append(1);
  first->kept.keep_session("pid", "session");
  for (const std::string offset : {"one", "two"}) {
    first->kept.set_offset(offset);
    first->log.append({.time = 1'764'072'000'000'000, .name = "e", .arguments = "1"});
  }
  first->append(0);
  settle(*first, 3);
  // The session's text may change, and a record that is not on the disk has an offset that was never had.
  first->kept.keep_session("pid", "session again");
  first->kept.set_offset("three");
  first->kept.flush();
  while (first->kept.state().book.session != "session again") std::this_thread::yield();
  end_unclean(std::move(first));
  const auto second = begin(6);
  ASSERT_TRUE(second->kept.crashed());
  EXPECT_EQ(second->kept.crashed()->session, "session again");
  EXPECT_EQ(second->kept.crashed()->offset, "two");
  EXPECT_EQ(second->kept.crashed()->last, 1'764'072'000'000'000);
  ASSERT_EQ(second->diagnostics.lines.size(), 1u);
  EXPECT_EQ(second->diagnostics.lines[0],
            "the last run ended without warning; its last event on disk is of 2025-11-25 12:00:00 UTC; a gap tells "
            "programs what may be missing");
}

TEST_F(lives, an_offset_of_another_session_is_none_of_this) {
  auto first = begin(5);
  first->kept.keep_session("one", "session one");
  first->kept.set_offset("of one");
  first->append(1);
  first->kept.keep_session("two", "session two");
  first->kept.set_offset("");
  first->append(1);
  settle(*first, 2);
  end_unclean(std::move(first));
  auto second = begin(6);
  ASSERT_TRUE(second->kept.crashed());
  EXPECT_EQ(second->kept.crashed()->session, "session two");
  EXPECT_EQ(second->kept.crashed()->offset, "");
  // A life that gets nowhere leaves what it has found.
  end_unclean(std::move(second));
  const auto third = begin(7);
  ASSERT_TRUE(third->kept.crashed());
  EXPECT_EQ(third->kept.crashed()->session, "session two");
}

TEST_F(lives, numbers_are_reserved_long_before_they_are_used) {
  auto first = begin(5);
  const auto reserved = [&] { return first->kept.state().book.next; };
  EXPECT_EQ(reserved(), 1'000'001u);
  first->append(400'000);
  EXPECT_FALSE(first->kept.exhausted());
  first->append(150'000);
  first->await([&] { return reserved() > 1'500'000; });
  EXPECT_FALSE(first->kept.exhausted());
}

TEST_F(lives, numbers_that_cannot_be_reserved_are_not_used_in_that_epoch) {
  auto first = begin(5);
  first->append(400'000);
  settle(*first, 400'000);
  files_.fail(EROFS, {"write"});
  first->append(150'000);
  first->await([&] { return !first->kept.state().trouble.empty(); });
  EXPECT_FALSE(first->kept.exhausted());
  first->append(400'000);
  EXPECT_TRUE(first->kept.exhausted());
  first->log.start_epoch(6);
  EXPECT_FALSE(first->kept.exhausted());
  first->append(1'000'000);
  EXPECT_FALSE(first->kept.exhausted());
}

TEST_F(lives, another_epoch_erases_the_one_before) {
  auto first = begin(5);
  first->append(3);
  first->log.start_epoch(6);
  first->append(2);
  first.reset();
  const auto second = begin(7);
  EXPECT_EQ(second->log.epoch(), 6u);
  EXPECT_EQ(second->history(), (strings{"gap 4-4 epoch", "5", "6"}));
}

TEST_F(lives, retain_what_memory_has_no_room_for) {
  auto first = begin(5);
  first->log.append({.name = "e", .arguments = "1", .retain_key = "old"});
  fill_memory_twice(*first);
  first->log.append({.name = "e", .arguments = "1", .retain_key = "new"});
  first->kept.flush();
  first.reset();
  const auto second = begin(6);
  EXPECT_GT(second->log.first(), 1u);
  EXPECT_EQ(second->log.retained().next(0)->seq, 1u);
  EXPECT_EQ(second->log.retained().next(1)->seq, 52u);
}

TEST_F(lives, have_a_past_that_memory_has_no_room_for) {
  auto first = begin(5);
  fill_memory_twice(*first);
  EXPECT_GT(first->log.first(), 2u);
  std::vector<log::sequence> got;
  for (log::history_place place{.after = 1}; place.after < 50;) {
    std::shared_ptr<const log::history_chunk> chunk;
    first->log.past()->read(place, 1u << 16, [&](auto what) { chunk = std::move(what); });
    first->await([&] { return chunk != nullptr; });
    for (const auto& each : chunk->records) got.push_back(each.seq);
    place = chunk->next;
  }
  EXPECT_EQ(got, numbers(2, 50));
  EXPECT_EQ(first->log.oldest(), 1u);
  first->log.start_epoch(6);
  EXPECT_EQ(first->log.oldest(), 51u) << "of the epoch before there is nothing, whatever the disk still has";
}

TEST_F(lives, retain_nothing_of_another_epoch) {
  auto first = begin(5);
  first->log.append({.name = "e", .arguments = "1", .retain_key = "old"});
  first->log.start_epoch(6);
  first->kept.flush();
  first.reset();
  const auto second = begin(7);
  EXPECT_EQ(second->log.retained().size(), 0u);
  EXPECT_EQ(second->log.beginning(), 2u);
}

// A ledger that has lost its newer slot may know of fewer numbers than were used.
TEST_F(lives, a_number_that_is_on_the_disk_is_not_used_again) {
  auto first = begin(5);
  first->append(3);
  settle(*first, 3);
  end_unclean(std::move(first));
  {
    const std::vector<std::byte> nothing(ledger_slot_size);
    const auto old =
        encode(ledger{.epoch = 5, .next = 2}, 7, read_ledger(read_file(place_ / "journal/ledger"))->secret);
    auto file = read_file(place_ / "journal/ledger");
    file.resize(ledger_file_size);
    std::copy(old.begin(), old.end(), file.begin() + ledger_slot(7));
    std::copy(nothing.begin(), nothing.end(), file.begin() + ledger_slot(8));
    write_file(place_ / "journal/ledger", file);
  }
  const auto second = begin(6);
  EXPECT_EQ(second->log.epoch(), 5u);
  EXPECT_EQ(second->history(), (strings{"1", "2", "3"}));
  second->append(1);
  EXPECT_EQ(second->log.newest(), 4u);
}

TEST_F(lives, what_is_damaged_is_told_and_what_is_whole_is_kept) {
  auto first = begin(5);
  first->append(1500);
  first.reset();
  const auto file = place_ / "journal/0000000000000001.segment";
  auto bytes = read_file(file);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), 100, std::byte{0x5a});
  write_file(file, bytes);
  const auto second = begin(6);
  ASSERT_EQ(second->diagnostics.lines.size(), 1u);
  EXPECT_TRUE(second->diagnostics.lines[0].starts_with("journal: " + file.string() + " is damaged at byte "))
      << second->diagnostics.lines[0];
  const keeper_state state = second->kept.state();
  EXPECT_EQ(state.damaged, 1u);
  EXPECT_TRUE(state.damage.ends_with(" are lost")) << state.damage;
  const auto told = second->history();
  EXPECT_GT(told.size(), 1490u);
  EXPECT_EQ(told.back(), "1500");
  EXPECT_EQ(std::count_if(told.begin(), told.end(), [](const auto& each) { return each.ends_with("crash"); }), 1);
}

TEST_F(lives, a_ledger_that_is_gone_is_told) {
  auto first = begin(5);
  first->append(1);
  first.reset();
  write_file(place_ / "journal/ledger", {});
  const auto second = begin(6);
  EXPECT_EQ(second->log.epoch(), 6u);
  ASSERT_EQ(second->diagnostics.lines.size(), 1u);
  EXPECT_NE(second->diagnostics.lines[0].find("a new epoch begins"), std::string::npos);
}

TEST_F(lives, remember_whose_the_records_are) {
  owner_digest somebody{};
  somebody.fill(std::byte{1});
  auto first = begin(5);
  EXPECT_FALSE(first->kept.owner());
  first->kept.set_owner(somebody);
  first->append(1);
  first.reset();
  const auto second = begin(6);
  EXPECT_EQ(second->kept.owner(), somebody);
}

TEST_F(lives, a_directory_that_is_not_there_costs_durability_and_nothing_else) {
  files_.fail(EROFS, {"open"});
  auto first = begin(5);
  EXPECT_EQ(first->log.epoch(), 5u);
  first->append(3);
  EXPECT_EQ(first->history(), (strings{"1", "2", "3"}));
  EXPECT_EQ(first->diagnostics.lines.size(), 1u);
  EXPECT_EQ(
      first->diagnostics.lines.at(0),
      "journal: cannot open " + config().directory +
          "/ledger: Read-only file system (the daemon must be let write there: see the mount, and ReadWritePaths= of "
          "its "
          "unit); what earlier runs have left in it is kept, and is taken up by the next start; until that works "
          "events are not written to disk, and a restart will miss them; local programs get "
          "them all the same; it is tried again, once a minute at least");
}

// As where a file belongs to another user when the daemon starts, and is given back later.
TEST_F(lives, that_cannot_read_what_is_there_keep_it_for_the_next_one) {
  auto first = begin(5);
  first->append(3);
  const subscriber_record till{.user = 1000, .name = "till", .epoch = 5, .seq = 2, .seen = 7};
  first->kept.keep(0, till);
  first.reset();
  files_.fail(EACCES, {"open"});
  auto second = begin(6);
  EXPECT_EQ(second->log.epoch(), 6u);
  second->append(2);
  files_.heal();
  second->await([&] { return second->diagnostics.lines.size() == 2; });
  const std::string said = second->diagnostics.lines.at(1);
  EXPECT_EQ(
      said.substr(0, said.find("; until")),
      "journal: " + config().directory + " could not be used when this run began, and holds 1 files of events (" +
          std::to_string(std::filesystem::file_size(place_ / "journal/0000000000000001.segment")) +
          " bytes) and 1 named subscribers of earlier runs, which are kept: restart the daemon to take them up, or "
          "erase them with 'roombridgectl forget'");
  second->kept.keep(0, subscriber_record{.user = 2, .name = "other", .epoch = 6, .seq = 1, .seen = 7});
  second->append(1);
  second.reset();
  const auto third = begin(7);
  EXPECT_EQ(third->log.epoch(), 5u);
  const auto told = third->history();
  ASSERT_EQ(told.size(), 4u) << "the events, and that there is a hole behind them";
  EXPECT_EQ(told.at(2), "3");
  EXPECT_THAT(told.at(3), testing::EndsWith("crash"));
  ASSERT_EQ(third->kept.subscribers().size(), 1u);
  EXPECT_EQ(third->kept.subscribers()[0].second, till);
}

TEST_F(lives, that_cannot_read_what_is_there_erase_it_where_it_is_to_be_forgotten) {
  auto first = begin(5);
  first->append(30);
  first.reset();
  files_.fail(EACCES, {"open"});
  auto second = begin(6);
  files_.heal();
  second->await([&] { return second->diagnostics.lines.size() == 2; });
  std::optional<fault> answer;
  second->log.start_epoch(7);
  second->kept.when_erased([&](const fault& wrong) { answer = wrong; });
  second->await([&] { return answer.has_value(); });
  EXPECT_EQ(*answer, std::nullopt);
  second->append(1);
  second.reset();
  const auto third = begin(8);
  EXPECT_EQ(third->log.epoch(), 7u);
  EXPECT_EQ(third->log.newest(), 2u) << "the new epoch's record and one event, and nothing of what there was";
}

TEST_F(lives, make_a_directory_again_that_is_removed) {
  auto first = begin(5);
  const subscriber_record till{.user = 1000, .name = "till", .epoch = 5, .seq = 2, .seen = 7};
  first->kept.keep(3, till);
  first->append(3);
  settle(*first, 3);
  std::filesystem::remove_all(config().directory);
  first->await([&] { return first->diagnostics.lines.size() == 2; });
  EXPECT_THAT(first->diagnostics.lines.at(0), testing::HasSubstr(" was removed or replaced while the daemon ran"));
  EXPECT_EQ(first->diagnostics.lines.at(1), "the journal is written again; so far it lacks 0 events");
  first->append(1);
  first.reset();
  const auto second = begin(6);
  EXPECT_EQ(second->log.epoch(), 5u);
  EXPECT_EQ(second->history().back(), "4");
  ASSERT_EQ(second->kept.subscribers().size(), 1u);
  EXPECT_EQ(second->kept.subscribers()[0].first, 3u);
}

// A ledger that cannot be written protects no number: under the old epoch they might come twice.
TEST_F(lives, an_epoch_whose_numbers_cannot_be_reserved_is_over) {
  auto first = begin(5);
  first->append(3);
  first.reset();
  files_.fail(ENOSPC, {"write"});
  const auto second = begin(6);
  EXPECT_EQ(second->log.epoch(), 6u);
  EXPECT_EQ(second->history(), strings{});
}

TEST_F(lives, an_erasure_is_answered_when_it_is_done) {
  auto first = begin(5);
  first->append(3);
  settle(*first, 3);
  std::optional<fault> answer;
  first->log.start_epoch(6);
  first->kept.when_erased([&](const fault& wrong) { answer = wrong; });
  first->await([&] { return answer.has_value(); });
  EXPECT_EQ(*answer, std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(place_ / "journal/0000000000000001.segment"));
}

TEST_F(lives, an_erasure_that_fails_says_so) {
  auto first = begin(5);
  first->append(3);
  settle(*first, 3);
  files_.fail(EROFS, {"remove"});
  std::optional<fault> answer;
  first->log.start_epoch(6);
  first->kept.when_erased([&](const fault& wrong) { answer = wrong; });
  first->await([&] { return answer.has_value(); });
  EXPECT_EQ(*answer, "journal: cannot remove " + config().directory +
                         "/0000000000000001.segment: Read-only file system"
                         " (the daemon must be let write there: see the mount, and ReadWritePaths= of its unit)");
  answer.reset();
  first->kept.when_erased([&](const fault& wrong) { answer = wrong; });
  EXPECT_TRUE(answer.has_value());
}

// What a queue that is full has still to write is not shown for what it has no room for.
TEST_F(lives, what_is_dropped_is_shown_behind_what_waits_for_the_disk) {
  gated_files files;
  options always = config();
  always.sync = sync_policy::always;
  life first{always, 5, files};
  files.close();
  first.append(1);
  files.await_writer();
  const std::string large(100'000, '1');
  for (int i = 0; i < 60; ++i) {
    first.log.append({.name = "e", .arguments = large});
    first.kept.flush();
  }
  EXPECT_GT(first.kept.state().unwritten, 0u);
  EXPECT_EQ(first.log.cursors().shown(), 0u);
  files.open_up();
  first.await([&] { return first.log.cursors().shown() == 61; });
}

// Whatever the policy: who answers for a record must know when it is on the disk.
TEST_F(lives, tell_when_a_record_is_on_the_disk_or_will_not_be) {
  for (const sync_policy policy : {sync_policy::never, sync_policy::interval, sync_policy::always}) {
    gated_files files;
    options with = config();
    with.sync = policy;
    with.directory += std::to_string(static_cast<int>(policy));
    life first{with, 5, files};
    int told = 0;
    first.kept.on_settled([&] { ++told; });
    files.close();
    first.append(2);
    EXPECT_EQ(first.kept.settled(2), 0u);
    files.await_writer();
    EXPECT_EQ(first.kept.settled(2), 0u);
    files.open_up();
    first.await([&] { return told != 0 && first.kept.settled(2) == 2; });
  }
}

TEST_F(lives, do_not_let_an_answer_wait_for_a_disk_that_fails) {
  auto first = begin(5);
  files_.fail(ENOSPC, {"write"});
  first->append(1);
  first->await([&] { return first->kept.settled(1) == 1; });
  first->append(1);
  first->await([&] { return first->kept.settled(2) == 2; });
}

TEST_F(lives, trouble_and_its_end_are_told_once) {
  auto first = begin(5);
  files_.fail(ENOSPC, {"write"});
  first->append(1);
  first->await([&] { return first->diagnostics.lines.size() == 1; });
  first->append(1);
  files_.heal();
  first->await([&] { return first->diagnostics.lines.size() == 2; });
  EXPECT_EQ(first->diagnostics.lines.at(1), "the journal is written again; so far it lacks 2 events");
}

}  // namespace
}  // namespace roombridge::journal
