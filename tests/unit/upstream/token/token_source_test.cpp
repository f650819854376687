// SPDX-License-Identifier: MIT
// Real files and real inotify; the tests wait for facts, never for time (but for a far deadline that fails them).
#include "daemon/upstream/token/token_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "daemon/base/path_walk.hpp"

namespace roombridge::upstream {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class silent_logger : public logger {
 public:
  bool enabled(log_level) const override { return true; }
  void write(log_level, std::string_view text, std::initializer_list<log_field>) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

class token_files : public testing::Test {
 protected:
  token_files() {
    std::string pattern = testing::TempDir() + "roombridge-token-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~token_files() override { fs::remove_all(root_); }

  static void write(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

  // Runs the loop until this token is delivered ("": none).
  void expect(std::string_view token) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (latest_.token.value_or("") != token || calls_ == seen_) {
      context_.restart();
      if (context_.run_one_until(deadline) == 0) {
        ADD_FAILURE() << "no notice of \"" << token << '"';
        return;
      }
    }
    seen_ = calls_;
  }

  token_source watch(const fs::path& path) {
    return token_source(context_, token_file{path.string()}, log_, receive());
  }

  token_source::receiver receive() {
    return [this](token_reading reading) {
      latest_ = std::move(reading);
      ++calls_;
    };
  }

  fs::path root_;
  io::context context_{1};
  token_reading latest_;
  silent_logger log_;
  int calls_ = 0;
  int seen_ = 0;
};

TEST_F(token_files, is_trimmed) {
  write(root_ / "t", " \t a.b.c \r\n\n");
  EXPECT_EQ(read_token(token_file{(root_ / "t").string()}).token, "a.b.c");
}

TEST_F(token_files, is_taken_without_a_byte_order_mark) {
  write(root_ / "t",
        "\xef\xbb\xbf"
        "a.b.c\r\n");
  EXPECT_EQ(read_token(token_file{(root_ / "t").string()}).token, "a.b.c");
  write(root_ / "t", "\xef\xbb\xbf\r\n");
  EXPECT_EQ(read_token(token_file{(root_ / "t").string()}).missing.why, cause::token_missing);
}

TEST_F(token_files, that_hold_more_than_a_token_say_what_is_wrong_with_them) {
  write(root_ / "t", "Bearer s3cret.token\n");
  const auto reading = read_token(token_file{(root_ / "t").string()});
  EXPECT_EQ(reading.missing.why, cause::token_unreadable);
  EXPECT_THAT(reading.missing.text, HasSubstr("the token file " + (root_ / "t").string() + " begins with \"Bearer \""));
  EXPECT_THAT(reading.missing.text, Not(HasSubstr("s3cret")));
}

TEST_F(token_files, is_missing_when_there_is_none) {
  const auto absent = read_token(token_file{(root_ / "t").string()});
  EXPECT_FALSE(absent.token);
  EXPECT_EQ(absent.missing.why, cause::token_missing);
  EXPECT_THAT(absent.missing.text, HasSubstr((root_ / "t").string()));
  write(root_ / "t", " \n");
  EXPECT_EQ(read_token(token_file{(root_ / "t").string()}).missing.why, cause::token_missing);
  EXPECT_THAT(read_token(token_file{(root_ / "t").string()}).missing.text, HasSubstr("empty"));
}

TEST_F(token_files, is_bounded) {
  write(root_ / "t", std::string(max_token_size, 'x'));
  EXPECT_TRUE(read_token(token_file{(root_ / "t").string()}).token);
  write(root_ / "t", std::string(max_token_size + 1, 'x'));
  EXPECT_EQ(read_token(token_file{(root_ / "t").string()}).missing.why, cause::token_unreadable);
}

TEST_F(token_files, names_what_cannot_be_a_token_without_showing_it) {
  write(root_ / "t", std::string("secret\0x", 8));
  const auto binary = read_token(token_file{(root_ / "t").string()});
  EXPECT_EQ(binary.missing.why, cause::token_unreadable);
  EXPECT_THAT(binary.missing.text, Not(HasSubstr("secret")));
  write(root_ / "t", "secret\xff");
  const auto latin = read_token(token_file{(root_ / "t").string()});
  EXPECT_EQ(latin.missing.why, cause::token_unreadable);
  EXPECT_THAT(latin.missing.text, HasSubstr("UTF-8"));
  EXPECT_THAT(latin.missing.text, Not(HasSubstr("secret")));
  EXPECT_EQ(read_token(token_file{root_.string()}).missing.why, cause::token_unreadable);
  ASSERT_EQ(mkfifo((root_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_token(token_file{(root_ / "fifo").string()}).missing.why, cause::token_unreadable)
      << "and does not hang";
}

TEST_F(token_files, says_when_it_may_not_be_read) {
  write(root_ / "t", "x");
  fs::permissions(root_ / "t", fs::perms::none);
  fs::permissions(root_, fs::perms::all);
  const bool root = getuid() == 0;  // it may read everything: so as somebody else
  if (root) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const auto reading = read_token(token_file{(root_ / "t").string()});
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_EQ(reading.missing.why, cause::token_unreadable);
  EXPECT_THAT(reading.missing.text, HasSubstr("0640"));
}

TEST(token_environment, is_read_like_a_file) {
  setenv("ROOMBRIDGE_TEST_TOKEN", " abc\n", 1);
  EXPECT_EQ(read_token(token_environment{"ROOMBRIDGE_TEST_TOKEN"}).token, "abc");
  setenv("ROOMBRIDGE_TEST_TOKEN", "\"abc\"", 1);
  EXPECT_THAT(read_token(token_environment{"ROOMBRIDGE_TEST_TOKEN"}).missing.text, HasSubstr("stands in quotes"));
  unsetenv("ROOMBRIDGE_TEST_TOKEN");
  const auto absent = read_token(token_environment{"ROOMBRIDGE_TEST_TOKEN"});
  EXPECT_EQ(absent.missing.why, cause::token_missing);
  EXPECT_THAT(absent.missing.text, HasSubstr("ROOMBRIDGE_TEST_TOKEN"));
}

TEST_F(token_files, comes_from_the_credentials_directory) {
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(read_token(token_credential{"upstream"}).missing.text, HasSubstr("LoadCredential="));
  write(root_ / "upstream", "abc\n");
  setenv("CREDENTIALS_DIRECTORY", root_.c_str(), 1);
  EXPECT_EQ(read_token(token_credential{"upstream"}).token, "abc");
  EXPECT_EQ(read_token(token_credential{"other"}).missing.why, cause::token_missing);
  write(root_ / "upstream", "abc\ndef\n");
  EXPECT_THAT(read_token(token_credential{"upstream"}).missing.text, HasSubstr("more than one line"));
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(token_none, is_there_and_empty) {
  EXPECT_EQ(read_token(token_none{}).token, "");
}

TEST_F(token_files, are_watched_for_writing_removal_and_creation) {
  write(root_ / "t", "one");
  const auto source = watch(root_ / "t");
  write(root_ / "t", "two");
  expect("two");
  fs::remove(root_ / "t");
  expect("");
  write(root_ / "t", "three");
  expect("three");
}

TEST_F(token_files, are_watched_for_a_rename_over_them) {
  write(root_ / "t", "one");
  const auto source = watch(root_ / "t");
  for (const std::string token : {"two", "three"}) {
    write(root_ / "t.new", token);
    fs::rename(root_ / "t.new", root_ / "t");
    expect(token);
  }
  fs::rename(root_ / "t", root_ / "elsewhere");
  expect("");
}

TEST_F(token_files, are_watched_through_missing_directories) {
  const auto source = watch(root_ / "a" / "b" / "t");
  fs::create_directories(root_ / "a" / "b");
  write(root_ / "a" / "b" / "t", "one");
  expect("one");
  fs::remove_all(root_ / "a");
  expect("");
  fs::create_directories(root_ / "new" / "b");
  write(root_ / "new" / "b" / "t", "two");
  fs::rename(root_ / "new", root_ / "a");
  expect("two");
  write(root_ / "a" / "b" / "t", "three");
  expect("three");
}

// As orchestrators mount secrets: t -> ..data/t, ..data -> a directory that is replaced by renaming a link over it.
TEST_F(token_files, are_watched_through_swapped_links) {
  fs::create_directory(root_ / "..1");
  write(root_ / "..1" / "t", "one");
  fs::create_directory_symlink("..1", root_ / "..data");
  fs::create_symlink("..data/t", root_ / "t");
  const auto source = watch(root_ / "t");
  for (const std::string name : {"2", "3"}) {
    fs::create_directory(root_ / (".." + name));
    write(root_ / (".." + name) / "t", name);
    fs::create_directory_symlink(".." + name, root_ / "..tmp");
    fs::rename(root_ / "..tmp", root_ / "..data");
    expect(name);
  }
}

TEST_F(token_files, are_watched_where_a_link_leads) {
  fs::create_directory(root_ / "run");
  fs::create_symlink(root_ / "run" / "real", root_ / "t");
  const auto source = watch(root_ / "t");
  write(root_ / "run" / "real", "one");
  expect("one");
}

TEST_F(token_files, do_not_wake_us_for_their_neighbours) {
  write(root_ / "t", "one");
  const auto source = watch(root_ / "t");
  write(root_ / "other", "x");
  write(root_ / "t", "two");
  expect("two");
  EXPECT_LE(calls_, 2) << "once for the creation or truncation, once for the close";
  EXPECT_TRUE(log_.lines.empty());
}

TEST_F(token_files, are_read_when_asked) {
  write(root_ / "t", "one");
  auto source = watch(root_ / "t");
  source.read();
  EXPECT_EQ(latest_.token, "one");
  EXPECT_EQ(calls_, 1);
}

TEST_F(token_files, may_be_the_output_of_a_command_that_runs_once_at_a_time) {
  const std::string runs = (root_ / "runs").string();
  token_source source(context_, token_command{{"/bin/sh", "-c", "echo x >> " + runs + "; echo one"}, 60s}, log_,
                      receive());
  source.read();
  source.read();
  EXPECT_EQ(calls_, 0) << "not yet";
  expect("one");
  context_.restart();
  context_.run();
  EXPECT_EQ(calls_, 1);
  source.read();
  context_.restart();
  context_.run();
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(fs::file_size(root_ / "runs"), 4u);
}

TEST_F(token_files, are_let_go_with_the_source) {
  auto source = std::make_unique<token_source>(context_, token_file{(root_ / "t").string()}, log_, receive());
  write(root_ / "t", "one");
  source.reset();
  context_.run();
  EXPECT_EQ(calls_, 0);
}

TEST_F(token_files, walk_names_each_entry_on_the_way) {
  fs::create_directory(root_ / "d");
  fs::create_symlink("d/t", root_ / "link");
  const auto steps = walk_path((root_ / "link").string());
  const auto has = [&steps](const fs::path& directory, const std::string& name) {
    return std::find(steps.begin(), steps.end(), path_step{directory.string(), name}) != steps.end();
  };
  EXPECT_TRUE(has(root_, "link"));
  EXPECT_TRUE(has(root_, "d"));
  EXPECT_TRUE(has(root_ / "d", "t"));
  EXPECT_TRUE(has("/", root_.relative_path().begin()->string()));
}

TEST_F(token_files, walk_ends_in_a_loop_of_links) {
  fs::create_symlink("b", root_ / "a");
  fs::create_symlink("a", root_ / "b");
  EXPECT_LT(walk_path((root_ / "a").string()).size(), 100u);
}

}  // namespace
}  // namespace roombridge::upstream
