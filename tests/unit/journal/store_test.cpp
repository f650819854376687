// SPDX-License-Identifier: MIT
#include "daemon/journal/store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "support.hpp"

namespace roombridge::journal {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr wall_time start{std::chrono::hours{500'000}};

class stores : public testing::Test {
 protected:
  [[nodiscard]] options config() const { return {.directory = path(), .capacity = 64u << 20}; }
  [[nodiscard]] std::string path() const { return (place_ / "journal").string(); }
  [[nodiscard]] std::vector<fs::path> segments() const {
    std::vector<fs::path> out;
    for (const auto& each : fs::directory_iterator{path()}) {
      if (each.path().extension() == ".segment") out.push_back(each.path());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  void append(store& to, std::vector<std::byte> records, wall_time now = start) {
    ASSERT_EQ(to.append(records, at(now)), std::nullopt);
  }
  // A directory of epoch 7 with these records of one byte each.
  void fill(int count, log::sequence next = 1'000'000) {
    store first{config(), files_, at(start)};
    ASSERT_EQ(first.open(), std::nullopt);
    ASSERT_EQ(first.write({.epoch = 7, .next = next}), std::nullopt);
    append(first, source_.events(count));
  }

  temporary_directory place_;
  unsynced_files files_;
  recorder source_;
};

TEST_F(stores, an_empty_directory_knows_nothing) {
  store first{config(), files_, at(start)};
  ASSERT_EQ(first.open(), std::nullopt);
  EXPECT_FALSE(first.found());
  EXPECT_EQ(all_of(first), numbers(1, 0));
  EXPECT_EQ(first.bytes(), 0u);
}

TEST_F(stores, give_back_what_was_appended) {
  fill(3);
  store second{config(), files_, at(start)};
  ASSERT_EQ(second.open(), std::nullopt);
  EXPECT_EQ(second.found()->epoch, 7u);
  EXPECT_EQ(second.found()->next, 1'000'000u);
  EXPECT_EQ(all_of(second), numbers(1, 3));
  append(second, source_.events(2));
  EXPECT_EQ(all_of(second), numbers(1, 5));
  EXPECT_EQ(second.segments(), 1u);
  EXPECT_EQ(second.bytes(), fs::file_size(segments().front()));
}

TEST_F(stores, are_for_one_user_only) {
  ::umask(0);
  fill(1);
  ::umask(022);
  struct stat about {};
  ASSERT_EQ(::stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0700u);
  for (const auto& each : fs::directory_iterator{path()}) {
    ASSERT_EQ(::stat(each.path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777, 0600u) << each.path();
  }
}

TEST_F(stores, take_no_directory_that_others_may_write) {
  fill(1);
  const std::string begin = "journal: the directory " + path();
  for (const mode_t mode : {0777u, 01777u, 0702u}) {
    ASSERT_EQ(::chmod(path().c_str(), mode), 0);
    store second{config(), files_, at(start)};
    const fault wrong = second.open();
    ASSERT_TRUE(wrong) << std::oct << mode;
    EXPECT_TRUE(wrong->starts_with(begin + " has mode ")) << *wrong;
    EXPECT_TRUE(wrong->ends_with("chmod go-w " + path())) << *wrong;
    EXPECT_FALSE(second.is_open());
  }
  ASSERT_EQ(::chmod(path().c_str(), 0755), 0);
  store third{config(), files_, at(start)};
  ASSERT_EQ(third.open(), std::nullopt);
  EXPECT_EQ(all_of(third), numbers(1, 1));
}

TEST_F(stores, take_no_directory_of_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  fill(1);
  ASSERT_EQ(::chown(path().c_str(), 1000, 0), 0);
  store second{config(), files_, at(start)};
  const fault wrong = second.open();
  ASSERT_TRUE(wrong);
  EXPECT_TRUE(wrong->ends_with("chown 0 " + path())) << *wrong;
}

TEST_F(stores, do_not_share_a_directory) {
  store first{config(), files_, at(start)};
  ASSERT_EQ(first.open(), std::nullopt);
  store second{config(), files_, at(start)};
  const fault wrong = second.open();
  ASSERT_TRUE(wrong);
  EXPECT_EQ(*wrong, "journal: another process uses " + path() + "; give each its own");
  EXPECT_FALSE(second.is_open());
}

TEST_F(stores, say_what_is_wrong_with_the_directory) {
  options nowhere = config();
  nowhere.directory = (place_ / "none/journal").string();
  store first{nowhere, files_, at(start)};
  EXPECT_EQ(first.open(), "journal: cannot make " + nowhere.directory +
                              ": No such file or directory (the directory in which it is to lie must be there)");
}

TEST_F(stores, say_what_to_do_about_something_else_in_their_place) {
  write_file(path(), {});
  store first{config(), files_, at(start)};
  EXPECT_EQ(first.open(),
            "journal: cannot open " + path() + ": Not a directory (something else has this name: move that away)");
  fs::remove(path());
  EXPECT_EQ(first.open(), std::nullopt);
}

// The whole of recovery: a file that ends anywhere gives all records that are whole, and goes on behind them.
TEST_F(stores, cut_at_any_byte_go_on_behind_the_last_whole_record) {
  fill(4);
  const fs::path file = segments().front();
  const auto whole = read_file(file);
  const std::size_t record = (whole.size() - segment_header_size) / 4;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    write_file(file, std::span{whole}.first(size));
    const std::size_t kept = size < segment_header_size ? 0 : (size - segment_header_size) / record;
    {
      store again{config(), files_, at(start)};
      ASSERT_EQ(again.open(), std::nullopt);
      ASSERT_EQ(all_of(again), numbers(1, kept)) << size;
      ASSERT_EQ(again.write({.epoch = 7, .next = 2'000'000}), std::nullopt);
      recorder later{100};
      append(again, later.events(1));
    }
    store last{config(), files_, at(start)};
    ASSERT_EQ(last.open(), std::nullopt);
    auto expected = numbers(1, kept);
    expected.push_back(100);
    ASSERT_EQ(all_of(last), expected) << size;
    for (const auto& each : segments()) fs::remove(each);
  }
}

class damaged_stores : public stores {
 protected:
  // Five records of 500,000 bytes in segments of 1 MiB, two in each.
  [[nodiscard]] std::unique_ptr<store> full() {
    auto out = open();
    EXPECT_EQ(out->write({.epoch = 7, .next = 1'000'000}), std::nullopt);
    for (int i = 0; i < 5; ++i) append(*out, source_.events(1, 500'000));
    EXPECT_EQ(out->segments(), 3u);
    return out;
  }
  [[nodiscard]] std::unique_ptr<store> open() {
    options small = config();
    small.capacity = 8u << 20;
    auto out = std::make_unique<store>(small, files_, at(start));
    EXPECT_EQ(out->open(), std::nullopt);
    return out;
  }
  void damage_file(std::size_t which, std::size_t at, std::size_t size = 100) {
    auto bytes = read_file(segments().at(which));
    for (std::size_t i = 0; i < size; ++i) bytes.at(at + i) ^= std::byte{0x5a};
    write_file(segments().at(which), bytes);
  }
};

TEST_F(damaged_stores, lose_what_is_damaged_and_say_so) {
  full().reset();
  damage_file(0, segment_header_size + 100'000);
  const auto second = open();
  EXPECT_EQ(all_of(*second), numbers(2, 5));
  ASSERT_EQ(second->damages().size(), 1u);
  EXPECT_EQ(to_text(second->damages()[0]), "0000000000000001.segment is damaged at byte 48: event 1 is lost");
  EXPECT_EQ(read_all(*second, {}).seqs, numbers(2, 5));
  EXPECT_EQ(second->damaged(), 1u) << "read again it is the same";
}

TEST_F(damaged_stores, keep_all_of_a_file_whose_header_is_damaged_and_write_to_another) {
  full().reset();
  damage_file(2, 20, 20);
  const auto second = open();
  EXPECT_EQ(all_of(*second), numbers(1, 5));
  EXPECT_EQ(second->damages().at(0).file, "0000000000000005.segment");
  append(*second, source_.events(1));
  EXPECT_EQ(second->segments(), 4u);
  EXPECT_EQ(all_of(*second), numbers(1, 6));
  EXPECT_EQ(second->damaged(), 1u);
}

TEST_F(damaged_stores, tell_of_the_end_of_a_file_too) {
  full().reset();
  damage_file(1, segment_header_size + 700'000);
  const auto second = open();
  EXPECT_EQ(all_of(*second), (std::vector<log::sequence>{1, 2, 3, 5}));
  EXPECT_EQ(second->damages().at(0).first, 4u);
  EXPECT_EQ(second->damages().at(0).last, 4u);
}

TEST_F(damaged_stores, go_on_behind_what_is_whole_in_the_newest_file) {
  fill(1500);
  damage_file(0, fs::file_size(segments()[0]) / 2);
  store second{config(), files_, at(start)};
  ASSERT_EQ(second.open(), std::nullopt);
  EXPECT_EQ(second.newest(), 1500u);
  append(second, source_.events(1));
  const auto kept = all_of(second);
  EXPECT_GE(kept.size(), 1495u);
  EXPECT_EQ(kept.back(), 1501u);
  EXPECT_EQ(second.segments(), 1u);
  EXPECT_EQ(second.damages().at(0).last - second.damages().at(0).first + 1, 1501 - kept.size());
}

TEST_F(damaged_stores, are_noticed_while_they_are_read) {
  const auto first = full();
  EXPECT_EQ(all_of(*first), numbers(1, 5));
  append(*first, source_.events(9, 100));
  EXPECT_EQ(first->damaged(), 0u);
  damage_file(2, fs::file_size(segments()[2]) - 500, 10);
  const auto got = read_all(*first, {.after = 3}).seqs;
  EXPECT_EQ(got.size(), 10u);
  EXPECT_EQ(first->damaged(), 1u);
}

// As an earlier version has left it.
TEST_F(damaged_stores, read_what_the_first_version_has_written_and_write_to_another_file) {
  fill(3);
  auto bytes = read_file(segments()[0]);
  auto old = encode(segment_header{.epoch = 7, .first = 1, .begun = start.time_since_epoch().count(), .version = 1});
  std::vector<std::byte> file{old.begin(), old.end()};
  for (auto rest = std::span{bytes}.subspan(segment_header_size); !rest.empty();) {
    const auto size = record_size(rest);
    const auto record = rest.subspan(mark_size, size - mark_size);
    file.insert(file.end(), record.begin(), record.end());
    rest = rest.subspan(size);
  }
  write_file(segments()[0], file);
  store second{config(), files_, at(start)};
  ASSERT_EQ(second.open(), std::nullopt);
  EXPECT_EQ(all_of(second), numbers(1, 3));
  append(second, source_.events(2));
  EXPECT_EQ(second.segments(), 2u);
  EXPECT_EQ(all_of(second), numbers(1, 5));
  EXPECT_EQ(read_all(second, {}).seqs, numbers(1, 5));
  EXPECT_EQ(second.damaged(), 0u);
}

// Whatever is damaged: what does not touch it comes, in the same order by both ways, and each number that is missing is
// told.
TEST_F(damaged_stores, lose_no_more_than_is_damaged) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  const auto below = [&random](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>{0, most - 1}(random);
  };
  {
    auto first = open();
    ASSERT_EQ(first->write({.epoch = 7, .next = 1'000'000}), std::nullopt);
    for (int i = 0; i < 300; ++i) append(*first, source_.events(5, 1 + below(i % 50 == 0 ? 100'000 : 3'000)));
    ASSERT_EQ(all_of(*first).front(), 1u) << "all of it fits";
  }
  std::vector<std::vector<std::byte>> whole;
  for (const auto& each : segments()) whole.push_back(read_file(each));
  for (int round = 0; round < 30; ++round) {
    const auto files = segments();
    std::vector<log::sequence> expected;
    for (std::size_t which = 0; which < files.size(); ++which) {
      auto bytes = whole[which];
      for (auto places = below(3); places > 0; --places) {
        const auto at = below(bytes.size());
        for (auto size = std::min(1 + below(3'000), bytes.size() - at); size > 0; --size) {
          bytes[at + size - 1] = static_cast<std::byte>(below(256));
        }
      }
      const std::span<const std::byte> before{whole[which]};
      for (std::size_t at = segment_header_size; at < before.size();) {
        const auto record = before.subspan(at, record_size(before.subspan(at)));
        if (std::equal(record.begin(), record.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at))) {
          expected.push_back(record_seq(record));
        }
        at += record.size();
      }
      write_file(files[which], bytes);
    }
    const auto again = open();
    ASSERT_EQ(all_of(*again), expected) << round;
    std::vector<log::sequence> told = expected;
    for (const damage& each : again->damages()) {
      for (auto seq = each.first; seq <= each.last; ++seq) told.push_back(seq);
    }
    std::sort(told.begin(), told.end());
    ASSERT_EQ(told, numbers(1, again->newest())) << round;
    const auto known = again->damaged();
    ASSERT_EQ(read_all(*again, {}, 1'000 + below(60'000)).seqs, expected) << round;
    ASSERT_EQ(again->damaged(), known) << round;
    for (const auto& each : segments()) fs::remove(each);
    for (std::size_t which = 0; which < files.size(); ++which) write_file(files[which], whole[which]);
  }
}

TEST_F(stores, keep_to_their_capacity) {
  options small = config();
  small.capacity = 4u << 20;
  store first{small, files_, at(start)};
  ASSERT_EQ(first.open(), std::nullopt);
  ASSERT_EQ(first.write({.epoch = 7, .next = 1'000'000}), std::nullopt);
  for (int i = 0; i < 40; ++i) {
    append(first, source_.events(3, 100'000));
    std::size_t on_disk = 0;
    for (const auto& each : segments()) on_disk += fs::file_size(each);
    ASSERT_EQ(on_disk, first.bytes());
    ASSERT_LE(on_disk, small.capacity);
  }
  const auto left = all_of(first);
  EXPECT_EQ(left, numbers(left.front(), 120));
  EXPECT_GE(left.size(), 30u);
}

class read_stores : public stores {
 protected:
  // Segments of about 1 MiB.
  [[nodiscard]] std::unique_ptr<store> full() {
    options small = config();
    small.capacity = 16u << 20;
    auto out = std::make_unique<store>(small, files_, at(start));
    EXPECT_EQ(out->open(), std::nullopt);
    EXPECT_EQ(out->write({.epoch = 7, .next = 1'000'000}), std::nullopt);
    for (int i = 0; i < 30; ++i) append(*out, source_.events(10, 10'000));
    EXPECT_GT(out->segments(), 2u);
    return out;
  }
};

TEST_F(read_stores, from_any_place_give_all_behind_it) {
  const auto from = full();
  EXPECT_EQ(from->oldest(), 1u);
  for (const log::sequence after : {0u, 1u, 99u, 150u, 299u, 300u, 400u}) {
    EXPECT_EQ(read_all(*from, {.after = after}).seqs, numbers(after + 1, 300)) << after;
  }
}

TEST_F(read_stores, give_no_more_at_a_time_than_they_are_asked_for) {
  const auto from = full();
  const auto got = read_all(*from, {.after = 0}, 50'000);
  EXPECT_LE(got.largest, 50'000u);
  EXPECT_GE(got.chunks, 300u / 5);
  EXPECT_EQ(got.seqs, numbers(1, 300));
}

TEST_F(read_stores, give_one_record_that_is_larger) {
  const auto from = full();
  EXPECT_EQ(read_all(*from, {.after = 250}, 5'000).seqs, numbers(251, 300));
}

TEST_F(read_stores, go_on_with_what_was_written_since) {
  const auto from = full();
  log::history_place place{.after = 300};
  log::history_chunk chunk;
  while (!from->read_on(place, 1u << 16, chunk)) {
  }
  EXPECT_TRUE(chunk.at_end);
  append(*from, source_.events(3));
  EXPECT_EQ(read_all(*from, chunk.next).seqs, numbers(301, 303));
}

TEST_F(read_stores, give_records_as_the_log_has_them) {
  store from{config(), files_, at(start)};
  ASSERT_EQ(from.open(), std::nullopt);
  ASSERT_EQ(from.write({.epoch = 7, .next = 1'000'000}), std::nullopt);
  append(from, source_.event(2, "first", {"shop-7", "", "user-1"}));
  append(from, source_.event_with({"a=1"}, "key"));
  append(from, source_.unexpected_event());
  log::history_place place;
  log::history_chunk chunk;
  ASSERT_TRUE(from.read_on(place, 1u << 16, chunk));
  ASSERT_EQ(chunk.records.size(), 3u);
  EXPECT_EQ(chunk.oldest, 1u);
  const log::record& first = chunk.records[0];
  EXPECT_EQ(first.name, "first");
  EXPECT_EQ(first.kind, log::record_kind::event);
  EXPECT_EQ(first.matched_name(), "first");
  EXPECT_EQ(first.topics.size(), 3u);
  for (const char* topic : {"shop-7", "", "user-1"}) EXPECT_TRUE(first.topics.contains(topic)) << topic;
  EXPECT_TRUE(chunk.records[1].fields.contains("a=1"));
  EXPECT_EQ(chunk.records[1].topics.size(), 0u);
  EXPECT_TRUE(chunk.records[2].unexpected);
  const std::string frame{reinterpret_cast<const char*>(first.frame.data()), first.frame.size()};
  EXPECT_TRUE(frame.ends_with("[11]"));
  EXPECT_EQ(chunk.records[1].frame.data(), first.frame.data() + first.frame.size()) << "side by side";
}

// What the log has of a short text takes more than its place in the file.
TEST_F(read_stores, have_room_for_many_short_texts) {
  store from{config(), files_, at(start)};
  ASSERT_EQ(from.open(), std::nullopt);
  ASSERT_EQ(from.write({.epoch = 7, .next = 1'000'000}), std::nullopt);
  std::vector<std::string> letters;
  for (char letter = '0'; letters.size() < log::max_topics; ++letter) letters.emplace_back(1, letter);
  const std::vector<std::string_view> topics{letters.begin(), letters.end()};
  append(from, source_.event(2, "e", topics));
  log::history_place place;
  log::history_chunk chunk;
  ASSERT_TRUE(from.read_on(place, 1u << 16, chunk));
  ASSERT_EQ(chunk.records.size(), 1u);
  for (const std::string& letter : letters) EXPECT_TRUE(chunk.records[0].topics.contains(letter)) << letter;
  const std::string frame{reinterpret_cast<const char*>(chunk.records[0].frame.data()), chunk.records[0].frame.size()};
  EXPECT_TRUE(frame.ends_with("[11]"));
}

TEST_F(read_stores, pass_over_what_is_not_sound_and_what_is_gone) {
  const auto from = full();
  std::vector<std::filesystem::path> files;
  for (const auto& each : std::filesystem::directory_iterator(config().directory)) {
    if (each.path().extension() == ".segment") files.push_back(each.path());
  }
  std::sort(files.begin(), files.end());
  const auto second = std::stoull(files.at(1).stem());
  const auto third = std::stoull(files.at(2).stem());
  auto bytes = read_file(files[0]);
  bytes[bytes.size() / 2] ^= std::byte{1};
  write_file(files[0], bytes);
  std::filesystem::remove(files[1]);
  const auto got = read_all(*from, {.after = 0}).seqs;
  auto expected = numbers(1, second - 1);
  const auto lost = std::mismatch(expected.begin(), expected.end(), got.begin()).first;
  ASSERT_NE(lost, expected.end());
  expected.erase(lost);
  for (const auto seq : numbers(third, 300)) expected.push_back(seq);
  EXPECT_EQ(got, expected);
}

TEST_F(read_stores, begin_anew_with_the_oldest_where_their_place_is_erased) {
  const auto from = full();
  log::history_place place;
  log::history_chunk chunk;
  ASSERT_TRUE(from->read_on(place, 1u << 16, chunk));
  ASSERT_EQ(from->prune(at(start + 1000h)), std::nullopt);
  EXPECT_EQ(from->oldest(), 0u);
  append(*from, source_.events(2), start + 1000h);
  EXPECT_EQ(from->oldest(), 301u);
  EXPECT_EQ(read_all(*from, chunk.next).seqs, numbers(301, 302));
}

TEST_F(stores, know_where_the_newest_of_them_begin) {
  options small = config();
  small.capacity = 16u << 20;
  store first{small, files_, at(start)};
  ASSERT_EQ(first.open(), std::nullopt);
  ASSERT_EQ(first.write({.epoch = 7, .next = 1'000'000}), std::nullopt);
  for (int i = 0; i < 6; ++i) append(first, source_.events(1, 500'000));
  EXPECT_EQ(first.begin_of_newest(1'200'000), 3u);
  EXPECT_EQ(first.begin_of_newest(SIZE_MAX), 1u);
  EXPECT_EQ(all_of(first), numbers(1, 6));
}

TEST_F(stores, keep_nothing_longer_than_an_age_and_an_eighth) {
  options young = config();
  young.age = 8h;
  store first{young, files_, at(start)};
  ASSERT_EQ(first.open(), std::nullopt);
  ASSERT_EQ(first.write({.epoch = 7, .next = 1'000'000}), std::nullopt);
  append(first, source_.events(1), start);
  append(first, source_.events(1), start + 50min);
  append(first, source_.events(1), start + 61min);
  EXPECT_EQ(first.segments(), 2u);
  EXPECT_EQ(first.prune(at(start + 50min + 8h)), std::nullopt);
  EXPECT_EQ(all_of(first), numbers(1, 3));
  EXPECT_EQ(first.prune(at(start + 50min + 8h + 1ms)), std::nullopt);
  EXPECT_EQ(all_of(first), numbers(3, 3));
  EXPECT_EQ(first.prune(at(start + 61min + 8h + 1ms)), std::nullopt);
  EXPECT_EQ(all_of(first), numbers(1, 0));
  EXPECT_EQ(first.bytes(), 0u);
  append(first, source_.events(1), start + 20h);
  EXPECT_EQ(all_of(first), numbers(4, 4));
}

// A board without a clock of its own, that is set over the network.
class stores_under_a_wrong_clock : public stores {
 protected:
  // A life that begins at this time by the wall clock, which has `files_` open since.
  void begin(wall_time wall) {
    // As the file system would, and the header.
    young_ = config();
    young_.age = 8h;
    store_ = std::make_unique<store>(young_, files_, at(wall));
    ASSERT_EQ(store_->open(), std::nullopt);
    ASSERT_EQ(store_->write({.epoch = 7, .next = 1'000'000}), std::nullopt);
    now_ = at(wall);
  }
  void put() { append_at(now_); }
  void append_at(moment when) {
    auto records = source_.events(1);
    ASSERT_EQ(store_->append(records, when), std::nullopt);
    const auto written = std::chrono::file_clock::from_sys(when.wall);
    fs::last_write_time(segments().back(), std::chrono::time_point_cast<fs::file_time_type::duration>(written));
  }
  void pass(std::chrono::milliseconds time) {
    now_.now += time;
    now_.wall += time;
  }
  std::vector<log::sequence> pruned() {
    EXPECT_EQ(store_->prune(now_), std::nullopt);
    return all_of(*store_);
  }
  // Long enough for the clock to be believed.
  std::vector<log::sequence> pruned_later() {
    (void)pruned();
    pass(wall_watch::calm);
    return pruned();
  }

  options young_;
  std::unique_ptr<store> store_;
  moment now_{};
};

TEST_F(stores_under_a_wrong_clock, keep_what_this_life_has_written_when_it_jumps) {
  begin(start);
  put();
  log::sequence written = 1;
  for (const auto jump : {24h * 3650, -24h * 7300}) {
    now_.wall += jump;
    EXPECT_EQ(pruned_later(), numbers(1, written)) << jump.count();
    put();
    ++written;
  }
  EXPECT_EQ(store_->segments(), 1u) << "nor does a jump begin another";
  pass(9h);
  EXPECT_EQ(pruned(), numbers(1, 0)) << "by the steady clock it is old";
}

TEST_F(stores_under_a_wrong_clock, keep_what_an_earlier_life_has_written_until_the_clock_can_be_believed) {
  begin(start);
  put();
  begin(start + 24h * 3650);
  EXPECT_EQ(pruned(), numbers(1, 1)) << "the clock may have been set to anything at the start";
  now_.wall = start + 1h;
  pass(wall_watch::calm - 1ms);
  EXPECT_EQ(pruned(), numbers(1, 1));
  EXPECT_EQ(pruned_later(), numbers(1, 1)) << "an hour and some is no age";
  now_.wall += 24h;
  EXPECT_EQ(pruned(), numbers(1, 1)) << "it has just jumped";
  EXPECT_EQ(pruned_later(), numbers(1, 0)) << "it was set, and goes on as it is";
}

TEST_F(stores_under_a_wrong_clock, keep_what_was_written_under_an_impossible_one) {
  begin(wall_time{1h});
  put();
  begin(start);
  EXPECT_EQ(pruned_later(), numbers(1, 1)) << "written in 1970";
  begin(wall_time{2h});
  EXPECT_EQ(pruned_later(), numbers(1, 1)) << "read in 1970";
  begin(start);
  put();
  (void)pruned();
  pass(9h);
  EXPECT_EQ(pruned(), numbers(1, 0)) << "what lies before what is too old is older";
}

TEST_F(stores, a_new_epoch_takes_the_old_records_away) {
  fill(3);
  store second{config(), files_, at(start)};
  ASSERT_EQ(second.open(), std::nullopt);
  ASSERT_EQ(second.write({.epoch = 8, .next = 1'000'000}), std::nullopt);
  EXPECT_TRUE(segments().empty());
  append(second, source_.events(1));
  EXPECT_EQ(all_of(second), numbers(4, 4));
}

// The ledger was written, and then the power went.
TEST_F(stores, records_of_another_epoch_are_never_read) {
  fill(3);
  const auto old = segments().front();
  const auto bytes = read_file(old);
  {
    store second{config(), files_, at(start)};
    ASSERT_EQ(second.open(), std::nullopt);
    ASSERT_EQ(second.write({.epoch = 8, .next = 1'000'000}), std::nullopt);
  }
  write_file(old, bytes);
  store third{config(), files_, at(start)};
  ASSERT_EQ(third.open(), std::nullopt);
  EXPECT_EQ(all_of(third), numbers(1, 0));
  ASSERT_EQ(third.write({.epoch = 8, .next = 2'000'000}), std::nullopt);
  EXPECT_TRUE(segments().empty());
}

TEST_F(stores, without_a_sound_ledger_there_is_no_history) {
  fill(3);
  write_file(place_ / "journal/ledger", {});
  store second{config(), files_, at(start)};
  ASSERT_EQ(second.open(), std::nullopt);
  EXPECT_FALSE(second.found());
  EXPECT_EQ(all_of(second), numbers(1, 0));
}

TEST_F(stores, leave_files_alone_that_are_not_theirs) {
  fill(1);
  for (const auto* name : {"0000000000000001.segment.bak", "notes", "1.segment", "000000000000000a.segment"}) {
    write_file(place_ / (std::string("journal/") + name), {});
  }
  store second{config(), files_, at(start)};
  ASSERT_EQ(second.open(), std::nullopt);
  ASSERT_EQ(second.write({.epoch = 8, .next = 1}), std::nullopt);
  EXPECT_EQ(std::distance(fs::directory_iterator{path()}, {}), 6);
}

// Against a model: appends of any size, restarts, cuts in the newest file, new epochs, time that passes.
TEST_F(stores, do_as_the_model_says) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  const auto below = [&random](std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>{0, most - 1}(random);
  };
  options small = config();
  small.capacity = 4u << 20;

  ledger book{.epoch = 1, .next = 1'000'000'000};
  std::vector<log::sequence> model;  // of these the store has a suffix
  auto under_test = std::make_unique<store>(small, files_, at(start));
  ASSERT_EQ(under_test->open(), std::nullopt);
  ASSERT_EQ(under_test->write(book), std::nullopt);
  for (int step = 0; step < 300; ++step) {
    const auto what = below(20);
    if (what < 14) {
      if (below(4) == 0) source_.skip_to(source_.newest() + 2 + below(50));
      const auto before = source_.newest();
      std::vector<std::byte> records;
      for (auto count = 1 + below(5); count > 0; --count) {
        const auto one = source_.event(below(5) == 0 ? 1 + below(300'000) : 1 + below(300));
        records.insert(records.end(), one.begin(), one.end());
        model.push_back(source_.newest());
      }
      ASSERT_LT(before, source_.newest());
      append(*under_test, records);
    } else if (what < 19) {
      under_test.reset();
      if (const auto files = segments(); !files.empty() && what < 17) {
        // A torn tail: the newest file loses some bytes, and with them whole records.
        const auto size = fs::file_size(files.back());
        const auto left = size - std::min<std::uintmax_t>(size, below(2000));
        fs::resize_file(files.back(), left);
        const auto bytes = read_file(files.back());
        segment_reader reader{bytes,
                              record_mark(read_ledger(read_file(place_ / "journal/ledger"))->secret, book.epoch)};
        log::sequence first = 0;
        while (const auto record = reader.next()) first = first == 0 ? record->seq : first;
        const log::sequence last = reader.last();
        const log::sequence begin = std::stoull(files.back().stem().string());
        std::erase_if(model, [&](log::sequence seq) { return seq >= begin && (last == 0 || seq > last); });
      }
      under_test = std::make_unique<store>(small, files_, at(start));
      ASSERT_EQ(under_test->open(), std::nullopt);
      ASSERT_EQ(under_test->found(), book);
      ASSERT_EQ(under_test->write(book), std::nullopt);
    } else {
      ++book.epoch;
      ASSERT_EQ(under_test->write(book), std::nullopt);
      model.clear();
    }
    const auto kept = all_of(*under_test);
    ASSERT_LE(kept.size(), model.size()) << step;
    ASSERT_TRUE(std::equal(kept.rbegin(), kept.rend(), model.rbegin())) << step;
    ASSERT_TRUE(kept.size() == model.size() || under_test->bytes() > small.capacity / 2) << step;
    ASSERT_LE(under_test->bytes(), small.capacity) << step;
    model = kept;
  }
}

}  // namespace
}  // namespace roombridge::journal
