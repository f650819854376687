// SPDX-License-Identifier: MIT
#include "daemon/journal/subscriber_file.hpp"

#include <fcntl.h>

#include <array>
#include <random>
#include <set>

#include "support.hpp"

namespace roombridge::journal {
namespace {

subscriber_record record(log::sequence seq) {
  return {.user = 1000, .name = "till", .epoch = 7, .seq = seq, .seen = 0};
}

// The file as the kernel shows it, and the disk behind it: what was written and not synced may get there whole, in part
// or not at all.
class lazy_disk final : public file_system {
 public:
  explicit lazy_disk(std::mt19937& random) : random_(random) {}

  ssize_t write_at(int fd, std::span<const std::byte> bytes, off_t offset) override {
    if (fails(failing_writes)) {
      bytes = bytes.first(random_() % (bytes.size() + 1));
      if (bytes.empty()) {
        errno = EIO;
        return -1;
      }
    }
    const auto at = static_cast<std::size_t>(offset);
    grow(at + bytes.size());
    std::copy(bytes.begin(), bytes.end(), cache_.begin() + static_cast<std::ptrdiff_t>(at));
    dirty_.insert(at / subscriber_copy_distance);
    return file_system::write_at(fd, bytes, offset);
  }
  int sync_data(int) override {
    const bool failed = fails(failing_syncs);
    write_back(failed);
    errno = EIO;
    return failed ? -1 : 0;
  }

  // The machine is gone, and comes again.
  void crash(const std::filesystem::path& file) {
    write_back(true);
    cache_ = disk_;
    write_file(file, disk_);
  }

  bool failing_writes = false;
  bool failing_syncs = false;

 private:
  bool fails(bool at_times) { return at_times && random_() % 4 == 0; }
  void grow(std::size_t size) {
    cache_.resize(std::max(cache_.size(), size));
    disk_.resize(cache_.size());
  }
  void write_back(bool in_part) {
    for (const std::size_t sector : std::exchange(dirty_, {})) {
      const std::size_t begin = sector * subscriber_copy_distance;
      const std::size_t size = std::min(subscriber_slot_size, cache_.size() - begin);
      const std::size_t written = in_part ? std::array{std::size_t{0}, size, random_() % size}[random_() % 3] : size;
      std::copy_n(cache_.begin() + static_cast<std::ptrdiff_t>(begin), written,
                  disk_.begin() + static_cast<std::ptrdiff_t>(begin));
    }
  }

  std::mt19937& random_;
  std::vector<std::byte> cache_;
  std::vector<std::byte> disk_;
  std::set<std::size_t> dirty_;
};

class subscriber_files : public testing::Test {
 protected:
  void SetUp() override { directory_ = unique_fd{::open(place_.operator/("").c_str(), O_RDONLY | O_DIRECTORY)}; }

  std::unique_ptr<subscriber_file> open(file_system& files, bool synced = true) {
    auto out = std::make_unique<subscriber_file>("somewhere", synced, files);
    EXPECT_EQ(out->open(directory_.get()), std::nullopt);
    return out;
  }
  [[nodiscard]] std::filesystem::path path() const { return place_ / subscriber_file::name; }

