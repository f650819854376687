// SPDX-License-Identifier: MIT
// Calls: who may what, and what becomes of their params.
#include "daemon/service/requests.hpp"

#include <gtest/gtest.h>

#include <optional>

#include <roombridge/proto/error.hpp>

namespace roombridge::service {
namespace {

using namespace std::chrono_literals;
using proto::error_code;

class no_events final : public upstream::client_handler {
 public:
  void on_status(const upstream::client_status&) override {}
  void on_event(std::string_view, std::span<const upstream::bytes_view>, std::optional<upstream::ack_ticket>) override {
  }
  void on_identity(const upstream::identity_digest&, std::string_view) override {}
  void on_burst_end() override {}
};

class no_log final : public logger {
 public:
  bool enabled(log_level) const override { return false; }
  void write(log_level, std::string_view, std::initializer_list<log_field>) override {}
};

class calls : public testing::Test {
 protected:
  // The answer; none yet: the call waits.
  std::optional<local::answer> call(std::string_view method, bool control, std::string_view params = "{}") {
    std::optional<local::answer> got;
    const local::rights may{control, {}, {}, {}};
    requests_.on_call({.who = 7, .method = method, .params = params, .may = &may},
                      [&got](local::answer what) { got = std::move(what); });
    return got;
  }
  error_code error_of(std::string_view method, bool control, std::string_view params = "{}") {
    const auto got = call(method, control, params);
    return got ? static_cast<error_code>(got->error) : error_code::none;
  }

  io::context context_{1};
  no_events handler_;
  no_log log_;
  upstream::client client_{context_, {}, handler_, log_};
  events::parser parser_{{}};
  std::optional<std::chrono::milliseconds> traced_;
  requests requests_{client_,
                     parser_,
                     {.status = [](const local::call_request&) { return "{}"; },
                      .rooms = [](const local::call_request&) { return "[]"; },
                      .reload = [](const local::answer_function& done) { done({.payload = "{}"}); },
                      .forget = [](const local::answer_function& done) { done({.payload = "{}"}); },
                      .trace =
                          [this](local::peer_token who, std::chrono::milliseconds time, const local::answer_function&) {
                            EXPECT_EQ(who, 7u);
                            traced_ = time;
                          }}};
};

TEST_F(calls, those_that_control_need_the_right) {
  for (const std::string_view method : {"reload", "reconnect", "forget", "trace"}) {
    EXPECT_EQ(error_of(method, false), error_code::not_permitted) << method;
    EXPECT_EQ(error_of(method, true), error_code::none) << method;
  }
  for (const std::string_view method : {"status", "rooms"})
    EXPECT_EQ(error_of(method, false), error_code::none) << method;
}

TEST_F(calls, an_unknown_one_is_told_which_there_are) {
  const auto got = call("lunch", true);
  EXPECT_EQ(got->error, static_cast<int>(error_code::unknown_method));
  EXPECT_NE(got->text.find("reconnect, forget, trace"), std::string::npos);
}

TEST_F(calls, a_trace_lasts_as_long_as_is_asked_for) {
  EXPECT_FALSE(call("trace", true)) << "the answer comes when it is over";
  EXPECT_EQ(traced_, 30s);
  EXPECT_FALSE(call("trace", true, R"({"for_ms":3600000})"));
  EXPECT_EQ(traced_, 1h);
  traced_.reset();
  for (const std::string_view params : {R"({"for_ms":0})", R"({"for_ms":3600001})", R"({"for_ms":"1"})"}) {
    EXPECT_EQ(error_of("trace", true, params), error_code::bad_request) << params;
  }
  EXPECT_FALSE(traced_);
}

}  // namespace
}  // namespace roombridge::service
