// SPDX-License-Identifier: MIT
#include "daemon/upstream/tls.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/error.hpp>
#include <system_error>

namespace roombridge::upstream {
namespace {

failure bad_certificate(long verdict, const endpoint& where) {
  const std::string begin = "the certificate of " + where.name;
  switch (verdict) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return {cause::tls_unknown_ca, begin + " is not signed by a CA that is trusted here (" +
                                         X509_verify_cert_error_string(verdict) +
                                         "); name the right CA file in the config"};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {cause::tls_wrong_host, begin + " is not for the host \"" + where.host + "\"; check the URL"};
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {cause::tls_expired, begin + " has expired; if it has not, check this machine's clock"};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {cause::tls_not_yet_valid, begin + " is not yet valid; if it is, check this machine's clock"};
    default:
      return {cause::tls_bad_certificate, begin + " fails verification: " + X509_verify_cert_error_string(verdict)};
  }
}

// The oldest entry of OpenSSL's queue in words; empties the queue.
std::string openssl_reason() {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(error)) return std::system_category().message(ERR_GET_REASON(error));
  const char* words = ERR_reason_error_string(error);
  return words != nullptr ? words : "no certificate in it";
}

bool not_tls(const boost::system::error_code& error) {
  if (error.category() != boost::asio::error::get_ssl_category()) return false;
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST || reason == SSL_R_PACKET_LENGTH_TOO_LONG;
}

}  // namespace

std::optional<failure> prepare_tls(SSL_CTX& context, const tls_options& options) {
  SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  SSL_CTX_set_verify(&context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!options.verify) return std::nullopt;
  ERR_clear_error();
  const bool loaded = options.ca_file.empty() ? SSL_CTX_set_default_verify_paths(&context) == 1
                                              : SSL_CTX_load_verify_file(&context, options.ca_file.c_str()) == 1;
  if (loaded) return std::nullopt;
  const std::string reason = openssl_reason();
  return failure{cause::tls_ca_file, "the CA file " + (options.ca_file.empty() ? "of the system" : options.ca_file) +
                                         " cannot be used: " + reason};
}

void prepare_tls(SSL& connection, const endpoint& where, const tls_options& options) {
  if (!where.is_address) SSL_set_tlsext_host_name(&connection, where.host.c_str());
  if (!options.verify) return;
  if (where.is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(&connection), where.host.c_str());
  } else {
    SSL_set_hostflags(&connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(&connection, where.host.c_str());
  }
}

failure describe_tls(SSL& connection, const boost::system::error_code& error, const endpoint& where) {
  const long verdict = SSL_get_verify_result(&connection);
  if (SSL_get_verify_mode(&connection) != SSL_VERIFY_NONE && verdict != X509_V_OK)
    return bad_certificate(verdict, where);
  if (not_tls(error)) {
    return {cause::tls_not_spoken, where.name + " does not speak TLS; perhaps the URL should begin with http or ws"};
  }
  // A plain server hangs up on what it cannot read.
  const bool hung_up = error.category() != boost::asio::error::get_ssl_category();
  return {cause::tls_failure,
          "TLS with " + where.name + " failed: " + error.message() + (hung_up ? "; does this port speak TLS?" : "")};
}

}  // namespace roombridge::upstream
