// SPDX-License-Identifier: MIT
// The kernel's own announcements, in a network namespace that nobody else sees. A namespace belongs to a thread.
#include "daemon/upstream/client/system_watch.hpp"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;

class silent_logger : public logger {
 public:
  bool enabled(log_level) const override { return true; }
  void write(log_level, std::string_view text, std::initializer_list<log_field>) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

bool set_loopback(bool up) {
  const int any = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = static_cast<short>(up ? IFF_UP : 0);
  const bool done = ::ioctl(any, SIOCSIFFLAGS, &request) == 0;
  ::close(any);
  return done;
}

struct outcome {
  bool namespaced = false;
  int told = 0;
  std::vector<std::string> complaints;
};

outcome bring_loopback_up() {
  outcome out;
  std::thread([&out] {
    out.namespaced = ::unshare(CLONE_NEWNET) == 0;
    if (!out.namespaced) return;
    io::context context(1);
    silent_logger log;
    system_watch watch(context, log,
                       {.network_changed =
                            [&] {
                              ++out.told;
                              context.stop();
                            },
                        .clock_changed = [](std::chrono::milliseconds) {}});
    if (!set_loopback(true)) return;
    context.run_for(60s);
    out.complaints = log.lines;
  }).join();
  return out;
}

TEST(system_watch, tells_of_a_network_that_comes_up) {
  const outcome out = bring_loopback_up();
  if (!out.namespaced) {
    const char* ci = std::getenv("CI");
    ASSERT_FALSE(ci != nullptr && std::string_view(ci) == "true") << "CI: no network namespace may be made";
    GTEST_SKIP() << "no network namespace may be made here (not root?)";
  }
  EXPECT_EQ(out.told, 1);
  EXPECT_TRUE(out.complaints.empty()) << out.complaints.front();
}

TEST(system_watch, may_go_at_any_time) {
  io::context context(1);
  silent_logger log;
  {
    const system_watch watch(context, log, {[] { FAIL(); }, [](std::chrono::milliseconds) { FAIL(); }});
  }
  context.run_for(60s);
  EXPECT_TRUE(log.lines.empty());
}

}  // namespace
}  // namespace roombridge::upstream
