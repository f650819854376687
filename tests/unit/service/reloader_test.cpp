// SPDX-License-Identifier: MIT
#include "daemon/service/reloader.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <roombridge/proto/error.hpp>
#include <string>
#include <vector>

namespace roombridge::service {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct silent_logger final : logger {
  bool enabled(log_level) const override { return true; }
  void write(log_level, std::string_view text, std::initializer_list<log_field>) override { texts.emplace_back(text); }
  std::vector<std::string> texts;
};

// What the thread waits for, in its own hands: it may outlive the test.
struct gate {
  std::mutex mutex;
  std::condition_variable changed;
  int let_through = 0;

  void pass() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return let_through > 0; });
    --let_through;
  }
  void open(int times) {
    const std::lock_guard lock(mutex);
    let_through += times;
    changed.notify_all();
  }
};

struct ReloaderTest : testing::Test {
  io::context context;
  silent_logger log;
  std::shared_ptr<gate> way = std::make_shared<gate>();
  int applied = 0;
  std::vector<std::string> verdicts;

  std::unique_ptr<reloader> make(milliseconds most) {
    return std::make_unique<reloader>(
        context, log,
        [way = way] {
          way->pass();
          return prepared_config{};
        },
        [this](const prepared_config&) {
          ++applied;
          return local::answer{.payload = "applied " + std::to_string(applied)};
        },
        most);
  }
  local::answer_function note() {
    return [this](const local::answer& verdict) { verdicts.push_back(verdict.payload + verdict.text); };
  }
};

TEST_F(ReloaderTest, applies_what_was_prepared_elsewhere) {
  const auto reloads = make(milliseconds{60'000});
  reloads->reload(note());
  context.poll();
  EXPECT_THAT(verdicts, IsEmpty()) << "the event thread waits for nothing";
  way->open(1);
  context.run();
  EXPECT_THAT(verdicts, ElementsAre("applied 1"));
}

TEST_F(ReloaderTest, who_asks_during_one_gets_the_next_one) {
  const auto reloads = make(milliseconds{60'000});
  reloads->reload(note());
  context.poll();
  reloads->reload(note());
  reloads->reload(note());
  way->open(2);
  context.run();
  EXPECT_THAT(verdicts, ElementsAre("applied 1", "applied 2", "applied 2"))
      << "the file may have changed since it was read";
}

TEST_F(ReloaderTest, one_that_hangs_is_given_up_and_nothing_changes) {
  const auto reloads = make(milliseconds{1});
  reloads->reload(note());
  context.run();
  ASSERT_EQ(verdicts.size(), 1u);
  EXPECT_THAT(verdicts[0], HasSubstr("nothing changed: reading the config"));
  EXPECT_THAT(log.texts, ElementsAre(HasSubstr("reload refused, nothing changed")));
  EXPECT_EQ(applied, 0);
  way->open(1);  // so that the thread ends
}

}  // namespace
}  // namespace roombridge::service
