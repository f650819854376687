// SPDX-License-Identifier: MIT
#include "daemon/journal/segment_format.hpp"

#include <random>

#include "support.hpp"

namespace roombridge::journal {
namespace {

constexpr std::uint64_t mark = 0x1122334455667788;

// A file of three records, and where each ends.
class segment : public testing::Test {
 protected:
  segment() {
    const auto header = encode(segment_header{.epoch = 7, .first = 5, .begun = 99});
    file_.assign(header.begin(), header.end());
    add(source_.event(10, "first", {"shop-7", "", "user-1"}));
    add(source_.upstream_gap(3, 4));
    add(source_.event(1, std::string(256, 'n')));
  }

  void add(std::vector<std::byte> record) {
    seal_record(record, mark);
    file_.insert(file_.end(), record.begin(), record.end());
    ends_.push_back(file_.size());
  }

  static std::size_t records_in(std::span<const std::byte> file) {
    segment_reader reader{file, mark};
    std::size_t count = 0;
    while (reader.next()) ++count;
    return count;
  }

  recorder source_{5};
  std::vector<std::byte> file_;
  std::vector<std::size_t> ends_;
};

TEST_F(segment, gives_back_what_was_put) {
  segment_reader reader{file_, mark};
  EXPECT_EQ(reader.header(), (segment_header{7, 5, 99}));
  const auto first = reader.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->seq, 5u);
  EXPECT_EQ(first->kind, log::record_kind::event);
  EXPECT_EQ(first->name, "first");
  EXPECT_EQ(std::vector(first->topics.begin(), first->topics.end()),
            (std::vector<std::string_view>{"shop-7", "", "user-1"}));
  proto::event head{.seq = 5, .time = 5, .name = "first", .topics = {"shop-7", "", "user-1"}, .attachments = {}};
  const std::string payload = "[1111111111]";
  const std::string frame = proto::encode(head, std::as_bytes(std::span{payload}));
  EXPECT_EQ((std::string{reinterpret_cast<const char*>(first->frame.data()), first->frame.size()}), frame);
  const auto second = reader.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->kind, log::record_kind::upstream_gap);
  EXPECT_EQ(second->name.size(), 16u);
  const auto third = reader.next();
  ASSERT_TRUE(third);
  EXPECT_EQ(third->name, std::string(256, 'n'));
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.sound(), file_.size());
  EXPECT_EQ(reader.last(), 7u);
}

TEST_F(segment, knows_what_only_those_may_see_who_see_all_topics) {
  EXPECT_FALSE(segment_reader(file_, mark).next()->unexpected);
  const auto header = encode(segment_header{.epoch = 7, .first = 5, .begun = 99});
  file_.assign(header.begin(), header.end());
  add(source_.unexpected_event());
  EXPECT_TRUE(segment_reader(file_, mark).next()->unexpected);
}

TEST_F(segment, cut_at_any_byte_gives_the_whole_records_before_it) {
  for (std::size_t size = 0; size <= file_.size(); ++size) {
    const std::vector<std::byte> cut(file_.begin(), file_.begin() + static_cast<std::ptrdiff_t>(size));
    const auto whole = std::upper_bound(ends_.begin(), ends_.end(), size) - ends_.begin();
    segment_reader reader{cut, mark};
    std::size_t count = 0;
    while (reader.next()) ++count;
    ASSERT_EQ(count, static_cast<std::size_t>(whole)) << size;
    if (reader.header()) {
      ASSERT_EQ(reader.sound(), whole == 0 ? segment_header_size : ends_[static_cast<std::size_t>(whole) - 1]) << size;
    }
  }
}

TEST_F(segment, a_flipped_bit_costs_the_record_that_has_it) {
  for (std::size_t at = 0; at < file_.size(); ++at) {
    for (const auto bit : {std::byte{1}, std::byte{0x80}}) {
      auto bad = file_;
      bad[at] ^= bit;
      const auto which = static_cast<log::sequence>(std::upper_bound(ends_.begin(), ends_.end(), at) - ends_.begin());
      segment_reader reader{bad, mark};
      for (log::sequence each = 0; each < 3; ++each) {
        if (at >= segment_header_size && each == which) continue;
        const auto record = reader.next();
        ASSERT_TRUE(record) << at;
        ASSERT_EQ(record->seq, 5 + each) << at;
        const bool behind = at < segment_header_size ? each == 0 : each == which + 1;
        ASSERT_EQ(reader.passed_damage(), behind) << at;
      }
      ASSERT_FALSE(reader.next()) << at;
    }
  }
}

