// SPDX-License-Identifier: MIT
#include "daemon/local/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

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
      const listener second{config_};
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
    const listener here{config_};
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
    const listener gone{config_};
    std::filesystem::rename(config_.socket, moved);
  }
  std::filesystem::rename(moved, config_.socket);
  EXPECT_FALSE(can_connect());
  const listener here{config_};
  EXPECT_TRUE(can_connect());
}

TEST_F(listening, refuses_where_somebody_listens) {
  const listener first{config_};
  EXPECT_EQ(error_of_listening(), EADDRINUSE);
  EXPECT_TRUE(can_connect());
}

TEST_F(listening, leaves_alone_what_is_not_a_socket) {
  std::ofstream{config_.socket} << "precious";
  EXPECT_EQ(error_of_listening(), EEXIST);
  EXPECT_EQ(std::filesystem::file_size(config_.socket), 8u);
}

TEST_F(listening, does_not_remove_its_successor) {
  std::optional<listener> first{std::in_place, config_};
  std::filesystem::remove(config_.socket);
  const listener second{config_};
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

// The longest that the config takes, too.
TEST_F(listening, takes_paths_of_up_to_103_bytes) {
  config_.socket = (directory_ / "").string();
  config_.socket.resize(104, 'x');
  EXPECT_EQ(error_of_listening(), ENAMETOOLONG);
  config_.socket.pop_back();
  const listener here{config_};
  EXPECT_TRUE(can_connect());
}

}  // namespace
}  // namespace roombridge::local
