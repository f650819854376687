// SPDX-License-Identifier: MIT
// Names and addresses, giving up, bytes, and the way through a proxy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>

#include "tests/support/scripted_peer.hpp"
#include "tests/unit/upstream/net/silent_servers.hpp"
#include "tests/unit/upstream/net/stream_fixture.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using test::at;
using test::exchange;
using test::full_port;
using test::hang_up;
using test::port_of;
using test::read_once;
using test::read_to_end;
using test::scripted_peer;
using test::silent_servers;
using test::tcp;
using test::tcp_acceptor;
using test::tcp_socket;
using test::with_tls;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class upstream_stream : public test::stream_fixture {};

// ---- names and TCP

TEST_F(upstream_stream, connects_to_a_number) {
  const scripted_peer peer(context);
  EXPECT_EQ(connect(peer.url()), failure{});
}

TEST_F(upstream_stream, says_why_a_name_has_no_address) {
  EXPECT_EQ(connect("http://shop.example:80"),
            (failure{cause::dns_failure, "the name \"shop.example\" cannot be resolved: Name or service not known"}));
}

TEST_F(upstream_stream, tries_every_address_of_a_name) {
  scripted_peer peer(context);
  table["shop.example:80"] = std::vector<tcp::endpoint>{{make_address("::1"), dead_port()},
                                                        {make_address("127.0.0.2"), dead_port()},
                                                        {make_address("127.0.0.1"), port_of(peer.url())}};
  EXPECT_EQ(connect("http://shop.example:80"), failure{});
}

io::task<> say(scripted_peer& peer, std::string word) {
  co_await peer.accept();
  co_await peer.write(std::move(word));
}

TEST_F(upstream_stream, begins_with_the_address_whose_turn_it_is) {
  scripted_peer one(context);
  scripted_peer other(context);
  spawn(say(one, "one"));
  spawn(say(other, "other"));
  table["shop.example:80"] = std::vector<tcp::endpoint>{{make_address("127.0.0.1"), dead_port()},
                                                        {make_address("127.0.0.1"), port_of(one.url())},
                                                        {make_address("127.0.0.1"), port_of(other.url())}};
  endpoint where = at("http://shop.example:80");
  for (const std::string word : {"one", "other"}) {
    where.turn += 4;
    stream next(context, trace, names());
    ASSERT_FALSE(run(next.connect(where, tls, 20s)));
    EXPECT_EQ(run(read_once(next)), word) << where.turn;
  }
}

TEST_F(upstream_stream, goes_on_from_the_older_family_to_the_newer) {
  tcp_acceptor six(context, tcp::v6());
  boost::system::error_code missing;
  six.bind({boost::asio::ip::address_v6::loopback(), 0}, missing);
  if (missing) GTEST_SKIP() << "no IPv6 here";
  six.listen();
  table["shop.example:80"] = std::vector<tcp::endpoint>{{make_address("127.0.0.1"), dead_port()}, six.local_endpoint()};
  EXPECT_EQ(connect("http://shop.example:80"), failure{});
}

TEST_F(upstream_stream, says_when_every_address_fails) {
  table["shop.example:80"] =
      std::vector<tcp::endpoint>{{make_address("127.0.0.2"), dead_port()}, {make_address("127.0.0.1"), dead_port()}};
  EXPECT_EQ(connect("http://shop.example:80"),
            (failure{cause::tcp_refused,
                     "http://shop.example:80 (127.0.0.1) refused the connection: nothing listens there; so did all 2 "
                     "addresses fail"}));
}

TEST_F(upstream_stream, goes_on_from_an_address_that_is_silent) {
  const full_port silent(context);
  const scripted_peer peer(context);
  table["shop.example:80"] = std::vector<tcp::endpoint>{{make_address("127.0.0.1"), silent.port()},
                                                        {make_address("127.0.0.1"), port_of(peer.url())}};
  EXPECT_EQ(connect("http://shop.example:80", 2s), failure{});
}

TEST_F(upstream_stream, names_a_port_where_nothing_listens) {
  const failure why = connect("http://127.0.0.1:" + std::to_string(dead_port()));
  EXPECT_EQ(why.why, cause::tcp_refused);
  EXPECT_THAT(why.text, HasSubstr("nothing listens there"));
}

TEST_F(upstream_stream, names_a_port_that_is_silent) {
  const full_port silent(context);
  const failure why = connect("http://127.0.0.1:" + std::to_string(silent.port()), 200ms);
  EXPECT_EQ(why.why, cause::tcp_timeout);
  EXPECT_THAT(why.text, EndsWith("does not answer on TCP"));
}

io::task<> connect_into(stream& connection, const endpoint& where, failure& into) {
  const tls_options plain;
  const auto failed = co_await connection.connect(where, plain, 20s);
  if (failed) into = *failed;
}

