// SPDX-License-Identifier: MIT
#include "daemon/local/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>

namespace roombridge::local {
namespace {

class listening : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "roombridge-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    config_.socket = (directory_ / "test.sock").string();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] bool can_connect() const {
    const unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    config_.socket.copy(address.sun_path, sizeof address.sun_path - 1);
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  [[nodiscard]] int error_of_listening() const {
    try {
      const listener second{config_.socket, look_up_socket_access(config_)};
      return 0;
    } catch (const socket_error& error) {
      const bool of_the_path = error.key() == "local.socket";
      EXPECT_NE(std::string{error.what()}.find(of_the_path ? config_.socket : "nobody knows"), std::string::npos)
          << error.what();
      return error.error();
    }
  }

  std::filesystem::path directory_;
  options config_;
};

TEST_F(listening, makes_and_removes_the_socket) {
  config_.mode = 0640;
  {
    const listener here{config_.socket, look_up_socket_access(config_)};
    struct stat found {};
    ASSERT_EQ(::stat(config_.socket.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777u, 0640u);
    EXPECT_TRUE(can_connect());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{directory_}, {}), 1) << "nothing else is left";
  }
  EXPECT_FALSE(std::filesystem::exists(config_.socket));
}

TEST_F(listening, replaces_a_stale_socket) {
  const std::filesystem::path moved = directory_ / "moved";
  {
    const listener gone{config_.socket, look_up_socket_access(config_)};
    std::filesystem::rename(config_.socket, moved);
  }
  std::filesystem::rename(moved, config_.socket);
  EXPECT_FALSE(can_connect());
  const listener here{config_.socket, look_up_socket_access(config_)};
  EXPECT_TRUE(can_connect());
}

TEST_F(listening, refuses_where_somebody_listens) {
  const listener first{config_.socket, look_up_socket_access(config_)};
  EXPECT_EQ(error_of_listening(), EADDRINUSE);
  EXPECT_TRUE(can_connect());
}

TEST_F(listening, leaves_alone_what_is_not_a_socket) {
  std::ofstream{config_.socket} << "precious";
  EXPECT_EQ(error_of_listening(), EEXIST);
  EXPECT_EQ(std::filesystem::file_size(config_.socket), 8u);
}

TEST_F(listening, follows_no_link_and_touches_no_file_behind_one) {
  const std::filesystem::path victim = directory_ / "victim";
  std::ofstream{victim} << "precious";
  std::filesystem::permissions(victim, std::filesystem::perms::owner_read);
  std::filesystem::create_symlink(victim, config_.socket + ".new");
  {
    const listener here{config_.socket, look_up_socket_access(config_)};
    EXPECT_TRUE(can_connect());
    EXPECT_EQ(std::filesystem::status(victim).permissions(), std::filesystem::perms::owner_read);
  }
  std::filesystem::create_symlink(victim, config_.socket);
  EXPECT_EQ(error_of_listening(), EEXIST);
}

TEST_F(listening, refuses_a_directory_that_others_may_write) {
  for (const mode_t mode : {0777u, 0757u, 0702u}) {
    ASSERT_EQ(::chmod(directory_.c_str(), mode), 0);
    EXPECT_EQ(error_of_listening(), EPERM) << std::oct << mode;
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
  ASSERT_EQ(::chmod(directory_.c_str(), 01777), 0) << "as /tmp";
  const listener here{config_.socket, look_up_socket_access(config_)};
  EXPECT_TRUE(can_connect());
}

TEST_F(listening, refuses_a_directory_of_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(::chown(directory_.c_str(), 1000, 0), 0);
  EXPECT_EQ(error_of_listening(), EPERM);
  ASSERT_EQ(::chown(directory_.c_str(), 0, 1000), 0);
  ASSERT_EQ(::chmod(directory_.c_str(), 0770), 0);
  EXPECT_EQ(error_of_listening(), EPERM) << "a group that is not the daemon's";
}

// Between the socket's making and its naming: what has taken its place there is not given away.
TEST_F(listening, gives_away_nothing_but_a_socket_of_its_own) {
  const socket_place place{config_.socket};
  std::ofstream{directory_ / place.made_as()} << "precious";
  const auto given = [&place] {
    try {
      (void)place.give(place.made_as(), ::geteuid(), ::getegid(), 0666);
      return 0;
    } catch (const socket_error& error) {
      return error.error();
    }
  };
  EXPECT_EQ(given(), EEXIST);
  std::filesystem::rename(directory_ / place.made_as(), directory_ / "victim");
  std::filesystem::create_symlink("victim", directory_ / place.made_as());
  EXPECT_EQ(given(), EEXIST);
  std::filesystem::remove(directory_ / place.made_as());
  EXPECT_EQ(given(), ENOENT);
  struct stat victim {};
  ASSERT_EQ(::stat((directory_ / "victim").c_str(), &victim), 0);
  EXPECT_NE(victim.st_mode & 07777u, 0666u);
}

// Its directory is meant, not what its path means by then.
TEST_F(listening, stays_in_the_directory_that_it_has_looked_at) {
  const std::filesystem::path inner = directory_ / "run";
  std::filesystem::create_directory(inner);
  const socket_place place{(inner / "s").string()};
  std::filesystem::rename(inner, directory_ / "moved");
  std::filesystem::create_directory(inner);
  const unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ASSERT_EQ(place.bind(fd.get(), place.made_as()), 0);
  EXPECT_TRUE(std::filesystem::exists(directory_ / "moved" / place.made_as()));
  EXPECT_TRUE(std::filesystem::is_empty(inner));
}

TEST_F(listening, does_not_remove_its_successor) {
  std::optional<listener> first{std::in_place, config_.socket, look_up_socket_access(config_)};
  std::filesystem::remove(config_.socket);
  const listener second{config_.socket, look_up_socket_access(config_)};
  first.reset();
  EXPECT_TRUE(can_connect());
}

TEST_F(listening, names_what_is_wrong) {
  config_.owner = "nobody knows";
  EXPECT_EQ(error_of_listening(), EINVAL);
  config_.owner.clear();
  config_.group = "a group that nobody knows";
  EXPECT_EQ(error_of_listening(), EINVAL);
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
  config_.group.clear();
  config_.socket = (directory_ / "not" / "there").string();
  EXPECT_EQ(error_of_listening(), ENOENT);
  config_.socket = (directory_ / std::string(120, 'x')).string();
  EXPECT_EQ(error_of_listening(), ENAMETOOLONG);
}

TEST_F(listening, takes_long_names_in_short_directories) {
  config_.socket = "/tmp/roombridge-" + std::to_string(::getpid()) + '-';
  config_.socket.resize(103, 'x');
  const listener here{config_.socket, look_up_socket_access(config_)};
  EXPECT_TRUE(can_connect());
}

// The longest that the config takes, too.
TEST_F(listening, takes_paths_of_up_to_103_bytes) {
  config_.socket = (directory_ / "").string();
  config_.socket.resize(104, 'x');
  EXPECT_EQ(error_of_listening(), ENAMETOOLONG);
  config_.socket.pop_back();
  const listener here{config_.socket, look_up_socket_access(config_)};
  EXPECT_TRUE(can_connect());
}

}  // namespace
}  // namespace roombridge::local
