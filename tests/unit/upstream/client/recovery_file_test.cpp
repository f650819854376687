// SPDX-License-Identifier: MIT
#include "daemon/upstream/client/recovery_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace roombridge::upstream {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class line_logger : public logger {
 public:
  bool enabled(log_level) const override { return true; }
  void write(log_level, std::string_view text, std::initializer_list<log_field>) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

class recovery_file : public testing::Test {
 protected:
  recovery_file() {
    std::string name = testing::TempDir() + "roombridge-XXXXXX";
    directory = ::mkdtemp(name.data());
    path = directory / "recovery";
  }
  ~recovery_file() override { fs::remove_all(directory); }

  void put(std::string_view text) { std::ofstream(path) << text; }
  std::optional<saved_session> take() { return take_recovery_file(path, log); }
  void write() { write_recovery_file(path, session, log); }

  fs::path directory;
  fs::path path;
  line_logger log;
  saved_session session{"http://localhost", "/socket.io/", "/", {}, {}};
};

TEST_F(recovery_file, is_taken_once) {
  write();
  EXPECT_EQ(take(), session);
  EXPECT_FALSE(take());
  EXPECT_TRUE(fs::is_empty(directory));
  EXPECT_THAT(log.lines, IsEmpty());
}

TEST_F(recovery_file, is_for_nobody_else_and_replaces_what_is_there) {
  put("something");
  fs::permissions(path, fs::perms::all);
  put("of another kind");
  write();
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  EXPECT_EQ(take(), session);
}

TEST_F(recovery_file, is_neither_read_nor_written_where_others_could_replace_it) {
  write();
  ASSERT_EQ(::chmod(directory.c_str(), 01777), 0);
  EXPECT_FALSE(take());
  fs::remove(path);
  write();
  EXPECT_TRUE(fs::is_empty(directory));
  EXPECT_THAT(log.lines, ElementsAre(testing::AllOf(HasSubstr("is not used"), HasSubstr("chmod go-w")),
                                     testing::AllOf(HasSubstr("is not written"), HasSubstr("chmod go-w"))));
}

TEST_F(recovery_file, does_not_follow_a_link_that_lies_in_its_way) {
  const fs::path victim = directory / "victim";
  std::ofstream(victim) << "precious";
  fs::create_symlink(victim, path.string() + ".new");
  write();
  EXPECT_EQ(take(), session);
  EXPECT_EQ(fs::file_size(victim), 8u);
}

TEST_F(recovery_file, that_is_no_good_is_removed_and_said_to_be) {
  put("{}\n");
  EXPECT_FALSE(take());
  put(std::string(saved_session::most_text + 1, ' '));
  EXPECT_FALSE(take());
  EXPECT_TRUE(fs::is_empty(directory));
  EXPECT_THAT(log.lines, ElementsAre(testing::AllOf(HasSubstr(path.string()), HasSubstr("no usable url")),
                                     HasSubstr("too large")));
}

TEST_F(recovery_file, that_is_something_else_is_left_alone) {
  fs::create_directory(path);
  EXPECT_FALSE(take());
  write();
  EXPECT_TRUE(fs::is_directory(path));
  EXPECT_FALSE(fs::exists(path.string() + ".new"));
  EXPECT_THAT(log.lines, ElementsAre(HasSubstr("is a directory; name the file in it"),
                                     HasSubstr("cannot be written (Is a directory)")));
}

TEST_F(recovery_file, without_its_directory_is_a_warning_when_it_is_written) {
  path = directory / "none" / "recovery";
  EXPECT_FALSE(take());
  EXPECT_THAT(log.lines, IsEmpty());
  write();
  EXPECT_THAT(log.lines, ElementsAre(HasSubstr("cannot be written (No such file or directory)")));
}

}  // namespace
}  // namespace roombridge::upstream
