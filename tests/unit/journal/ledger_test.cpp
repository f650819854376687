// SPDX-License-Identifier: MIT
#include "daemon/journal/ledger.hpp"

#include "daemon/journal/checksum.hpp"
#include "daemon/journal/little_endian.hpp"
#include "support.hpp"

namespace roombridge::journal {
namespace {

void put(std::vector<std::byte>& file, const ledger& value, std::uint64_t generation) {
  const auto slot = encode(value, generation, 77);
  file.resize(ledger_file_size);
  std::copy(slot.begin(), slot.end(), file.begin() + static_cast<std::ptrdiff_t>(ledger_slot(generation)));
}

ledger some(std::uint64_t epoch, log::sequence next) {
  ledger out{.epoch = epoch, .next = next};
  out.owner.fill(std::byte{0xab});
  return out;
}

TEST(ledger, the_newer_of_two_counts) {
  std::vector<std::byte> file;
  EXPECT_FALSE(read_ledger(file));
  put(file, some(7, 10), 1);
  EXPECT_EQ(read_ledger(file)->value, some(7, 10));
  put(file, some(8, 20), 2);
  EXPECT_EQ(read_ledger(file)->value, some(8, 20));
  EXPECT_EQ(read_ledger(file)->generation, 2u);
  EXPECT_EQ(read_ledger(file)->secret, 77u);
  put(file, some(9, 30), 3);
  EXPECT_EQ(read_ledger(file)->value, some(9, 30));
}

TEST(ledger, written_in_part_the_one_before_counts) {
  std::vector<std::byte> file;
  put(file, some(7, 10), 1);
  put(file, some(8, 20), 2);
  const auto newer = encode(some(9, 30), 3, 77);
  for (std::size_t written = 0; written <= newer.size(); ++written) {
    auto torn = file;
    std::copy_n(newer.begin(), written, torn.begin() + static_cast<std::ptrdiff_t>(ledger_slot(3)));
    ASSERT_EQ(read_ledger(torn)->value, written == newer.size() ? some(9, 30) : some(8, 20)) << written;
  }
}

// Its secret is drawn when it is written next.
TEST(ledger, of_the_first_version_has_no_secret) {
  const auto now = encode(some(7, 10), 1, 0);
  std::vector<std::byte> old(now.begin(), now.begin() + 80);
  old.resize(80);
  set<std::uint32_t>(old, 8, 1);
  set<std::uint32_t>(old, 76, checksum(std::span{old}.first(76)));
  ledger expected = some(7, 10);
  expected.clean = true;  // nobody knows
  EXPECT_EQ(read_ledger(old)->value, expected);
  EXPECT_EQ(read_ledger(old)->secret, 0u);
}

TEST(ledger, has_the_session_of_a_life_that_may_crash) {
  ledger value = some(7, 10);
  value.session = std::string(max_session, 's');
  value.session_from = 9;
  std::vector<std::byte> file;
  put(file, value, 1);
  EXPECT_EQ(read_ledger(file)->value, value);
  file[ledger_slot(1) + ledger_slot_distance - 1] ^= std::byte{1};
  EXPECT_FALSE(read_ledger(file));
  value.clean = true;
  put(file, value, 2);
  EXPECT_EQ(read_ledger(file)->value, value);
}

TEST(ledger, a_flipped_bit_makes_a_slot_unsound) {
  std::vector<std::byte> file;
  put(file, some(7, 10), 2);
  file.resize(ledger_slot_size);
  for (std::size_t at = 0; at < file.size(); ++at) {
    auto bad = file;
    bad[at] ^= std::byte{4};
    ASSERT_FALSE(read_ledger(bad)) << at;
  }
}

}  // namespace
}  // namespace roombridge::journal