// By a server, or by a program whose words a server repeats.
TEST_F(segment, no_text_is_taken_for_a_record) {
  const auto at = ends_.back();
  for (const std::uint64_t guessed : {std::uint64_t{0}, ~mark, mark ^ 1}) {
    recorder forger{20};
    auto forged = forger.event(1, "forged");
    seal_record(forged, guessed);
    std::string text = "\"" + std::string{reinterpret_cast<const char*>(forged.data()), forged.size()} + "\"";
    recorder honest{8};
    file_.resize(at);
    add(honest.text(text));
    ASSERT_EQ(records_in(file_), 4u);
    file_[at + mark_size] ^= std::byte{1};
    EXPECT_EQ(records_in(file_), 3u) << guessed;
  }
}

TEST_F(segment, read_in_parts_of_any_size_gives_the_same_damaged_or_not) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  const auto below = [&random](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>{0, most - 1}(random);
  };
  recorder more{8};
  for (int i = 0; i < 30; ++i) add(more.event(1 + below(200)));
  for (int round = 0; round < 500; ++round) {
    auto file = file_;
    for (auto places = below(4); places > 0; --places) {
      const auto at = segment_header_size + below(file.size() - segment_header_size);
      const auto size = std::min(1 + below(100), file.size() - at);
      for (std::size_t i = 0; i < size; ++i) file[at + i] = static_cast<std::byte>(below(256));
    }
    std::vector<log::sequence> expected;
    std::size_t begin = segment_header_size;
    for (std::size_t each = 0; each < ends_.size(); begin = ends_[each++]) {
      if (std::equal(file.begin() + static_cast<std::ptrdiff_t>(begin),
                     file.begin() + static_cast<std::ptrdiff_t>(ends_[each]),
                     file_.begin() + static_cast<std::ptrdiff_t>(begin))) {
        expected.push_back(5 + each);
      }
    }
    std::vector<log::sequence> got;
    for (std::size_t at = segment_header_size, size = 0; at < file.size();) {
      size = std::min(std::max<std::size_t>(size, 1 + below(400)), file.size() - at);
      segment_reader reader{std::span{file}.subspan(at, size), mark, file.size() - at - size};
      while (const auto record = reader.next()) got.push_back(record->seq);
      at += reader.resume();
      ASSERT_TRUE(reader.resume() > 0 || reader.wanted() > size);
      size = reader.resume() > 0 ? 0 : reader.wanted();
    }
    ASSERT_EQ(got, expected) << round;
  }
}

TEST_F(segment, of_the_first_version_ends_where_it_is_damaged) {
  auto old = encode(segment_header{.epoch = 7, .first = 5, .begun = 99, .version = 1});
  std::vector<std::byte> file{old.begin(), old.end()};
  std::size_t begin = segment_header_size;
  for (const std::size_t end : ends_) {
    file.insert(file.end(), file_.begin() + static_cast<std::ptrdiff_t>(begin + mark_size),
                file_.begin() + static_cast<std::ptrdiff_t>(end));
    begin = end;
  }
  EXPECT_EQ(records_in(file), 3u);
  file[ends_[0] - mark_size + 10] ^= std::byte{1};
  EXPECT_EQ(records_in(file), 1u);
}

TEST(record_marks, differ_from_epoch_to_epoch_and_from_secret_to_secret) {
  EXPECT_NE(record_mark(1, 7), record_mark(1, 8));
  EXPECT_NE(record_mark(1, 7), record_mark(2, 7));
  EXPECT_NE(record_mark(7, 7), 0u);
}

TEST_F(segment, zeros_behind_the_last_record_are_no_record) {
  file_.resize(file_.size() + 4096);
  EXPECT_EQ(records_in(file_), 3u);
}

TEST_F(segment, ends_before_a_number_that_does_not_grow) {
  recorder again{7};
  add(again.event());
  EXPECT_EQ(records_in(file_), 3u);
}

TEST_F(segment, goes_on_behind_numbers_that_are_missing) {
  recorder later{100};
  add(later.event());
  segment_reader reader{file_, mark};
  while (reader.next()) {
  }
  EXPECT_EQ(reader.last(), 100u);
}

// What has a sound checksum and no writer of ours would write.
TEST_F(segment, hostile_records_end_it) {
  struct {
    std::size_t offset;
    unsigned char value;
  } const changes[] = {
      {0, 1},      // size: more than there is
      {0, 0},      // size: less than a record's head
      {3, 0xff},   // size: beyond any record
      {15, 0xff},  // seq: beyond 2^53
      {16, 0xff},  // no such kind
      {16, 3},     // an EVENT frame in a record of another kind
      {17, 65},    // too many topics
      {17, 64},    // more topics than there is room for
      {18, 0xff},  // a name longer than the record
      {20, 0xff},  // bytes to skip that are not there
      {24, 0xff},  // a topic longer than the record
  };
  for (const auto& change : changes) {
    recorder source{8};
    auto record = source.event(1, "e", {"t"});
    record[mark_size + change.offset] = static_cast<std::byte>(change.value);
    // The checksum is that of the record as it says it is, where there is so much of it.
    const std::size_t size = record_size(record);
    if (size >= mark_size + 24 && size <= record.size()) seal_record(std::span{record}.first(size), mark);
    auto file = file_;
    file.insert(file.end(), record.begin(), record.end());
    EXPECT_EQ(records_in(file), 3u) << change.offset << " " << static_cast<int>(change.value);
  }
}

