// SPDX-License-Identifier: MIT
// Emits of the session machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;
using testing::HasSubstr;
using testing::IsEmpty;

class session_emit : public testing::Test {
 protected:
  session_emit() : h(plain_options()) {}
  share_holder sender;
  session::verdict emit(bool want_ack, std::string_view arguments = "[1]",
                        std::span<const bytes_view> attachments = {}) {
    out.clear();
    return h.machine.emit({"e", arguments, attachments, want_ack, 10s, sender}, out, h.at());
  }
  harness h;
  std::string out;
};

TEST_F(session_emit, asks_for_acknowledgements_with_ids_of_their_own) {
  h.start();
  EXPECT_FALSE(emit(false).id);
  EXPECT_EQ(out, R"(42["e",1])");
  const auto first = emit(true).id;
  EXPECT_EQ(out, R"(420["e",1])");
  const auto second = emit(true).id;
  EXPECT_EQ(out, R"(421["e",1])");
  EXPECT_TRUE(h.machine.take_ack(*second));
  EXPECT_FALSE(h.machine.take_ack(*second)) << "twice";
  EXPECT_TRUE(h.machine.take_ack(*first));
  EXPECT_FALSE(h.machine.take_ack(77));
}

TEST_F(session_emit, fails_what_waits_when_the_connection_ends) {
  h.start();
  const auto first = emit(true).id;
  const auto second = emit(true).id;
  ASSERT_TRUE(h.machine.take_ack(*first));
  h.lose(cause::server_closed);
  ASSERT_EQ(h.failed.size(), 1u);
  EXPECT_EQ(h.failed[0].id, second);
  EXPECT_EQ(h.failed[0].error, emit_error::connection_lost);
  EXPECT_FALSE(h.machine.take_ack(*second));
}

TEST_F(session_emit, fails_what_is_not_acknowledged_in_time) {
  h.start();
  const auto id = emit(true).id;
  h.advance(10s - 1ms);
  EXPECT_THAT(h.failed, IsEmpty());
  h.advance(1ms);
  ASSERT_EQ(h.failed.size(), 1u);
  EXPECT_EQ(h.failed[0].id, id);
  EXPECT_EQ(h.failed[0].error, emit_error::ack_timeout);
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST_F(session_emit, has_a_bound_on_what_waits) {
  h.start();
  for (std::size_t i = 0; i < pending_emits::most / 2; ++i) ASSERT_TRUE(emit(true).id) << i;
  const auto refused = emit(true);
  EXPECT_EQ(refused.error, emit_error::too_many);
  EXPECT_FALSE(refused.id);
  EXPECT_EQ(emit(false).error, emit_error::none) << "which waits for nothing";
  sender = {1001};
  const auto of_another = emit(true).id;
  ASSERT_TRUE(of_another);
  sender = {};
  ASSERT_TRUE(h.machine.take_ack(*of_another) && h.machine.take_ack(0));
  EXPECT_TRUE(emit(true).id);
  h.advance(10s);
  EXPECT_EQ(h.failed.size(), pending_emits::most / 2);
  for (std::size_t i = 0; i < pending_emits::most / 2; ++i)
    ASSERT_TRUE(emit(true).id) << "those that failed count no more";
}

TEST_F(session_emit, refuses_while_not_authenticated) {
  h.token = "bad";
  h.start();
  const auto verdict = emit(true);
  EXPECT_EQ(verdict.error, emit_error::not_connected);
  EXPECT_THAT(verdict.text, HasSubstr("connected"));
}

TEST_F(session_emit, refuses_what_the_server_would_close_for) {
  h.start();
  const std::string fits = "[\"" + std::string(1000 - 11, 'x') + "\"]";
  EXPECT_EQ(emit(true, fits).error, emit_error::none) << out.size();
  EXPECT_EQ(out.size(), 1000u);
  const std::string large = "[\"" + std::string(1000 - 10, 'x') + "\"]";
  const auto verdict = emit(true, large);
  EXPECT_EQ(verdict.error, emit_error::too_large);
  EXPECT_THAT(verdict.text, HasSubstr("1000"));
  EXPECT_THAT(verdict.text, HasSubstr(std::to_string(out.size())));
  const std::vector<std::byte> bytes(1001);
  const std::array<bytes_view, 1> attachments{bytes_view(bytes)};
  const auto binary = emit(false, R"([{"_placeholder":true,"num":0}])", attachments);
  EXPECT_EQ(binary.error, emit_error::too_large);
  EXPECT_THAT(binary.text, HasSubstr("1001"));
  const std::array<bytes_view, 11> many{};
  EXPECT_EQ(emit(false, "[]", std::span(many).first(10)).error, emit_error::none);
  const auto crowd = emit(false, "[]", many);
  EXPECT_EQ(crowd.error, emit_error::too_large);
  EXPECT_THAT(crowd.text, HasSubstr("11 attachments"));
}

}  // namespace
}  // namespace roombridge::upstream
