// SPDX-License-Identifier: MIT
#include "daemon/service/log_queue.hpp"

#include <gmock/gmock.h>

#include <future>
#include <string>
#include <vector>

namespace roombridge::service {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::SizeIs;

constexpr milliseconds far_longer_than_needed{30'000};

// Keeps what it is given, and takes nothing before it is opened.
class gate_sink final : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& record) override {
    if (texts_.empty()) {
      reached.set_value();
      opened.get_future().wait();
    }
    texts_.emplace_back(record.payload.data(), record.payload.size());
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  // Once nothing is written any more.
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

  std::promise<void> reached;  // by the first record
  std::promise<void> opened;

 private:
  std::vector<std::string> texts_;
};

struct LogQueueTest : testing::Test {
  std::shared_ptr<gate_sink> sink = std::make_shared<gate_sink>();
  log_queue queue{sink, [](std::uint64_t count) { return std::to_string(count) + " dropped"; }};

  void push(const std::string& text) { queue.push(spdlog::level::info, text); }

  // The thread has taken one record, which waits in the sink.
  void fill_thread() {
    push("first");
    sink->reached.get_future().wait();
  }
};

TEST_F(LogQueueTest, writes_in_order_and_drains) {
  sink->opened.set_value();
  push("one");
  push("two");
  EXPECT_TRUE(queue.drain(far_longer_than_needed));
  EXPECT_THAT(sink->texts(), ElementsAre("one", "two"));
  EXPECT_EQ(queue.dropped(), 0u);
}

TEST_F(LogQueueTest, a_sink_that_takes_nothing_holds_up_neither_push_nor_drain) {
  fill_thread();
  push("second");
  EXPECT_FALSE(queue.drain(milliseconds{1}));
  sink->opened.set_value();
  EXPECT_TRUE(queue.drain(far_longer_than_needed));
  EXPECT_THAT(sink->texts(), ElementsAre("first", "second"));
}

TEST_F(LogQueueTest, the_oldest_are_dropped_and_how_many_is_said_where_they_were) {
  fill_thread();
  for (std::size_t i = 0; i < log_queue::capacity + 5; ++i) push("record " + std::to_string(i));
  EXPECT_EQ(queue.dropped(), 5u);
  sink->opened.set_value();
  EXPECT_TRUE(queue.drain(far_longer_than_needed));
  ASSERT_THAT(sink->texts(), SizeIs(2 + log_queue::capacity));
  EXPECT_EQ(sink->texts()[1], "5 dropped");
  EXPECT_EQ(sink->texts()[2], "record 5");
  EXPECT_EQ(sink->texts().back(), "record " + std::to_string(log_queue::capacity + 4));
}

TEST_F(LogQueueTest, a_text_may_hold_any_bytes) {
  sink->opened.set_value();
  const std::string text("a\0b\n{}", 6);
  push(text);
  EXPECT_TRUE(queue.drain(far_longer_than_needed));
  EXPECT_THAT(sink->texts(), ElementsAre(text));
}

}  // namespace
}  // namespace roombridge::service
