// SPDX-License-Identifier: MIT
#include "daemon/journal/writer.hpp"

#include <cerrno>
#include <condition_variable>
#include <mutex>

#include "support.hpp"

namespace roombridge::journal {
namespace {

using namespace std::chrono_literals;

class writers : public testing::Test {
 protected:
  [[nodiscard]] options config() const { return {.directory = (place_ / "journal").string(), .capacity = 64u << 20}; }
  [[nodiscard]] std::unique_ptr<writer> make(file_system& files) {
    auto what = std::make_unique<keeper>(config(), files, present());
    work opening;
    opening.book = book_;
    what->turn(opening, {});
    return std::make_unique<writer>(
        std::move(what),
        [this] {
          const std::lock_guard lock{mutex_};
          ++news_;
          changed_.notify_all();
        },
        [this](std::uint64_t id, std::shared_ptr<const log::history_chunk> chunk) {
          const std::lock_guard lock{mutex_};
          read_.emplace_back(id, std::move(chunk));
          changed_.notify_all();
        });
  }
  bool submit(writer& to, int count, std::size_t size = 1) {
    auto records = source_.events(count, size);
    const bool taken = to.submit(records, static_cast<std::uint64_t>(count), source_.newest());
    EXPECT_TRUE(records.empty());
    return taken;
  }
  void await_news(int count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return news_ >= count; });
  }
  [[nodiscard]] std::vector<log::sequence> on_disk() {
    unsynced_files sound;
    store again{config(), sound, present()};
    EXPECT_EQ(again.open(), std::nullopt);
    found_ = again.found();
    return all_of(again);
  }

  const ledger book_{.epoch = 7, .next = 1'000'000};
  temporary_directory place_;
  recorder source_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int news_ = 0;
  std::vector<std::pair<std::uint64_t, std::shared_ptr<const log::history_chunk>>> read_;
  std::optional<ledger> found_;
};

TEST_F(writers, write_all_before_they_stop) {
  unsynced_files files;
  const auto under_test = make(files);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(submit(*under_test, 10));
  EXPECT_TRUE(under_test->stop({.epoch = 7, .next = 1001}, 1min));
  EXPECT_EQ(under_test->state().written, 1000u);
  EXPECT_EQ(on_disk(), numbers(1, 1000));
  EXPECT_EQ(found_, (ledger{.epoch = 7, .next = 1001}));
}

TEST_F(writers, write_only_the_newest_of_a_subscriber) {
  gated_files files;
  const auto under_test = make(files);
  files.close();
  submit(*under_test, 1);
  files.await_writer();
  subscriber_record till{.user = 1, .name = "till", .epoch = 7};
  for (till.seq = 1; till.seq <= 100; ++till.seq) EXPECT_EQ(under_test->submit(3, till), till.seq);
  files.open_up();
  EXPECT_TRUE(under_test->stop({.epoch = 7, .next = 102}, 1min));
  EXPECT_EQ(under_test->state().subscribers_kept, 100u);
  const auto found = read_subscriber(read_file(place_ / "journal/subscribers"), 3);
  EXPECT_EQ(found->value->seq, 100u);
  EXPECT_EQ(found->generation, 1u);
}

TEST_F(writers, write_at_once_what_came_during_a_write) {
  gated_files files;
  const auto under_test = make(files);
  files.close();
  submit(*under_test, 1);
  files.await_writer();
  for (int i = 0; i < 100; ++i) submit(*under_test, 1);
  files.open_up();
  EXPECT_TRUE(under_test->stop({.epoch = 7, .next = 102}, 1min));
  EXPECT_EQ(under_test->state().writes, 2u);
  EXPECT_EQ(on_disk(), numbers(1, 101));
}

TEST_F(writers, drop_what_the_queue_has_no_room_for) {
  gated_files files;
  const auto under_test = make(files);
  files.close();
  submit(*under_test, 1);
  files.await_writer();
  EXPECT_TRUE(submit(*under_test, 4, 1'000'000));
  EXPECT_FALSE(submit(*under_test, 1, 1'000'000));
  EXPECT_TRUE(submit(*under_test, 1));
  EXPECT_EQ(under_test->state().unwritten, 1u);
  files.open_up();
  EXPECT_TRUE(under_test->stop({.epoch = 7, .next = 8}, 1min));
  EXPECT_EQ(under_test->state().unwritten, 1u);
  EXPECT_EQ(on_disk(), (std::vector<log::sequence>{1, 2, 3, 4, 5, 7}));
}

TEST_F(writers, a_new_epoch_voids_what_is_queued) {
  gated_files files;
  const auto under_test = make(files);
  files.close();
  submit(*under_test, 1);
  files.await_writer();
  submit(*under_test, 5);
  under_test->submit({.epoch = 8, .next = 1'000'000});
  submit(*under_test, 2);
  files.open_up();
  EXPECT_TRUE(under_test->stop({.epoch = 8, .next = 9}, 1min));
  EXPECT_EQ(on_disk(), numbers(7, 8));
  EXPECT_EQ(found_->epoch, 8u);
}

TEST_F(writers, tell_of_a_ledger_that_is_on_the_disk_and_of_trouble) {
  failing_files files;
  const auto under_test = make(files);
  under_test->submit({.epoch = 7, .next = 2'000'000});
  await_news(1);
  EXPECT_EQ(under_test->state().book.next, 2'000'000u);
  EXPECT_TRUE(under_test->stop({.epoch = 7, .next = 1}, 1min));
  EXPECT_EQ(news_, 2);
}

TEST_F(writers, go_on_when_the_disk_fails) {
  failing_files files;
  const auto under_test = make(files);
  files.fail(ENOSPC, {"write"});
  submit(*under_test, 1);
  await_news(1);
  EXPECT_NE(under_test->state().trouble, "");
  submit(*under_test, 1);
  EXPECT_TRUE(under_test->stop({.epoch = 7, .next = 3}, 1min));
  EXPECT_EQ(under_test->state().unwritten, 2u);
  EXPECT_EQ(on_disk(), numbers(1, 0));
  EXPECT_EQ(found_, book_);
}

TEST_F(writers, read_behind_all_that_was_submitted_before) {
  gated_files files;
  const auto under_test = make(files);
  files.close();
  submit(*under_test, 2);
  files.await_writer();
  submit(*under_test, 3);
  under_test->read({.id = 8, .epoch = 7, .from = {.after = 1}, .max_bytes = 1u << 16});
  under_test->read({.id = 9, .epoch = 6, .from = {}, .max_bytes = 1u << 16});
  files.open_up();
  {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return read_.size() == 2; });
  }
  EXPECT_TRUE(under_test->stop({.epoch = 7, .next = 6}, 1min));
  EXPECT_EQ(read_[0].first, 8u);
  std::vector<log::sequence> seqs;
  for (const auto& each : read_[0].second->records) seqs.push_back(each.seq);
  EXPECT_EQ(seqs, numbers(2, 5));
  EXPECT_TRUE(read_[0].second->at_end);
  EXPECT_EQ(read_[1].first, 9u);
  EXPECT_TRUE(read_[1].second->records.empty()) << "of another epoch";
  EXPECT_TRUE(read_[1].second->at_end);
}

TEST_F(writers, are_not_waited_for_beyond_all_patience) {
  static auto* const forever = new gated_files;  // for the thread, which nobody joins
  gated_files& files = *forever;
  const auto under_test = make(files);
  files.close();
  submit(*under_test, 1);
  files.await_writer();
  EXPECT_FALSE(under_test->stop({.epoch = 7, .next = 2}, 1ms));
  files.open_up();
}

}  // namespace
}  // namespace roombridge::journal
