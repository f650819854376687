// SPDX-License-Identifier: MIT
#include "daemon/service/memory_use.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace roombridge::service {
namespace {

class memory_uses : public testing::Test {
 protected:
  memory_uses() {
    std::string name = testing::TempDir() + "roombridge-memory-XXXXXX";
    place_ = ::mkdtemp(name.data());
    std::filesystem::create_directories(place_ / "proc");
    std::filesystem::create_directories(place_ / "groups/a.slice/b.service");
    write("proc/cgroup", "4:memory:/old\n0::/a.slice/b.service\n");
    write("proc/statm", "1000 300 5 1 0 9 0\n");
    write("groups/a.slice/b.service/memory.current", "41943040\n");
  }
  ~memory_uses() override { std::filesystem::remove_all(place_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(place_ / name) << text; }
  [[nodiscard]] memory_use read() const { return read_memory_use(place_ / "proc", place_ / "groups"); }

  std::filesystem::path place_;
};

TEST_F(memory_uses, are_the_control_groups_where_it_has_a_limit) {
  write("groups/a.slice/b.service/memory.max", "536870912\n");
  EXPECT_EQ(read().used, 40u << 20);
  EXPECT_EQ(read().limit, 512u << 20);
}

TEST_F(memory_uses, are_the_process_s_where_there_is_no_limit) {
  const auto pages = 300 * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(read().used, pages) << "no such file, as at the root";
  write("groups/a.slice/b.service/memory.max", "max\n");
  EXPECT_EQ(read().used, pages);
  EXPECT_EQ(read().limit, 0u);
  std::filesystem::remove(place_ / "proc/cgroup");
  EXPECT_EQ(read().used, pages);
}

TEST_F(memory_uses, of_this_process_are_known) {
  EXPECT_GT(read_memory_use().used, 0u);
}

}  // namespace
}  // namespace roombridge::service
