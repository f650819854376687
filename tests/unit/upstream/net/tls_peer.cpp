// SPDX-License-Identifier: MIT
#include "tests/unit/upstream/net/tls_peer.hpp"

#include <openssl/ssl.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace roombridge::upstream::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<io::executor>{});

asio::ssl::context prepared(const tls_peer_options& options) {
  asio::ssl::context made(asio::ssl::context::tls_server);
  made.use_certificate_chain(asio::buffer(options.own.certificate));
  made.use_private_key(asio::buffer(options.own.key), asio::ssl::context::pem);
  SSL_CTX_set_max_proto_version(made.native_handle(), options.newest);
  if (!options.client_ca.empty()) {
    made.add_certificate_authority(asio::buffer(options.client_ca));
    made.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  return made;
}

}  // namespace

class tls_peer::impl {
 public:
  impl(io::context& context, const tls_peer_options& options)
      : renegotiates_(options.renegotiates),
        tls_(prepared(options)),
        acceptor_(context, {asio::ip::address_v4::loopback(), 0}) {}

  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }

  io::task<> serve() {
    auto [error, socket] = co_await acceptor_.async_accept(as_result);
    asio::ssl::stream<asio::basic_stream_socket<tcp, io::executor>> connection(std::move(socket), tls_);
    std::tie(error) = co_await connection.async_handshake(asio::ssl::stream_base::server, as_result);
    note(*connection.native_handle());
    std::array<char, 4096> piece;
    while (!error) {
      std::size_t size = 0;
      std::tie(error, size) = co_await connection.async_read_some(asio::buffer(piece), as_result);
      if (!error && renegotiates_) SSL_renegotiate(connection.native_handle());
      if (!error) co_await asio::async_write(connection, asio::buffer(piece, size), as_result);
    }
  }

  int handshakes() { return static_cast<int>(SSL_CTX_sess_accept_good(tls_.native_handle())); }

  std::string server_name_;
  std::string client_subject_;

 private:
  void note(SSL& connection) {
    const char* name = SSL_get_servername(&connection, TLSEXT_NAMETYPE_host_name);
    server_name_ = name == nullptr ? "" : name;
    client_subject_.clear();
    if (X509* certificate = SSL_get0_peer_certificate(&connection); certificate != nullptr) {
      std::array<char, 256> words{};
      X509_NAME_oneline(X509_get_subject_name(certificate), words.data(), words.size());
      client_subject_ = words.data();
    }
  }

  bool renegotiates_;
  asio::ssl::context tls_;
  asio::basic_socket_acceptor<tcp, io::executor> acceptor_;
};

tls_peer::tls_peer(io::context& context, const tls_peer_options& options)
    : impl_(std::make_unique<impl>(context, options)) {}
tls_peer::~tls_peer() = default;
std::string tls_peer::port() const {
  return impl_->port();
}
io::task<> tls_peer::serve() {
  return impl_->serve();
}
int tls_peer::handshakes() const {
  return impl_->handshakes();
}
const std::string& tls_peer::server_name() const {
  return impl_->server_name_;
}
const std::string& tls_peer::client_subject() const {
  return impl_->client_subject_;
}

}  // namespace roombridge::upstream::test
