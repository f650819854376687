// SPDX-License-Identifier: MIT
#include "daemon/config/load.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace roombridge::config {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class config_load : public testing::Test {
 protected:
  config_load() {
    std::string pattern = (fs::temp_directory_path() / "roombridge-config-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    folder_ = pattern;
  }
  ~config_load() override { fs::remove_all(folder_); }

  std::string write(const std::string& text) const {
    const std::string path = folder_ / "c.yaml";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  static std::vector<std::string> errors(const std::string& path) {
    std::vector<std::string> lines;
    for (const error& error : load(path).errors) lines.push_back(error.to_string());
    return lines;
  }

  fs::path folder_;
};

TEST_F(config_load, reads_a_file_with_the_processs_environment) {
  ASSERT_EQ(::setenv("ROOMBRIDGE_TEST_ROOM", "shop-7", 1), 0);
  const reading result = load(write("rooms: {declared: ['${ROOMBRIDGE_TEST_ROOM}']}\n"));
  ::unsetenv("ROOMBRIDGE_TEST_ROOM");
  ASSERT_TRUE(result.value);
  EXPECT_THAT(result.value->upstream.rooms.declared, ElementsAre("shop-7"));
}

TEST_F(config_load, errors_name_the_file) {
  const std::string path = write("log: {size: 1}\n");
  EXPECT_THAT(errors(path), ElementsAre(path + ":1:7: log: unknown key \"size\"; known here: capacity, retained"));
}

TEST_F(config_load, a_missing_file) {
  const std::string path = folder_ / "none.yaml";
  EXPECT_THAT(errors(path), ElementsAre(path + ": there is no such file; create it, or name another with --config"));
  EXPECT_FALSE(load(path).value);
}

TEST_F(config_load, a_directory) {
  EXPECT_THAT(errors(folder_), ElementsAre(folder_.string() + ": is a directory; name the file in it"));
}

TEST_F(config_load, a_fifo_is_refused_without_waiting_for_a_writer) {
  const std::string path = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(errors(path), ElementsAre(path + ": is not a regular file"));
}

TEST_F(config_load, a_large_file_is_not_read_whole) {
  const std::string path = write("");
  fs::resize_file(path, std::uintmax_t{1} << 40);  // sparse
  EXPECT_THAT(errors(path), ElementsAre(path + ": larger than 1048576 bytes, which no config needs"));
}

TEST_F(config_load, a_file_of_the_largest_size) {
  EXPECT_TRUE(load(write(std::string(max_file_size, '\n'))).value);
}

}  // namespace
}  // namespace roombridge::config