  temporary_directory place_;
  unique_fd directory_;
};

using kept = std::vector<std::pair<std::size_t, subscriber_record>>;

TEST_F(subscriber_files, keep_what_was_put) {
  failing_files files;
  {
    const auto file = open(files);
    EXPECT_EQ(file->found(), kept{});
    file->put({{0, record(1)}, {subscriber_slots - 1, record(2)}, {5, record(3)}});
    EXPECT_FALSE(file->is_written());
    ASSERT_EQ(file->write(), std::nullopt);
    EXPECT_TRUE(file->is_written());
    EXPECT_FALSE(file->is_synced());
    ASSERT_EQ(file->sync(), std::nullopt);
    EXPECT_TRUE(file->is_synced());
    file->put({{0, record(4)}, {5, std::nullopt}});
    ASSERT_EQ(file->write(), std::nullopt);
  }
  EXPECT_EQ(open(files)->found(), (kept{{0, record(4)}, {subscriber_slots - 1, record(2)}}));
  EXPECT_EQ(std::filesystem::status(path()).permissions() & std::filesystem::perms::mask,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(subscriber_files, write_only_the_newest_of_what_waits) {
  failing_files files;
  const auto file = open(files);
  file->put({{0, record(1)}, {1, record(1)}});
  file->put({{0, record(2)}});
  const int writes = files.calls("write");
  ASSERT_EQ(file->write(), std::nullopt);
  EXPECT_EQ(files.calls("write"), writes + 2);
  EXPECT_EQ(open(files)->found(), (kept{{0, record(2)}, {1, record(1)}}));
}

TEST_F(subscriber_files, say_what_failed_and_try_again) {
  failing_files files;
  const auto file = open(files);
  file->put({{0, record(1)}});
  files.fail(ENOSPC, {"write"});
  EXPECT_EQ(file->write(),
            "journal: cannot write somewhere/subscribers: No space left on device (free space there, or make "
            "journal.capacity smaller)");
  EXPECT_FALSE(file->is_written());
  files.heal();
  ASSERT_EQ(file->write(), std::nullopt);
  files.fail(EIO, {"sync"});
  EXPECT_EQ(file->sync(), "journal: cannot sync somewhere/subscribers: Input/output error");
  EXPECT_FALSE(file->is_written()) << "the kernel may have dropped it";
  files.heal();
  ASSERT_EQ(file->write(), std::nullopt);
  ASSERT_EQ(file->sync(), std::nullopt);
  EXPECT_TRUE(file->is_synced());
  files.fail(EACCES, {"open"});
  subscriber_file other{"somewhere", true, files};
  EXPECT_EQ(other.open(directory_.get()),
            "journal: cannot open somewhere/subscribers: Permission denied (it must belong to the user that the daemon "
            "runs as)");
  files.fail(EIO, {"write"});
  EXPECT_EQ(other.open(directory_.get()), "journal: cannot write somewhere/subscribers: Input/output error");
  files.fail(EIO, {"sync"});
  EXPECT_EQ(other.open(directory_.get()), "journal: cannot sync somewhere/subscribers: Input/output error");
}

TEST_F(subscriber_files, need_no_sync_where_there_is_none) {
  failing_files files;
  const auto file = open(files, false);
  for (log::sequence seq = 1; seq < 5; ++seq) {
    file->put({{0, record(seq)}});
    ASSERT_EQ(file->write(), std::nullopt);
    EXPECT_TRUE(file->is_synced());
    auto bytes = read_file(path());
    EXPECT_EQ(read_subscriber(bytes, 0)->value, record(seq));
    bytes[subscriber_copy_at(0, read_subscriber(bytes, 0)->copy)] = {};
    EXPECT_EQ(read_subscriber(bytes, 0).has_value(), seq > 1) << "the one before is there still";
  }
  EXPECT_EQ(files.calls("sync"), 0);
}

// Random changes of few places on a disk that loses and tears what was not synced, whose writes and syncs fail, under a
// daemon that is killed: what was written is there after a kill, and after a crash what was synced, or something newer.
TEST_F(subscriber_files, never_go_back_behind_what_was_promised) {
  constexpr std::size_t places = 3;
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  lazy_disk disk{random};
  auto file = open(disk);
  std::array<log::sequence, places> put{}, written{}, synced{};  // the newest of each place
  for (int turn = 0; turn < 3000; ++turn) {
    disk.failing_writes = disk.failing_syncs = turn % 300 > 150;
    const std::size_t slot = random() % places;
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        file->put({{slot, record(++put[slot])}});
        break;
      case 3:
      case 4:
        if (!file->write()) written = put;
        break;
      case 5:
        if (!file->sync() && file->is_synced()) synced = written;
        break;
      default:
        const bool crashes = random() % 2 == 0;
        disk.failing_writes = disk.failing_syncs = false;
        file.reset();
        if (crashes) disk.crash(path());
        file = open(disk);
        std::array<log::sequence, places> found{};
        for (const auto& [at, what] : file->found()) found[at] = what.seq;
        for (std::size_t at = 0; at < places; ++at) {
          ASSERT_GE(found[at], crashes ? synced[at] : written[at]) << "turn " << turn;
          ASSERT_LE(found[at], put[at]);
        }
        put = written = synced = found;
        break;
    }
  }
}

}  // namespace
}  // namespace roombridge::journal
