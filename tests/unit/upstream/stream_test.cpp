// SPDX-License-Identifier: MIT
// The stream over real loopback sockets, each peer in the same loop. Names are looked up in the test's own table.
#include "daemon/upstream/stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/tls1.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <deque>
#include <map>

#include "tests/unit/upstream/certificates.hpp"
#include "tests/unit/upstream/scripted_peer.hpp"
#include "tests/unit/upstream/silent_servers.hpp"
#include "tests/unit/upstream/tls_peer.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using boost::asio::ip::tcp;
using test::authority;
using test::identity;
using test::scripted_peer;
using test::silent_servers;
using test::temporary_file;
using test::tls_peer;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using tcp_socket = boost::asio::basic_stream_socket<tcp, io::executor>;
using tcp_acceptor = boost::asio::basic_socket_acceptor<tcp, io::executor>;

endpoint at(const std::string& url) {
  return std::get<endpoint>(make_endpoint(url, "/"));
}

std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

std::string with_tls(const std::string& url) {
  return "https" + url.substr(url.find(':'));
}

// A port that answers no connection: its queue is full, and the kernel drops what else comes.
class full_port {
 public:
  explicit full_port(io::context& context) : acceptor_(context) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({boost::asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    waiting_.emplace_back(context).connect(acceptor_.local_endpoint());  // fills the queue
    for (int i = 0; i < 2; ++i) waiting_.emplace_back(context).async_connect(acceptor_.local_endpoint(), [](auto) {});
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  tcp_acceptor acceptor_;
  std::deque<tcp_socket> waiting_;
};

class upstream_stream : public testing::Test {
 public:
  // Runs until it has ended, beside what else was spawned.
  template <typename T>
  T run(io::task<T> task) {
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& error, T value) {
      EXPECT_FALSE(error);
      result.emplace(std::move(value));
    });
    const auto far = std::chrono::steady_clock::now() + 60s;
    context.restart();
    while (!result && context.run_one_until(far) != 0) {
    }
    if (!result) throw std::runtime_error("it did not end");
    return *std::move(result);
  }

