// SPDX-License-Identifier: MIT
#include "tests/unit/upstream/net/certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace roombridge::upstream::test {
namespace {

std::shared_ptr<EVP_PKEY> make_key() {
  return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

template <typename Write>
std::string in_pem(const Write& write) {
  const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
  EXPECT_EQ(write(memory.get()), 1);
  char* begin = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &begin);
  return {begin, static_cast<std::size_t>(size)};
}

std::string in_pem(X509* certificate) {
  return in_pem([certificate](BIO* to) { return PEM_write_bio_X509(to, certificate); });
}

std::string in_pem(EVP_PKEY* key) {
  return in_pem([key](BIO* to) { return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

void extend(X509* certificate, int kind, const std::string& value) {
  const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> made(
      X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()), X509_EXTENSION_free);
  EXPECT_EQ(X509_add_ext(certificate, made.get(), -1), 1);
}

// `issuer` nothing: it signs itself.
std::shared_ptr<X509> sign(const certificate_plan& plan, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  std::shared_ptr<X509> made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), issuer == nullptr ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), plan.from);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), plan.until);
  X509_NAME* subject = X509_get_subject_name(made.get());
  const auto* name = reinterpret_cast<const unsigned char*>(plan.common_name.c_str());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0);
  X509_set_issuer_name(made.get(), issuer == nullptr ? subject : X509_get_subject_name(issuer));
  X509_set_pubkey(made.get(), key);
  if (!plan.names.empty()) extend(made.get(), NID_subject_alt_name, plan.names);
  extend(made.get(), NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  EXPECT_GT(X509_sign(made.get(), issuer_key, EVP_sha256()), 0);
  return made;
}

}  // namespace

authority::authority(const std::string& name)
    : key_(make_key()),
      own_(sign({.names = "", .common_name = name}, key_.get(), nullptr, key_.get())),
      pem_(in_pem(own_.get())) {}

identity authority::issue(const certificate_plan& plan) const {
  const auto key = make_key();
  const auto certificate = sign(plan, key.get(), own_.get(), key_.get());
  return {in_pem(certificate.get()), in_pem(key.get())};
}

identity self_signed(const certificate_plan& plan) {
  const auto key = make_key();
  const auto certificate = sign(plan, key.get(), nullptr, key.get());
  return {in_pem(certificate.get()), in_pem(key.get())};
}

std::string pin_of(const std::string& certificate) {
  const std::unique_ptr<BIO, int (*)(BIO*)> from(BIO_new_mem_buf(certificate.data(), -1), BIO_free);
  const std::unique_ptr<X509, void (*)(X509*)> read(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr),
                                                    X509_free);
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(X509_get0_pubkey(read.get()), &bytes);
  std::array<unsigned char, 32> digest{};
  EXPECT_EQ(EVP_Digest(bytes, static_cast<std::size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr), 1);
  OPENSSL_free(bytes);
  std::array<unsigned char, 45> text{};
  EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return reinterpret_cast<const char*>(text.data());
}

std::string encrypted(const std::string& key) {
  const std::unique_ptr<BIO, int (*)(BIO*)> from(BIO_new_mem_buf(key.data(), -1), BIO_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> read(
      PEM_read_bio_PrivateKey(from.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  return in_pem([&read](BIO* to) {
    const unsigned char phrase[] = "open sesame";
    return PEM_write_bio_PKCS8PrivateKey(to, read.get(), EVP_aes_128_cbc(), reinterpret_cast<const char*>(phrase),
                                         sizeof phrase - 1, nullptr, nullptr);
  });
}

temporary_file::temporary_file(std::string_view content) : path_(testing::TempDir() + "roombridge-XXXXXX") {
  const int descriptor = ::mkstemp(path_.data());
  EXPECT_GE(descriptor, 0);
  ::close(descriptor);
  rewrite(content);
}

temporary_file::~temporary_file() {
  ::unlink(path_.c_str());
}

void temporary_file::rewrite(std::string_view content) const {
  std::ofstream(path_, std::ios::trunc | std::ios::binary) << content;
}

}  // namespace roombridge::upstream::test
