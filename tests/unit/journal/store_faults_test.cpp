// SPDX-License-Identifier: MIT
// Disks that are full, read-only, slow to take a write whole, or that lose what they took.
#include <cerrno>
#include <set>

#include "support.hpp"

namespace roombridge::journal {
namespace {

constexpr wall_time start{std::chrono::hours{500'000}};

class faults : public testing::Test {
 protected:
  [[nodiscard]] options config() const { return {.directory = (place_ / "journal").string(), .capacity = 8u << 20}; }
  void begin() {
    ASSERT_EQ(store_.open(), std::nullopt);
    ASSERT_EQ(store_.write({.epoch = 7, .next = 1'000'000}), std::nullopt);
  }
  fault append(int count) {
    auto records = source_.events(count);
    return store_.append(records, at(start));
  }
  [[nodiscard]] std::vector<log::sequence> after_a_restart() {
    failing_files sound;
    options elsewhere = config();
    elsewhere.directory = (place_ / "copy").string();
    std::filesystem::remove_all(elsewhere.directory);
    std::filesystem::copy(config().directory, elsewhere.directory);
    store next{elsewhere, sound, at(start)};
    EXPECT_EQ(next.open(), std::nullopt);
    return all_of(next);
  }

  temporary_directory place_;
  failing_files files_;
  recorder source_;
  store store_{config(), files_, at(start)};
};

TEST_F(faults, a_write_that_takes_few_bytes_at_a_time_is_finished) {
  begin();
  files_.set([](std::string_view call, int) { return call == "write" ? -7 : 0; });
  EXPECT_EQ(append(3), std::nullopt);
  EXPECT_EQ(after_a_restart(), numbers(1, 3));
}

TEST_F(faults, a_full_disk_leaves_no_torn_record_and_another_segment_follows) {
  begin();
  ASSERT_EQ(append(2), std::nullopt);
  int writes = 0;
  files_.set([&writes](std::string_view call, int) { return call != "write" ? 0 : ++writes == 1 ? -50 : ENOSPC; });
  const fault wrong = append(2);
  ASSERT_TRUE(wrong);
  EXPECT_EQ(
      *wrong,
      "journal: cannot write " + config().directory +
          "/0000000000000001.segment: No space left on device (free space there, or make journal.capacity smaller)");
  files_.heal();
  EXPECT_EQ(append(2), std::nullopt);
  EXPECT_EQ(store_.segments(), 2u);
  EXPECT_EQ(after_a_restart(), (std::vector<log::sequence>{1, 2, 5, 6}));
}

TEST_F(faults, a_torn_record_that_cannot_be_cut_off_ends_its_segment) {
  begin();
  ASSERT_EQ(append(2), std::nullopt);
  int writes = 0;
  files_.set([&writes](std::string_view call, int) {
    if (call == "truncate") return EIO;
    return call != "write" ? 0 : ++writes == 1 ? -50 : EIO;
  });
  ASSERT_TRUE(append(2));
  files_.heal();
  EXPECT_EQ(append(1), std::nullopt);
  EXPECT_EQ(after_a_restart(), (std::vector<log::sequence>{1, 2, 5}));
}

TEST_F(faults, after_a_failed_sync_the_segment_is_not_used_again) {
  begin();
  ASSERT_EQ(append(2), std::nullopt);
  files_.fail(EIO, {"sync"});
  ASSERT_TRUE(store_.sync());
  files_.heal();
  const int syncs = files_.calls("sync");
  EXPECT_EQ(store_.sync(), std::nullopt);
  EXPECT_EQ(files_.calls("sync"), syncs);
  ASSERT_EQ(append(1), std::nullopt);
  EXPECT_EQ(store_.segments(), 2u);
  EXPECT_EQ(store_.sync(), std::nullopt);
  EXPECT_EQ(files_.calls("sync"), syncs + 1);
}

TEST_F(faults, a_ledger_that_is_not_on_the_disk_does_not_count) {
  begin();
  files_.fail(ENOSPC, {"write"});
  EXPECT_TRUE(store_.write({.epoch = 7, .next = 2'000'000}));
  EXPECT_EQ(store_.found()->next, 1'000'000u);
  files_.fail(EIO, {"sync"});
  EXPECT_TRUE(store_.write({.epoch = 7, .next = 2'000'000}));
  EXPECT_EQ(store_.found()->next, 1'000'000u);
  files_.heal();
  EXPECT_EQ(store_.write({.epoch = 7, .next = 2'000'000}), std::nullopt);
  EXPECT_EQ(store_.found()->next, 2'000'000u);
}

TEST_F(faults, what_could_not_be_erased_is_erased_with_the_next_ledger) {
  begin();
  ASSERT_EQ(append(2), std::nullopt);
  files_.fail(EROFS, {"remove"});
  const fault wrong = store_.write({.epoch = 8, .next = 1'000'000});
  ASSERT_TRUE(wrong);
  EXPECT_EQ(*wrong, "journal: cannot remove " + config().directory +
                        "/0000000000000001.segment: Read-only file system"
                        " (the daemon must be let write there: see the mount, and ReadWritePaths= of its unit)");
  EXPECT_EQ(after_a_restart(), numbers(1, 0));
  files_.heal();
  EXPECT_EQ(store_.write({.epoch = 8, .next = 1'000'000}), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(config().directory + "/0000000000000001.segment"));
}

// Every call fails once, each way that such a call can; whatever happens, what the store said it has is there after a
// restart, in order, and nothing that was never appended.
TEST_F(faults, one_at_every_call_in_turn) {
  constexpr int batches = 5;  // of two records; two of them fill a segment
  std::vector<std::vector<std::byte>> batch;
  while (batch.size() < batches) batch.push_back(source_.events(2, 300'000));
  for (const int error : {ENOSPC, EIO, EROFS, -3}) {
    for (int failing = 0;; ++failing) {
      const temporary_directory place;
      failing_files files;
      options config{.directory = (place / "journal").string(), .capacity = 8u << 20};
      files.set([&](std::string_view, int number) { return number == failing ? error : 0; });
      std::vector<log::sequence> promised;
      std::set<log::sequence> appended;
      {
        store under_test{config, files, at(start)};
        for (int tries = 0; under_test.open() && tries < 2; ++tries) {
        }
        ASSERT_TRUE(under_test.is_open());
        for (int tries = 0; under_test.write({.epoch = 7, .next = 1'000'000}) && tries < 2; ++tries) {
        }
        for (auto records : batch) {
          const log::sequence seq = record_seq(records);
          appended.insert({seq, seq + 1});
          const fault wrong = under_test.append(records, at(start));
          if (!wrong && !under_test.sync()) promised.insert(promised.end(), {seq, seq + 1});
        }
      }
      const bool all_went_well = files.calls() <= failing;
      files.heal();
      store again{config, files, at(start)};
      ASSERT_EQ(again.open(), std::nullopt);
      ASSERT_EQ(again.found(), (ledger{.epoch = 7, .next = 1'000'000}));
      const auto kept = all_of(again);
      ASSERT_TRUE(std::is_sorted(kept.begin(), kept.end()));
      ASSERT_TRUE(std::includes(kept.begin(), kept.end(), promised.begin(), promised.end())) << failing;
      ASSERT_TRUE(std::includes(appended.begin(), appended.end(), kept.begin(), kept.end())) << failing;
      if (all_went_well) {
        ASSERT_EQ(promised.size(), 2u * batches);
        break;
      }
    }
  }
}

// A disk that fails gives errors more often than wrong bytes.
class unreadable_stores : public testing::Test {
 protected:
  [[nodiscard]] options config() const { return {.directory = (place_ / "journal").string(), .capacity = 8u << 20}; }
  // Records of 20,000 bytes; segments of 1 MiB.
  void fill(int count, bool clean) {
    store first{config(), files_, at(start)};
    ASSERT_EQ(first.open(), std::nullopt);
    ASSERT_EQ(first.write({.epoch = 7, .next = 1'000'000}), std::nullopt);
    for (int i = 0; i < count; ++i) {
      auto records = source_.events(1, 20'000);
      ASSERT_EQ(first.append(records, at(start)), std::nullopt);
    }
    ASSERT_EQ(first.write({.epoch = 7, .next = source_.newest() + 1, .clean = clean}), std::nullopt);
  }
  [[nodiscard]] std::unique_ptr<store> next_life() {
    auto out = std::make_unique<store>(config(), files_, at(start));
    EXPECT_EQ(out->open(), std::nullopt);
    EXPECT_EQ(out->write({.epoch = 7, .next = 1'000'000}), std::nullopt);
    return out;
  }
  [[nodiscard]] std::uintmax_t size_of(const std::string& name) const {
    return std::filesystem::file_size(config().directory + '/' + name);
  }

  static constexpr const char* first_name = "0000000000000001.segment";
  temporary_directory place_;
  failing_files files_;
  recorder source_;
};

TEST_F(unreadable_stores, pass_over_a_page_that_the_disk_does_not_give) {
  fill(10, true);
  const auto size = size_of(first_name);
  files_.spoil(first_name, 90'000);
  const auto under_test = next_life();
  EXPECT_EQ(all_of(*under_test), (std::vector<log::sequence>{1, 2, 3, 4, 6, 7, 8, 9, 10}));
  EXPECT_EQ(size_of(first_name), size);
  ASSERT_EQ(under_test->damages().size(), 1u);
  EXPECT_EQ(under_test->damages()[0].first, 5u);
  EXPECT_EQ(under_test->damages()[0].last, 5u);
  EXPECT_EQ(read_all(*under_test, {}).seqs, (std::vector<log::sequence>{1, 2, 3, 4, 6, 7, 8, 9, 10}));
  EXPECT_EQ(under_test->damaged(), 1u);
}

TEST_F(unreadable_stores, leave_the_end_of_the_newest_file_that_the_disk_does_not_give) {
  fill(10, true);
  const auto size = size_of(first_name);
  files_.spoil(first_name, static_cast<off_t>(size) - 1);
  const auto under_test = next_life();
  EXPECT_EQ(all_of(*under_test), numbers(1, 9));
  EXPECT_EQ(size_of(first_name), size);
  EXPECT_EQ(under_test->torn(), 0u);
  EXPECT_EQ(under_test->damaged(), 1u);
  auto records = source_.events(1);
  ASSERT_EQ(under_test->append(records, at(start)), std::nullopt);
  EXPECT_EQ(under_test->segments(), 2u);
  EXPECT_EQ(size_of(first_name), size);
}

TEST_F(unreadable_stores, keep_a_file_whose_first_page_the_disk_does_not_give) {
  fill(10, true);
  files_.spoil(first_name, 0);
  EXPECT_EQ(all_of(*next_life()), numbers(2, 10));
}

TEST_F(unreadable_stores, keep_a_file_of_which_the_disk_gives_nothing) {
  fill(10, true);
  const auto size = size_of(first_name);
  for (off_t at = 0; at < static_cast<off_t>(size); at += 4096) files_.spoil(first_name, at);
  {
    const auto under_test = next_life();
    EXPECT_EQ(all_of(*under_test), numbers(1, 0));
    EXPECT_EQ(under_test->damaged(), 1u);
  }
  EXPECT_EQ(size_of(first_name), size);
}

TEST_F(unreadable_stores, keep_a_file_that_cannot_be_opened_and_say_why) {
  fill(100, true);
  files_.shut(first_name, EACCES);
  const auto under_test = next_life();
  EXPECT_EQ(under_test->segments(), 2u);
  ASSERT_TRUE(std::filesystem::exists(config().directory + '/' + first_name));
  const auto kept = all_of(*under_test);
  ASSERT_FALSE(kept.empty());
  EXPECT_EQ(kept, numbers(kept.front(), 100));
  ASSERT_EQ(under_test->damaged(), 1u);
  EXPECT_EQ(to_text(under_test->damages()[0]),
            "0000000000000001.segment cannot be read at byte 0 (Permission denied): events 1 to " +
                std::to_string(kept.front() - 1) + " are lost");
  EXPECT_EQ(read_all(*under_test, {}).seqs, kept);
  EXPECT_EQ(under_test->damaged(), 1u);
}

TEST_F(unreadable_stores, tell_of_a_file_that_cannot_be_opened_any_more) {
  fill(100, true);
  const auto under_test = next_life();
  EXPECT_EQ(all_of(*under_test), numbers(1, 100));
  files_.shut(first_name, EMFILE);
  const auto kept = read_all(*under_test, {}).seqs;
  EXPECT_EQ(kept, numbers(kept.front(), 100));
  ASSERT_EQ(under_test->damaged(), 1u);
  EXPECT_EQ(under_test->damages()[0].first, 1u);
  EXPECT_EQ(under_test->damages()[0].last, kept.front() - 1);
}

TEST_F(unreadable_stores, tell_what_they_cut_off_behind_a_clean_stop) {
  fill(10, true);
  std::filesystem::resize_file(config().directory + '/' + first_name, size_of(first_name) - 30'000);
  const auto under_test = next_life();
  EXPECT_EQ(all_of(*under_test), numbers(1, 8));
  ASSERT_EQ(under_test->damaged(), 1u);
  EXPECT_EQ(under_test->damages()[0].first, 9u);
  EXPECT_EQ(under_test->damages()[0].last, 10u);
}

TEST_F(unreadable_stores, tell_of_nothing_where_a_crash_has_torn_the_end) {
  fill(10, false);
  std::filesystem::resize_file(config().directory + '/' + first_name, size_of(first_name) - 30'000);
  const auto under_test = next_life();
  EXPECT_EQ(all_of(*under_test), numbers(1, 8));
  EXPECT_EQ(under_test->damaged(), 0u);
}

TEST_F(unreadable_stores, tell_of_a_file_that_was_emptied_behind_a_clean_stop) {
  fill(10, true);
  std::filesystem::resize_file(config().directory + '/' + first_name, 0);
  const auto under_test = next_life();
  ASSERT_EQ(under_test->damaged(), 1u);
  EXPECT_EQ(to_text(under_test->damages()[0]), std::string{first_name} + " is damaged at byte 0");
}

TEST_F(unreadable_stores, tell_of_the_newest_file_that_was_removed_behind_a_clean_stop) {
  fill(100, true);
  std::set<std::filesystem::path> files;
  for (const auto& each : std::filesystem::directory_iterator(config().directory)) {
    if (each.path().extension() == ".segment") files.insert(each.path());
  }
  ASSERT_GT(files.size(), 1u);
  std::filesystem::remove(*files.rbegin());
  const auto under_test = next_life();
  ASSERT_EQ(under_test->damaged(), 1u);
  EXPECT_EQ(under_test->damages()[0].error, ENOENT);
  EXPECT_EQ(under_test->damages()[0].first, under_test->newest() + 1);
  EXPECT_EQ(under_test->damages()[0].last, 100u);
}

TEST_F(unreadable_stores, tell_of_a_whole_file_that_is_damaged_behind_a_clean_stop) {
  fill(10, true);
  auto bytes = read_file(config().directory + '/' + first_name);
  std::fill(bytes.begin() + segment_header_size, bytes.end(), std::byte{});
  write_file(config().directory + '/' + first_name, bytes);
  const auto under_test = next_life();
  ASSERT_EQ(under_test->damaged(), 1u);
  EXPECT_EQ(under_test->damages()[0].first, 1u);
  EXPECT_EQ(under_test->damages()[0].last, 10u);
}

TEST_F(unreadable_stores, count_no_more_damages_than_they_can_tell_apart) {
  fill(260, true);
  for (const auto& each : std::filesystem::directory_iterator{config().directory}) {
    if (each.path().extension() != ".segment") continue;
    for (off_t at = 30'000; at < static_cast<off_t>(each.file_size()); at += 40'200) {
      files_.spoil(each.path().filename().string(), at);
    }
  }
  const auto under_test = next_life();
  const auto kept = all_of(*under_test);
  ASSERT_LT(kept.size(), 260 - store::most_damages);
  const auto damaged = under_test->damaged();
  EXPECT_EQ(read_all(*under_test, {}).seqs, kept);
  EXPECT_EQ(under_test->damaged(), damaged);
  EXPECT_EQ(under_test->damages().size(), damaged);
}

}  // namespace
}  // namespace roombridge::journal
