// SPDX-License-Identifier: MIT
// TLS: every way that a certificate, a version, a pin or a port can be wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/tls1.h>

#include "tests/support/scripted_peer.hpp"
#include "tests/unit/upstream/net/certificates.hpp"
#include "tests/unit/upstream/net/stream_fixture.hpp"
#include "tests/unit/upstream/net/tls_peer.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using test::at;
using test::authority;
using test::exchange;
using test::hang_up;
using test::identity;
using test::port_of;
using test::read_to_end;
using test::scripted_peer;
using test::tcp;
using test::temporary_file;
using test::tls_peer;
using test::with_tls;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

// ---- TLS

// The certificates of a test, a server that has one, and where its CA is to be found.
class upstream_tls : public test::stream_fixture {
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

// An issuer need not have looked whether the CN is the owner's: what it vouches for is subjectAltName.
struct common_name_case {
  std::string_view name;
  std::string common_name, names;
  std::string host, wanted;
};
class upstream_common_name : public upstream_tls, public testing::WithParamInterface<common_name_case> {};

INSTANTIATE_TEST_SUITE_P(hosts, upstream_common_name,
                         testing::Values(common_name_case{"name", "localhost", "", "localhost", "DNS:localhost"},
                                         common_name_case{"beside_a_mail_address", "localhost",
                                                          "email:shop@example.org", "localhost", "DNS:localhost"},
                                         common_name_case{"address", "127.0.0.1", "", "127.0.0.1", "IP:127.0.0.1"}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_P(upstream_common_name, does_not_count) {
  serve({.own = ca.issue({.names = GetParam().names, .common_name = GetParam().common_name})});
  const failure why = connect_to(GetParam().host);
  EXPECT_EQ(why.why, cause::tls_wrong_host);
  EXPECT_THAT(why.text, AllOf(HasSubstr("names its host in CN only"),
                              EndsWith("it needs a subjectAltName (" + GetParam().wanted + ')')));
}

TEST_F(upstream_tls, names_a_certificate_without_names_for_another_host) {
  serve({.own = ca.issue({.names = "", .common_name = "other.example"})});
  const failure why = connect_to();
  EXPECT_EQ(why.why, cause::tls_wrong_host);
  EXPECT_THAT(why.text, HasSubstr("is not for the host \"localhost\""));
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
  stream second(context, trace, names());
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

// TLS 1.3 has no such thing.
TEST_F(upstream_tls, shakes_hands_once_only) {
  serve({.own = ca.issue(), .newest = TLS1_2_VERSION, .renegotiates = true});
  ASSERT_EQ(connect_to(), failure{});
  run(exchange(connection, "x"));
  const failure why = run(read_to_end(connection));
  EXPECT_EQ(peer->handshakes(), 1);
  EXPECT_EQ(why.why, cause::tls_failure);
  EXPECT_THAT(why.text, HasSubstr("wants another handshake"));
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
  stream second(context, trace, names());
  EXPECT_EQ(run(second.connect(at("https://localhost:" + peer->port()), tls, 20s))->why, cause::tls_wrong_pin);
}

// ---- ports that speak something else

class upstream_tls_port : public test::stream_fixture {};

io::task<> answer_in_plain(scripted_peer& peer) {
  co_await peer.accept();
  co_await peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
}

TEST_F(upstream_tls_port, names_a_port_that_speaks_no_tls) {
  scripted_peer peer(context);
  spawn(answer_in_plain(peer));
  const failure why = connect(with_tls(peer.url()));
  EXPECT_EQ(why.why, cause::tls_not_spoken);
  EXPECT_THAT(why.text, HasSubstr("should begin with http or ws"));
}

TEST_F(upstream_tls_port, names_a_port_that_hangs_up_on_tls) {
  scripted_peer peer(context);
  spawn(hang_up(peer));
  const failure why = connect(with_tls(peer.url()));
  EXPECT_EQ(why.why, cause::tls_failure);
  EXPECT_THAT(why.text, EndsWith("does this port speak TLS?"));
}

TEST_F(upstream_tls_port, names_a_port_that_is_silent_to_tls) {
  scripted_peer peer(context);
  const failure why = connect(with_tls(peer.url()), 200ms);
  EXPECT_EQ(why.why, cause::connect_timeout);
  EXPECT_THAT(why.text, AllOf(HasSubstr("does not answer the TLS handshake"), EndsWith("does this port speak TLS?")));
}

}  // namespace
}  // namespace roombridge::upstream
