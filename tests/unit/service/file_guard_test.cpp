// SPDX-License-Identifier: MIT
#include "daemon/service/file_guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace roombridge::service {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class line_logger : public logger {
 public:
  bool enabled(log_level) const override { return true; }
  void write(log_level, std::string_view text, std::initializer_list<log_field>) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

class file_guards : public testing::Test {
 protected:
  file_guards() {
    std::string name = testing::TempDir() + "roombridge-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    EXPECT_EQ(::chmod(name.c_str(), 0755), 0);
    file_ = (directory_ / "token").string();
    std::ofstream(file_) << "secret";
    set_mode(0600);
  }
  ~file_guards() override { fs::remove_all(directory_); }

  void set_mode(mode_t mode) { ASSERT_EQ(::chmod(file_.c_str(), mode), 0); }
  [[nodiscard]] secret_files files() const {
    return {{{"upstream.token", file_}}, {effective_ids(), "roombridge", {}}};
  }

  fs::path directory_;
  std::string file_;
  line_logger log_;
  file_guard guard_{log_};
};

TEST_F(file_guards, tell_once_what_is_wrong_and_when_it_is_mended) {
  guard_.watch_over(files());
  EXPECT_THAT(guard_.look(), IsEmpty());
  EXPECT_THAT(log_.lines, IsEmpty());
  set_mode(0644);
  const auto wrong = AllOf(HasSubstr("upstream.token: " + file_ + " can be read by everyone"), HasSubstr("chmod 600"));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(guard_.look(), ElementsAre(wrong));
  EXPECT_THAT(log_.lines, ElementsAre(wrong));
  set_mode(0600);
  EXPECT_THAT(guard_.look(), IsEmpty());
  EXPECT_THAT(log_.lines, ElementsAre(wrong, HasSubstr("is safe again")));
}

TEST_F(file_guards, judge_what_was_opened_by_its_descriptor) {
  guard_.watch_over(files());
  guard_.opened(file_, {::geteuid(), ::getegid(), S_IFREG | 0666});
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("can be read by everyone (mode 0666)")));
  guard_.opened("/somewhere/else", {1000, 1000, S_IFREG | 0666});
  EXPECT_EQ(log_.lines.size(), 1u);
}

TEST_F(file_guards, name_a_directory_in_which_the_file_can_be_replaced) {
  ASSERT_EQ(::chmod(directory_.c_str(), 0777), 0);
  guard_.watch_over(files());
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("chmod go-w " + directory_.string())));
}

TEST_F(file_guards, see_through_links) {
  const std::string link = (directory_ / "link").string();
  fs::create_symlink(file_, link);
  auto linked = files();
  linked.files[0].path = link;
  guard_.watch_over(linked);
  EXPECT_THAT(log_.lines, IsEmpty());
  set_mode(0604);
  EXPECT_THAT(guard_.look(), ElementsAre(HasSubstr(link + " can be read by everyone")));
}

TEST_F(file_guards, have_nothing_against_a_file_that_is_not_there) {
  fs::remove(file_);
  guard_.watch_over(files());
  EXPECT_THAT(guard_.look(), IsEmpty());
  EXPECT_THAT(log_.lines, IsEmpty());
}

}  // namespace
}  // namespace roombridge::service