TEST_F(upstream_stream, names_a_connection_that_is_reset_before_it_is_seen_to_stand) {
  tcp_acceptor peer(context, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string url = "http://127.0.0.1:" + std::to_string(peer.local_endpoint().port());
  const endpoint where = at(url);
  failure why;
  spawn(connect_into(connection, where, why));
  // Its turn comes when the connection has been asked for, and before the loop looks at the network again.
  boost::asio::post(context, [&peer] {
    tcp_socket accepted = peer.accept();
    accepted.set_option(tcp_socket::linger(true, 0));
    accepted.close();
  });
  context.run();
  EXPECT_EQ(why, (failure{cause::connection_lost, url + " (127.0.0.1) reset the connection at once"}));
}

TEST_F(upstream_stream, names_name_servers_that_are_silent) {
  const silent_servers servers;
  stream asking(context, trace, servers.function());
  const auto why = run(asking.connect(at("http://shop.example:80"), tls, 100ms));
  EXPECT_EQ(why, (failure{cause::dns_failure,
                          "the name \"shop.example\" cannot be resolved: the name servers do not answer"}));
}

// ---- giving up

TEST_F(upstream_stream, can_be_given_up_in_every_step) {
  const silent_servers servers;
  const full_port silent(context);
  const scripted_peer peer(context);  // its system takes the connection and TLS's first bytes
  for (const std::string& url : {std::string("http://shop.example:80"),
                                 "http://127.0.0.1:" + std::to_string(silent.port()), with_tls(peer.url())}) {
    stream one(context, trace, servers.function());
    one.abort_after(50ms);
    const auto why = run(one.connect(at(url), tls, 60s));
    EXPECT_EQ(why->why, cause::connection_lost) << url;
    EXPECT_THAT(why->text, EndsWith("was given up"));
  }
}

TEST_F(upstream_stream, may_be_given_up_before_it_begins) {
  std::atomic<bool> asked = false;
  stream one(context, trace, [&asked](const auto&, const auto&) -> addresses {
    asked = true;
    return "asked";
  });
  one.abort();
  EXPECT_EQ(run(one.connect(at("http://shop.example:80"), tls, 20s))->why, cause::connection_lost);
  EXPECT_FALSE(asked);
}

// ---- bytes

io::task<> echo(scripted_peer& peer) {
  co_await peer.accept();
  const std::string request = co_await peer.read_request();
  co_await peer.write(request);
  peer.drop();
}

TEST_F(upstream_stream, carries_bytes_both_ways_and_tells_the_end) {
  scripted_peer peer(context);
  spawn(echo(peer));
  ASSERT_EQ(connect(peer.url()), failure{});
  const std::string text = "GET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(run(exchange(connection, text)), text);
  const failure why = run(read_to_end(connection));
  EXPECT_EQ(why, (failure{cause::connection_lost, peer.url() + " ended the TCP connection without a word"}));
}

TEST_F(upstream_stream, gives_back_what_was_unread) {
  scripted_peer peer(context);
  spawn(echo(peer));
  ASSERT_EQ(connect(peer.url()), failure{});
  run(exchange(connection, "a\r\n\r\n"));
  connection.unread("more");
  EXPECT_EQ(run(read_once(connection)), "more");
}

// ---- a proxy

// To a server that only the proxy can find.
endpoint beyond(const std::string& proxy_url, const std::string& url = "http://shop.example:80") {
  endpoint made = at(url);
  made.through = std::get<proxy>(parse_proxy(proxy_url));
  return made;
}

// Answers the request, and from then on is the server.
io::task<> proxy_and_echo(scripted_peer& peer, std::string& request, std::string answer) {
  co_await peer.accept();
  request = co_await peer.read_request();
  co_await peer.write(std::move(answer));
  const std::string text = co_await peer.read_request();
  co_await peer.write(text);
}

TEST_F(upstream_stream, reaches_the_server_through_a_proxy) {
  scripted_peer peer(context);
  std::string request;
  spawn(proxy_and_echo(peer, request, "HTTP/1.1 200 OK\r\n\r\n"));
  ASSERT_FALSE(run(connection.connect(beyond(peer.url()), tls, 20s)));
  EXPECT_THAT(request, StartsWith("CONNECT shop.example:80 HTTP/1.1\r\n"));
  EXPECT_EQ(run(exchange(connection, "hello\r\n\r\n")), "hello\r\n\r\n");
}

TEST_F(upstream_stream, passes_on_why_the_proxy_refuses) {
  scripted_peer peer(context);
  std::string request;
  spawn(proxy_and_echo(peer, request, "HTTP/1.1 403 Forbidden\r\n\r\n"));
  EXPECT_EQ(run(connection.connect(beyond(peer.url()), tls, 20s))->why, cause::proxy_refused);
}

TEST_F(upstream_stream, tells_a_proxy_that_is_not_there_from_a_server) {
  const std::string url = "http://127.0.0.1:" + std::to_string(dead_port());
  const auto refused = run(connection.connect(beyond(url), tls, 20s));
  EXPECT_EQ(refused->why, cause::proxy_unreachable);
  EXPECT_THAT(refused->text, StartsWith("the proxy " + url + " (127.0.0.1) refused the connection"));

  stream nameless(context, trace, names());
  const auto unknown = run(nameless.connect(beyond("http://proxy.example:3128"), tls, 20s));
  EXPECT_EQ(unknown->why, cause::proxy_unreachable);
  EXPECT_THAT(unknown->text, StartsWith("the proxy http://proxy.example:3128 has a name that cannot be resolved"));
}

TEST_F(upstream_stream, names_a_proxy_that_is_silent) {
  const scripted_peer peer(context);
  const auto why = run(connection.connect(beyond(peer.url()), tls, 200ms));
  EXPECT_EQ(why->why, cause::proxy_failure);
  EXPECT_THAT(why->text, HasSubstr("does not answer in time"));
}

TEST_F(upstream_stream, names_a_proxy_that_hangs_up) {
  scripted_peer peer(context);
  spawn(hang_up(peer));
  const auto why = run(connection.connect(beyond(peer.url()), tls, 20s));
  EXPECT_EQ(why->why, cause::proxy_failure);
  EXPECT_THAT(why->text, HasSubstr("ended the connection instead of an answer"));
}

}  // namespace
}  // namespace roombridge::upstream
