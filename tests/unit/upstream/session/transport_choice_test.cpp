// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/transport_choice.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using enum transport_kind;

TEST(transport_choice, goes_round) {
  transport_choice choice({websocket, polling});
  EXPECT_EQ(choice.current(), websocket);
  EXPECT_TRUE(choice.pass_on());
  EXPECT_EQ(choice.current(), polling);
  EXPECT_TRUE(choice.pass_on());
  EXPECT_EQ(choice.current(), websocket);
}

TEST(transport_choice, stays_where_there_is_no_other) {
  transport_choice choice({polling});
  EXPECT_FALSE(choice.pass_on());
  EXPECT_EQ(choice.current(), polling);
  choice.stay_with(websocket);
  EXPECT_EQ(choice.current(), polling);
}

TEST(transport_choice, stays_with_one_and_starts_over) {
  transport_choice choice({polling, websocket});
  choice.stay_with(websocket);
  EXPECT_EQ(choice.current(), websocket);
  choice.start_over();
  EXPECT_EQ(choice.current(), polling);
}

TEST(transport_choice, does_not_blame_the_transport_for_what_all_share) {
  for (const cause why :
       {cause::dns_failure, cause::tcp_refused, cause::tcp_timeout, cause::tls_unknown_ca, cause::engine_io_3,
        cause::namespace_refused, cause::token_missing, cause::reconfigured, cause::message_too_large, cause::kicked}) {
    EXPECT_FALSE(may_be_the_transports(why)) << to_string(why);
  }
  for (const cause why : {cause::http_4xx, cause::http_5xx, cause::http_not_websocket, cause::engine_refused,
                          cause::connection_lost, cause::connect_timeout, cause::protocol_error}) {
    EXPECT_TRUE(may_be_the_transports(why)) << to_string(why);
  }
}

}  // namespace
}  // namespace roombridge::upstream
