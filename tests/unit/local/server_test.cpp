// SPDX-License-Identifier: MIT
// The whole local side on a real socket: accepting, running out of descriptors, stopping.
#include "daemon/local/server.hpp"

#include <sys/resource.h>
#include <sys/un.h>

#include <filesystem>

#include <boost/asio/co_spawn.hpp>

#include "support.hpp"

namespace roombridge::local {
namespace {

class serving : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "roombridge-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    options_.socket = (directory_ / "test.sock").string();
    server_.emplace(context_, options_, "roombridged test", events_, handler_, named_, log_);
    boost::asio::co_spawn(context_, server_->run(), [this](const std::exception_ptr& error) {
      returned_ = true;
      EXPECT_EQ(error, nullptr);
    });
    run();
  }
  void TearDown() override {
    server_->stop(std::chrono::milliseconds{0});
    run_until([this] { return returned_; });
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  void run() {
    context_.restart();
    while (context_.poll() > 0) {
    }
  }
  // Waits for events, not for time.
  template <class Done>
  void run_until(const Done& done) {
    context_.restart();
    while (!done() && context_.run_one_for(std::chrono::seconds{20}) > 0) {
    }
    ASSERT_TRUE(done());
  }

  test_client connect() {
    unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    options_.socket.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return test_client{std::move(fd)};
  }
  test_client welcomed() {
    auto client = connect();
    client.send_message(proto::hello{.client = "test"});
    run();
    client.expect<proto::welcome>();
    return client;
  }

  std::filesystem::path directory_;
  io::context context_;
  options options_ = open_to_everyone();
  log::event_log events_{2u << 20, 1};
  recording_handler handler_;
  named_subscribers named_{nullptr, [] { return wall_watch::reading{}; }};
  recording_logger log_;
  std::optional<server> server_;
  bool returned_ = false;
};

TEST_F(serving, accepts_and_delivers) {
  auto client = welcomed();
  client.send_message(proto::subscribe{1, {}, {}});
  run();
  client.expect<proto::result>();
  client.expect<proto::live>();
  events_.append({.time = 1, .name = "a", .arguments = "1"});
  server_->flush();
  EXPECT_EQ(client.expect<proto::event>().name, "a");
  EXPECT_EQ(server_->counters().delivered, 1u);
  EXPECT_EQ(server_->peers().size(), 1u);
}

TEST_F(serving, stop_says_bye_and_removes_the_socket) {
  auto client = welcomed();
  server_->stop(std::chrono::seconds{20});
  EXPECT_FALSE(std::filesystem::exists(options_.socket));
  run_until([this] { return returned_; });
  EXPECT_EQ(client.expect<proto::bye>().reason, "shutdown");
  EXPECT_TRUE(client.closed());
}

TEST_F(serving, stop_waits_no_longer_than_it_is_told) {
  auto client = welcomed();
  client.send_message(proto::subscribe{1, {}, {}});
  run();
  const std::string large(900'000, '1');
  events_.append({.time = 1, .name = "a", .arguments = large});
  server_->flush();  // does not fit into the socket
  server_->stop(std::chrono::milliseconds{1});
  run_until([this] { return returned_; });
  EXPECT_TRUE(server_->peers().empty());
}

TEST_F(serving, survives_running_out_of_descriptors) {
  auto client = welcomed();
  auto waiting = connect();  // in the backlog
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const unique_fd highest{::dup(0)};
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(highest.get());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  run();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(log_.count(log_level::error), 1u);
  client.send_message(proto::ping{1, {}});
  run();
  client.expect<proto::pong>();
  waiting.send_message(proto::hello{});
  run_until([this] { return server_->peers().size() == 2; });
  run();
  waiting.expect<proto::welcome>();
}

TEST_F(serving, leaves_the_last_descriptors_to_the_rest_of_the_daemon) {
  auto client = welcomed();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const unique_fd highest{::dup(0)};
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(highest.get()) + 20;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  auto second = connect();
  run();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(second.expect<proto::bye>().reason, "too_many_connections");
  EXPECT_EQ(log_.count(log_level::warning), 1u);
  EXPECT_EQ(server_->peers().size(), 1u);
  welcomed();
}

TEST_F(serving, keeps_its_socket_when_the_options_change) {
  options changed = options_;
  changed.mode = 0600;
  changed.group = "root";
  changed.connections = 1;
  server_->reconfigure(changed, access_rules{changed, ::geteuid()});
  auto client = welcomed();
  std::vector<test_client> kept;  // we are the daemon's user
  for (int i = 0; i < 16; ++i) kept.push_back(welcomed());
  auto last = connect();
  run();
  EXPECT_EQ(last.expect<proto::bye>().reason, "too_many_connections");
}

}  // namespace
}  // namespace roombridge::local
