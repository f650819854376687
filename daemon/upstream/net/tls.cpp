// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/tls.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/ssl/error.hpp>
#include <system_error>

#include "daemon/upstream/wire/base64.hpp"

namespace roombridge::upstream {
namespace {

// What is noted at a connection during its handshake, each by an index of OpenSSL's.
int new_note() {
  return SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
}

// The server has asked for a certificate.
int asked_note() {
  static const int index = new_note();
  return index;
}

// The server's certificate names the host, but not where it counts.
int common_name_note() {
  static const int index = new_note();
  return index;
}

// The server has asked for another handshake, and was told that there is none.
int renegotiation_note() {
  static const int index = new_note();
  return index;
}

void note(SSL& connection, int which) {
  static char noted;
  SSL_set_ex_data(&connection, which, &noted);
}

bool is_noted(const SSL& connection, int which) {
  return SSL_get_ex_data(&connection, which) != nullptr;
}

failure wrong_host(const SSL& connection, const endpoint& where, const std::string& begin) {
  if (!is_noted(connection, common_name_note()))
    return {cause::tls_wrong_host, begin + " is not for the host \"" + where.host + "\"; check the URL"};
  return {cause::tls_wrong_host, begin +
                                     " names its host in CN only, which does not count; it needs a subjectAltName (" +
                                     (where.is_address ? "IP:" : "DNS:") + where.host + ')'};
}

failure bad_certificate(const SSL& connection, long verdict, const endpoint& where) {
  const std::string begin = "the certificate of " + where.name;
  switch (verdict) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return {cause::tls_self_signed,
              begin + " is self-signed; if that is meant, let upstream.tls.ca_file name a copy"};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return {cause::tls_unknown_ca, begin + " is not signed by a CA that is trusted here (" +
                                         X509_verify_cert_error_string(verdict) +
                                         "); name the right CA file in upstream.tls.ca_file"};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return wrong_host(connection, where, begin);
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
  return words != nullptr ? words : "nothing of the kind in it";
}

// OpenSSL's reason for an error of a connection; 0: it is none of OpenSSL's.
int reason_of(const boost::system::error_code& error) {
  if (error.category() != boost::asio::error::get_ssl_category()) return 0;
  return ERR_GET_REASON(static_cast<unsigned long>(error.value()));
}

bool not_tls(int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST || reason == SSL_R_PACKET_LENGTH_TOO_LONG;
}

// The server and we have no version in common.
bool version_refused(int reason) {
  return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION;
}

// What a server's alert says of the certificate that it wanted from us; empty: nothing.
std::string_view certificate_alert(int reason, bool asked) {
  switch (reason - SSL_AD_REASON_OFFSET) {
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "certificate required";
    case SSL_AD_HANDSHAKE_FAILURE:  // of TLS 1.2
      return asked ? "handshake failure" : "";
    case SSL_AD_BAD_CERTIFICATE:
      return "bad certificate";
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
      return "unsupported certificate";
    case SSL_AD_CERTIFICATE_REVOKED:
      return "certificate revoked";
    case SSL_AD_CERTIFICATE_EXPIRED:
      return "certificate expired";
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return "certificate unknown";
    case SSL_AD_UNKNOWN_CA:
      return "unknown CA";
    case SSL_AD_ACCESS_DENIED:
      return "access denied";
    default:
      return "";
  }
}

failure refused_certificate(SSL& connection, const endpoint& where, std::string_view alert) {
  const std::string said = " (it says: " + std::string(alert) + ')';
  if (SSL_get_certificate(&connection) == nullptr) {
    return {cause::tls_client_certificate,
            where.name + " wants a client certificate" + said + "; name one in upstream.tls.certificate_file"};
  }
  return {cause::tls_client_certificate,
          where.name + " refuses the certificate of upstream.tls.certificate_file" + said};
}

failure unusable_file(cause why, const std::string& what, const std::string& path) {
  return {why, "the " + what + " " + path + " cannot be used: " + openssl_reason()};
}

std::optional<failure> load_roots(SSL_CTX& context, const tls_options& options) {
  const bool loaded = options.ca_file.empty() ? SSL_CTX_set_default_verify_paths(&context) == 1
                                              : SSL_CTX_load_verify_file(&context, options.ca_file.c_str()) == 1;
  if (loaded) return std::nullopt;
  return unusable_file(cause::tls_ca_file, "CA file", options.ca_file.empty() ? "of the system" : options.ca_file);
}

// OpenSSL would ask at the terminal.
int note_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::optional<failure> load_own(SSL_CTX& context, const tls_options& options) {
  const std::string& certificate = options.certificate_file;
  const std::string& key = options.key_file.empty() ? certificate : options.key_file;
  if (certificate.empty()) return std::nullopt;
  constexpr cause why = cause::tls_own_certificate;
  if (SSL_CTX_use_certificate_chain_file(&context, certificate.c_str()) != 1)
    return unusable_file(why, "certificate file", certificate);
  bool asked_for_passphrase = false;
  SSL_CTX_set_default_passwd_cb(&context, note_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(&context, &asked_for_passphrase);
  const bool usable = SSL_CTX_use_PrivateKey_file(&context, key.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(&context, nullptr);  // Asio's context would delete it
  if (!usable) {
    auto failed = unusable_file(why, "key file", key);
    if (asked_for_passphrase) failed.text += "; it has a passphrase, which nobody can enter here";
    return failed;
  }
  return std::nullopt;
}

int note_that_asked(SSL* connection, void*) {
  note(*connection, asked_note());
  return 1;
}

void note_renegotiation(const SSL* connection, int where, int alert) {
  if ((where & SSL_CB_WRITE_ALERT) == SSL_CB_WRITE_ALERT && (alert & 0xff) == SSL_AD_NO_RENEGOTIATION)
    note(const_cast<SSL&>(*connection), renegotiation_note());
}

// The name or address that the certificate must be for.
std::string wanted_host(X509_STORE_CTX& verified) {
  X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(&verified);
  if (const char* name = X509_VERIFY_PARAM_get0_host(wanted, 0); name != nullptr) return name;
  char* address = X509_VERIFY_PARAM_get1_ip_asc(wanted);
  std::string host = address != nullptr ? address : "";
  OPENSSL_free(address);
  return host;
}

// Changes no verdict. When a handshake has failed, OpenSSL does not have the server's certificate any more; so it is
// looked at here.
int note_common_name(int verdict, X509_STORE_CTX* verified) {
  const int error = X509_STORE_CTX_get_error(verified);
  const bool wrong_host = error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH;
  if (verdict == 1 || !wrong_host) return verdict;
  const std::string host = wanted_host(*verified);
  // Without flags OpenSSL takes a CN where subjectAltName has no names.
  if (X509_check_host(X509_STORE_CTX_get_current_cert(verified), host.data(), host.size(), 0, nullptr) == 1) {
    const int index = SSL_get_ex_data_X509_STORE_CTX_idx();
    note(*static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verified, index)), common_name_note());
  }
  return verdict;
}

// SHA-256 of the public key with its algorithm (SubjectPublicKeyInfo), in base64.
std::string pin_of(const X509& certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &bytes);
  if (size <= 0) return {};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(bytes, static_cast<std::size_t>(size), digest.data());
  OPENSSL_free(bytes);
  std::string pin;
  append_base64(pin, {reinterpret_cast<const char*>(digest.data()), digest.size()});
  return pin;
}

}  // namespace