TEST_F(segment, a_frame_that_lies_about_its_length_ends_it) {
  recorder source{8};
  auto record = source.event(1, "e");
  const std::size_t frame = mark_size + 24 + 1;
  record[frame] = std::byte{0xfe};
  add(std::move(record));
  EXPECT_EQ(records_in(file_), 3u);
}

// The fields "a=1" and "b", the key "k"; the record's name has one byte, and no topics.
class extra : public segment {
 protected:
  static constexpr std::size_t at = mark_size + 25;
  static constexpr std::size_t size = 4 + 2 + 2 + 1 + 3 + 1;

  extra() : record_(recorder{8}.event_with({"a=1", "b"}, "k")) {}

  // The last record of the file, as it is read.
  [[nodiscard]] std::optional<stored_record> last() {
    add(record_);
    reader_.emplace(file_, mark);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(reader_->next());
    return reader_->next();
  }

  std::vector<std::byte> record_;
  std::optional<segment_reader> reader_;
};

TEST_F(extra, gives_back_fields_and_the_key_of_what_is_retained) {
  const auto found = last();
  ASSERT_TRUE(found);
  EXPECT_EQ(std::vector(found->fields.begin(), found->fields.end()), (std::vector<std::string_view>{"a=1", "b"}));
  EXPECT_EQ(found->retain_key, "k");
  EXPECT_EQ(found->topics.size(), 0u);
}

TEST_F(extra, costs_nothing_where_there_is_nothing_to_say) {
  EXPECT_EQ(recorder{8}.event_with({}, "").size() + size, record_.size());
}

TEST_F(extra, was_not_written_by_the_first_version) {
  record_.erase(record_.begin() + at, record_.begin() + at + size);
  record_[mark_size] = static_cast<std::byte>(record_.size() - mark_size - record_prefix);
  record_[mark_size + 20] = std::byte{0};
  const auto found = last();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->fields.size(), 0u);
  EXPECT_EQ(found->retain_key, "");
}

TEST_F(extra, gives_back_the_offset_with_fields_or_without) {
  for (const bool plain : {false, true}) {
    const auto record = recorder{8}.event_at("offset-1", plain);
    record_ = record;
    file_.resize(ends_[2]);
    const auto found = last();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offset, "offset-1");
    EXPECT_EQ(found->fields.size(), plain ? 0u : 1u);
    EXPECT_EQ(found->retain_key, plain ? "" : "k");
  }
}

TEST_F(extra, may_be_longer_in_a_later_version) {
  const std::vector<std::byte> more(5, std::byte{0xaa});
  record_.insert(record_.begin() + at + size, more.begin(), more.end());
  record_[mark_size] = static_cast<std::byte>(record_.size() - mark_size - record_prefix);
  record_[mark_size + 20] = std::byte{size + 5};
  const auto found = last();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->retain_key, "k");
}

TEST_F(extra, that_is_hostile_ends_the_file) {
  struct {
    std::size_t offset;
    unsigned char value;
  } const changes[] = {
      {mark_size + 20, 3},         // too short to be one
      {mark_size + 20, size - 1},  // the last field reaches into the frame
      {at, 0xff},                  // a key longer than the extra
      {at + 1, 0x20},              // a key longer than any
      {at + 2, 17},                // too many fields
      {at + 3, 1},                 // far too many
      {at + 4, 9},                 // a field longer than the extra
      {at + 4 + 1, 0xff}           // a field longer than any
  };
  for (const auto& change : changes) {
    auto file = file_;
    auto record = record_;
    record[change.offset] = static_cast<std::byte>(change.value);
    seal_record(record, mark);
    file.insert(file.end(), record.begin(), record.end());
    EXPECT_EQ(records_in(file), 3u) << change.offset << " " << static_cast<int>(change.value);
  }
}

TEST(segment_header, of_another_version_is_none) {
  auto header = encode(segment_header{7, 5, 99});
  EXPECT_TRUE(decode_segment_header(header));
  header[8] = std::byte{3};
  EXPECT_FALSE(decode_segment_header(header));
}

}  // namespace
}  // namespace roombridge::journal
