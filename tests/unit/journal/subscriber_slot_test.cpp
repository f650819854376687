// SPDX-License-Identifier: MIT
#include "daemon/journal/subscriber_slot.hpp"

#include "daemon/journal/checksum.hpp"
#include "daemon/journal/little_endian.hpp"
#include "support.hpp"

namespace roombridge::journal {
namespace {

const subscriber_record till{.user = 1000, .name = "till-3", .epoch = 7, .seq = 1043, .seen = 1'764'000'000'000'000};

void put(std::vector<std::byte>& file, std::size_t slot, std::size_t copy, const std::optional<subscriber_record>& what,
         std::uint64_t generation) {
  const auto bytes = encode(what, generation);
  const std::size_t at = subscriber_copy_at(slot, copy);
  file.resize(std::max(file.size(), at + bytes.size()));
  std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
}

TEST(subscriber_slot, the_newer_copy_counts) {
  std::vector<std::byte> file;
  EXPECT_FALSE(read_subscriber(file, 0));
  put(file, 2, 0, till, 5);
  EXPECT_EQ(read_subscriber(file, 2)->value, till);
  EXPECT_FALSE(read_subscriber(file, 0));
  EXPECT_FALSE(read_subscriber(file, 3));
  auto longest = till;
  longest.name = std::string(64, 'x');
  longest.seen = 0;
  put(file, 2, 1, longest, 6);
  EXPECT_EQ(read_subscriber(file, 2)->value, longest);
  EXPECT_EQ(read_subscriber(file, 2)->copy, 1u);
  put(file, 2, 0, std::nullopt, 7);
  const auto free = read_subscriber(file, 2);
  EXPECT_FALSE(free->value);
  EXPECT_EQ(free->generation, 7u);
}

TEST(subscriber_slot, written_in_part_the_copy_before_counts) {
  auto later = till;
  later.seq = 2000;
  for (const bool overwritten : {false, true}) {
    std::vector<std::byte> file;
    if (overwritten) put(file, 1, 1, std::nullopt, 1);
    put(file, 1, 0, till, 2);
    file.resize(subscriber_file_size);
    const auto newer = encode(later, 3);
    for (std::size_t written = 0; written <= newer.size(); ++written) {
      auto torn = file;
      std::copy_n(newer.begin(), written, torn.begin() + static_cast<std::ptrdiff_t>(subscriber_copy_at(1, 1)));
      ASSERT_EQ(read_subscriber(torn, 1)->value, written == newer.size() ? later : till) << written;
    }
  }
}

TEST(subscriber_slot, a_flipped_bit_makes_a_copy_unsound) {
  std::vector<std::byte> file;
  put(file, 0, 0, till, 1);
  for (auto& each : file) {
    each ^= std::byte{4};
    ASSERT_FALSE(read_subscriber(file, 0)) << &each - file.data();
    each ^= std::byte{4};
  }
}

TEST(subscriber_slot, what_no_writer_writes_is_not_read) {
  struct {
    std::size_t at;
    std::uint64_t value;
  } const cases[] = {{48, 65},         {48, 0xffffffff}, {32, 1ull << 53}, {40, 1ull << 53},
                     {40, 1ull << 63}, {56, 0x0a},       {56, 0xff}};
  for (const auto& [at, value] : cases) {
    std::vector<std::byte> file;
    put(file, 0, 0, till, 1);
    if (at == 48) {
      set<std::uint32_t>(file, at, static_cast<std::uint32_t>(value));
    } else {
      set<std::uint64_t>(file, at, value);
    }
    set<std::uint32_t>(file, 124, checksum(std::span{file}.first(124)));
    EXPECT_FALSE(read_subscriber(file, 0)) << at;
  }
}

}  // namespace
}  // namespace roombridge::journal