std::optional<failure> prepare_tls(SSL_CTX& context, const tls_options& options) {
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(&context, options.min_version == tls_version::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  // Who a peer is, is settled once, before anything is sent.
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_info_callback(&context, note_renegotiation);
  SSL_CTX_set_verify(&context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, note_common_name);
  SSL_CTX_set_cert_cb(&context, note_that_asked, nullptr);
  if (options.verify) {
    if (auto failed = load_roots(context, options)) return failed;
  }
  return load_own(context, options);
}

void prepare_tls(SSL& connection, const endpoint& where, const tls_options& options) {
  if (!where.is_address) SSL_set_tlsext_host_name(&connection, where.host.c_str());
  if (!options.verify) return;
  if (where.is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(&connection), where.host.c_str());
  } else {
    SSL_set_hostflags(&connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    SSL_set1_host(&connection, where.host.c_str());
  }
}

std::optional<failure> check_pins(SSL& connection, const endpoint& where, const tls_options& options) {
  if (options.pins.empty()) return std::nullopt;
  const auto pinned = [&options](const X509* certificate) {
    const auto& pins = options.pins;
    return std::find(pins.begin(), pins.end(), pin_of(*certificate)) != pins.end();
  };
  const X509* own = SSL_get0_peer_certificate(&connection);
  if (own != nullptr && pinned(own)) return std::nullopt;
  const STACK_OF(X509)* chain = options.verify ? SSL_get0_verified_chain(&connection) : nullptr;
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    if (pinned(sk_X509_value(chain, i))) return std::nullopt;
  }
  const std::string has = own != nullptr ? "its own is " + pin_of(*own) : "it has no certificate";
  return failure{cause::tls_wrong_pin, "no key of " + where.name + " is one of upstream.tls.pins (" + has +
                                           "): another server, or a new key"};
}

failure describe_tls(SSL& connection, const boost::system::error_code& error, const endpoint& where) {
  const long verdict = SSL_get_verify_result(&connection);
  if (SSL_get_verify_mode(&connection) != SSL_VERIFY_NONE && verdict != X509_V_OK)
    return bad_certificate(connection, verdict, where);
  const int reason = reason_of(error);
  if (not_tls(reason)) {
    return {cause::tls_not_spoken, where.name + " does not speak TLS; perhaps the URL should begin with http or ws"};
  }
  if (version_refused(reason)) {
    return {cause::tls_version,
            where.name + " and upstream.tls.min_version have no version of TLS in common (" + error.message() + ')'};
  }
  if (is_noted(connection, renegotiation_note())) {
    return {cause::tls_failure,
            where.name + " wants another handshake within the connection, and ended it when that was refused (" +
                error.message() + "); if it wants a client certificate, it must ask in the first one"};
  }
  if (const auto alert = certificate_alert(reason, asked_for_certificate(connection)); !alert.empty())
    return refused_certificate(connection, where, alert);
  // A plain server hangs up on what it cannot read.
  const std::string_view hint = reason == 0 ? "; does this port speak TLS?" : "";
  return {cause::tls_failure, "TLS with " + where.name + " failed: " + error.message() + std::string(hint)};
}

bool asked_for_certificate(const SSL& connection) {
  return is_noted(connection, asked_note());
}

}  // namespace roombridge::upstream
