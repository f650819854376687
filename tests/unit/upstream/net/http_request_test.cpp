// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/http_request.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

endpoint server() {
  return std::get<endpoint>(make_endpoint("http://shop.example:3001", "/socket.io/"));
}

TEST(http_request, names_server_transport_and_session) {
  EXPECT_EQ(request_head("GET", server(), transport_kind::websocket, {}),
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: shop.example:3001\r\n"
            "User-Agent: roombridged\r\nAccept-Encoding: identity\r\n");
  EXPECT_EQ(request_head("POST", server(), transport_kind::polling, {"a/b", "io=1; x=2"}),
            "POST /socket.io/?EIO=4&transport=polling&sid=a%2Fb HTTP/1.1\r\nHost: shop.example:3001\r\n"
            "User-Agent: roombridged\r\nAccept-Encoding: identity\r\nCookie: io=1; x=2\r\n");
}

TEST(http_request, carries_the_extras_whatever_is_in_them) {
  endpoint where = server();
  where.extras.query = {{"k", "a b"}};
  where.extras.headers = {{"Authorization", "Bearer a.b.c"}, {"X-Till", "3"}};
  const std::string head = request_head("GET", where, transport_kind::polling, {"a b\r\n&\xff", ""});
  EXPECT_EQ(head,
            "GET /socket.io/?EIO=4&transport=polling&sid=a%20b%0D%0A%26%FF&k=a%20b HTTP/1.1\r\n"
            "Host: shop.example:3001\r\nUser-Agent: roombridged\r\nAccept-Encoding: identity\r\n"
            "Authorization: Bearer a.b.c\r\nX-Till: 3\r\n");
}

}  // namespace
}  // namespace roombridge::upstream