  void spawn(io::task<> task) {
    boost::asio::co_spawn(context, std::move(task), [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
  }

  // Why no connection could be had; cause::none: it could.
  failure connect(const std::string& url, std::chrono::milliseconds patience = 20s) {
    return run(connection.connect(at(url), tls, patience)).value_or(failure{});
  }

  look_up_function names() {
    return [this](const std::string& host, const std::string& port) -> addresses {
      const auto entry = table.find(host + ':' + port);
      if (entry == table.end()) return "Name or service not known";
      return entry->second;
    };
  }

  std::uint16_t dead_port() {
    const tcp_acceptor gone(context, {boost::asio::ip::address_v4::loopback(), 0});
    return gone.local_endpoint().port();
  }

  io::context context{1};
  std::map<std::string, addresses> table;  // "host:port" to addresses; complete before connect()
  tls_options tls;
  stream connection{context, names()};
};

// Sends the text and returns as many bytes of what comes back.
io::task<std::string> exchange(stream& connection, std::string text) {
  connection.write(text);
  std::string back;
  while (back.size() < text.size()) {
    const burst got = co_await connection.read();
    if (got.bytes.empty()) break;
    back += got.bytes;
  }
  co_return back;
}

io::task<std::string> read_once(stream& connection) {
  const burst got = co_await connection.read();
  std::string bytes(got.bytes);
  co_return bytes;
}

io::task<failure> read_to_end(stream& connection) {
  burst got = co_await connection.read();
  while (!got.bytes.empty()) got = co_await connection.read();
  co_return got.ended;
}

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

TEST_F(upstream_stream, names_name_servers_that_are_silent) {
  const silent_servers servers;
  stream asking(context, servers.function());
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
    stream one(context, servers.function());
    one.abort_after(50ms);
    const auto why = run(one.connect(at(url), tls, 60s));
    EXPECT_EQ(why->why, cause::connection_lost) << url;
    EXPECT_THAT(why->text, EndsWith("was given up"));
  }
}

TEST_F(upstream_stream, may_be_given_up_before_it_begins) {
  std::atomic<bool> asked = false;
  stream one(context, [&asked](const auto&, const auto&) -> addresses {
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

  stream nameless(context, names());
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

io::task<> hang_up(scripted_peer& peer) {
  co_await peer.accept();
  peer.drop();
}

TEST_F(upstream_stream, names_a_proxy_that_hangs_up) {
  scripted_peer peer(context);
  spawn(hang_up(peer));
  const auto why = run(connection.connect(beyond(peer.url()), tls, 20s));
  EXPECT_EQ(why->why, cause::proxy_failure);
  EXPECT_THAT(why->text, HasSubstr("ended the connection instead of an answer"));
}

// ---- TLS

// The certificates of a test, a server that has one, and where its CA is to be found.
class upstream_tls : public upstream_stream {
 public:
  void serve(const test::tls_peer_options& options) {
    peer = std::make_unique<tls_peer>(context, options);
    const std::vector<tcp::endpoint> where{{make_address("127.0.0.1"), port_of(":" + peer->port())}};
    for (const std::string host : {"localhost", "shop.example"}) table[host + ':' + peer->port()] = where;
    spawn(peer->serve());
    tls.ca_file = ca_file.path();
  }

  failure connect_to(const std::string& host = "localhost") { return connect("https://" + host + ':' + peer->port()); }

  authority ca{"the shop's CA"};
  temporary_file ca_file{ca.certificate()};
  std::unique_ptr<tls_peer> peer;
};

TEST_F(upstream_tls, carries_bytes_both_ways) {
  serve({.own = ca.issue()});
  ASSERT_EQ(connect_to(), failure{});
  const std::string much(1'000'000, 'x');
  EXPECT_EQ(run(exchange(connection, much)), much);
}

TEST_F(upstream_tls, names_the_host_to_the_server) {
  serve({.own = ca.issue({.names = "DNS:shop.example"})});
  ASSERT_EQ(connect_to("shop.example"), failure{});
  run(exchange(connection, "x"));
  EXPECT_EQ(peer->server_name(), "shop.example");
}

TEST_F(upstream_tls, names_no_address_to_the_server) {
  serve({.own = ca.issue({.names = "IP:127.0.0.1"})});
  ASSERT_EQ(connect_to("127.0.0.1"), failure{});
  run(exchange(connection, "x"));
  EXPECT_EQ(peer->server_name(), "");
}

TEST_F(upstream_tls, names_a_ca_that_is_not_trusted) {
  const authority other("another CA");
  serve({.own = other.issue()});
  const failure why = connect_to();
  EXPECT_EQ(why.why, cause::tls_unknown_ca);
  EXPECT_THAT(why.text, AllOf(HasSubstr("localhost"), HasSubstr("CA file")));
}

TEST_F(upstream_tls, names_a_certificate_that_signs_itself) {
  serve({.own = test::self_signed()});
  EXPECT_EQ(connect_to().why, cause::tls_self_signed);
}

TEST_F(upstream_tls, trusts_a_certificate_that_signs_itself_when_it_is_named) {
  const identity own = test::self_signed();
  serve({.own = own});
  ca_file.rewrite(own.certificate);
  EXPECT_EQ(connect_to(), failure{});
}

TEST_F(upstream_tls, names_a_certificate_for_another_host) {
  serve({.own = ca.issue({.names = "DNS:other.example,IP:127.0.0.9"})});
  const failure why = connect_to();
  EXPECT_EQ(why.why, cause::tls_wrong_host);
  EXPECT_THAT(why.text, HasSubstr("\"localhost\""));
}

TEST_F(upstream_tls, names_a_certificate_that_has_expired) {
  serve({.own = ca.issue({.from = -7200, .until = -3600})});
  const failure why = connect_to();
  EXPECT_EQ(why.why, cause::tls_expired);
  EXPECT_THAT(why.text, HasSubstr("clock"));
}

TEST_F(upstream_tls, names_a_certificate_of_tomorrow) {
  serve({.own = ca.issue({.from = 3600, .until = 7200})});
  EXPECT_EQ(connect_to().why, cause::tls_not_yet_valid);
}

TEST_F(upstream_tls, looks_at_no_certificate_when_told_so) {
  serve({.own = test::self_signed({.names = "DNS:other.example", .from = -7200, .until = -3600})});
  tls.verify = false;
  EXPECT_EQ(connect_to(), failure{});
}

TEST_F(upstream_tls, names_a_ca_file_that_cannot_be_used) {
  serve({.own = ca.issue()});
  const temporary_file nothing("not a certificate\n");
  tls.ca_file = nothing.path();
  const failure why = connect_to();
  EXPECT_EQ(why.why, cause::tls_ca_file);
  EXPECT_THAT(why.text, HasSubstr(nothing.path()));
}

TEST_F(upstream_tls, reads_the_files_afresh_for_every_connection) {
  const authority other("another CA");
  serve({.own = other.issue()});
  EXPECT_EQ(connect_to().why, cause::tls_unknown_ca);
  ca_file.rewrite(other.certificate());
  spawn(peer->serve());
  stream second(context, names());
  EXPECT_FALSE(run(second.connect(at("https://localhost:" + peer->port()), tls, 20s)));
}

TEST_F(upstream_tls, names_versions_that_have_nothing_in_common) {
  serve({.own = ca.issue(), .newest = TLS1_2_VERSION});
  tls.min_version = tls_version::v1_3;
  const failure why = connect_to();
  EXPECT_EQ(why.why, cause::tls_version);
  EXPECT_THAT(why.text, HasSubstr("upstream.tls.min_version"));
}

TEST_F(upstream_tls, speaks_the_older_version_unless_told) {
  serve({.own = ca.issue(), .newest = TLS1_2_VERSION});
  EXPECT_EQ(connect_to(), failure{});
}

// ---- our own certificate

class upstream_client_certificate : public upstream_tls, public testing::WithParamInterface<int> {
 public:
  // The server demands a certificate of `demanded`.
  void demand(const authority& demanded) {
    serve({.own = ca.issue(), .client_ca = demanded.certificate(), .newest = GetParam()});
  }

  void present(const identity& own) {
    own_file.rewrite(own.certificate);
    key_file.rewrite(own.key);
    tls.certificate_file = own_file.path();
    tls.key_file = key_file.path();
  }

  // In TLS 1.3 the client's side of the handshake ends before the server has seen the certificate.
  failure refusal() {
    const failure at_once = connect_to();
    return at_once == failure{} ? run(read_to_end(connection)) : at_once;
  }

  authority clients{"the tills' CA"};
  temporary_file own_file{""};
  temporary_file key_file{""};
};

INSTANTIATE_TEST_SUITE_P(versions, upstream_client_certificate, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(upstream_client_certificate, is_presented) {
  demand(clients);
  present(clients.issue());
  ASSERT_EQ(connect_to(), failure{});
  EXPECT_EQ(run(exchange(connection, "x")), "x");
  EXPECT_THAT(peer->client_subject(), HasSubstr("server"));
}

TEST_P(upstream_client_certificate, may_have_its_key_in_the_same_file) {
  demand(clients);
  const identity own = clients.issue();
  present({own.certificate + own.key, ""});
  tls.key_file.clear();
  ASSERT_EQ(connect_to(), failure{});
  EXPECT_EQ(run(exchange(connection, "x")), "x");
}

TEST_P(upstream_client_certificate, is_missed_by_name) {
  demand(clients);
  const failure why = refusal();
  EXPECT_EQ(why.why, cause::tls_client_certificate);
  EXPECT_THAT(why.text, AllOf(HasSubstr("wants a client certificate"), HasSubstr("upstream.tls.certificate_file")));
}

TEST_P(upstream_client_certificate, is_refused_by_name) {
  demand(clients);
  present(ca.issue());
  const failure why = refusal();
  EXPECT_EQ(why.why, cause::tls_client_certificate);
  EXPECT_THAT(why.text, HasSubstr("refuses the certificate of upstream.tls.certificate_file (it says: unknown CA)"));
}

struct bad_files {
  std::string_view name;
  identity (*make)();
  std::string_view words;
};
class upstream_bad_certificate : public upstream_tls, public testing::WithParamInterface<bad_files> {};

INSTANTIATE_TEST_SUITE_P(
    files, upstream_bad_certificate,
    testing::Values(bad_files{"no_certificate",
                              [] {
                                return identity{"nothing", test::self_signed().key};
                              },
                              "the certificate file "},
                    bad_files{"no_key",
                              [] {
                                return identity{test::self_signed().certificate, "nothing"};
                              },
                              "the key file "},
                    bad_files{"another_key",
                              [] {
                                return identity{test::self_signed().certificate, test::self_signed().key};
                              },
                              "key values mismatch"},
                    bad_files{"encrypted",
                              [] {
                                const identity own = test::self_signed();
                                return identity{own.certificate, test::encrypted(own.key)};
                              },
                              "passphrase"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_P(upstream_bad_certificate, is_named) {
  serve({.own = ca.issue()});
  const identity bad = GetParam().make();
  const temporary_file certificate(bad.certificate);
  const temporary_file key(bad.key);
  tls.certificate_file = certificate.path();
  tls.key_file = key.path();
  const failure why = connect_to();
  EXPECT_EQ(why.why, cause::tls_own_certificate);
  EXPECT_THAT(why.text, HasSubstr(GetParam().words));
}

// ---- pins

TEST_F(upstream_tls, takes_a_key_that_is_pinned) {
  const identity own = ca.issue();
  serve({.own = own});
  tls.pins = {test::pin_of(test::self_signed().certificate), test::pin_of(own.certificate)};
  EXPECT_EQ(connect_to(), failure{});
}

TEST_F(upstream_tls, takes_a_pinned_key_of_its_ca) {
  serve({.own = ca.issue()});
  tls.pins = {test::pin_of(ca.certificate())};
  EXPECT_EQ(connect_to(), failure{});
}

TEST_F(upstream_tls, names_the_key_that_is_not_pinned) {
  const identity own = ca.issue();
  serve({.own = own});
  tls.pins = {test::pin_of(test::self_signed().certificate)};
  const failure why = connect_to();
  EXPECT_EQ(why.why, cause::tls_wrong_pin);
  EXPECT_THAT(why.text, AllOf(HasSubstr("upstream.tls.pins"), HasSubstr(test::pin_of(own.certificate))));
}

// Anybody can send a CA's certificate along.
TEST_F(upstream_tls, takes_no_pinned_key_of_a_chain_that_is_not_verified) {
  identity own = ca.issue();
  tls.pins = {test::pin_of(ca.certificate()), test::pin_of(own.certificate)};
  own.certificate += ca.certificate();
  serve({.own = own});
  tls.verify = false;
  EXPECT_EQ(connect_to(), failure{});
  tls.pins.pop_back();
  spawn(peer->serve());
  stream second(context, names());
  EXPECT_EQ(run(second.connect(at("https://localhost:" + peer->port()), tls, 20s))->why, cause::tls_wrong_pin);
}

// ---- ports that speak something else

io::task<> answer_in_plain(scripted_peer& peer) {
  co_await peer.accept();
  co_await peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
}

TEST_F(upstream_stream, names_a_port_that_speaks_no_tls) {
  scripted_peer peer(context);
  spawn(answer_in_plain(peer));
  const failure why = connect(with_tls(peer.url()));
  EXPECT_EQ(why.why, cause::tls_not_spoken);
  EXPECT_THAT(why.text, HasSubstr("should begin with http or ws"));
}

TEST_F(upstream_stream, names_a_port_that_hangs_up_on_tls) {
  scripted_peer peer(context);
  spawn(hang_up(peer));
  const failure why = connect(with_tls(peer.url()));
  EXPECT_EQ(why.why, cause::tls_failure);
  EXPECT_THAT(why.text, EndsWith("does this port speak TLS?"));
}

TEST_F(upstream_stream, names_a_port_that_is_silent_to_tls) {
  scripted_peer peer(context);
  const failure why = connect(with_tls(peer.url()), 200ms);
  EXPECT_EQ(why.why, cause::connect_timeout);
  EXPECT_THAT(why.text, AllOf(HasSubstr("does not answer the TLS handshake"), EndsWith("does this port speak TLS?")));
}

}  // namespace
}  // namespace roombridge::upstream
