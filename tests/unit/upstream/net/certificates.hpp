// SPDX-License-Identifier: MIT
// Keys and certificates for one test, made by OpenSSL, and the files that hold them.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

namespace roombridge::upstream::test {

struct certificate_plan {
  std::string names = "DNS:localhost";  // subjectAltName; empty: none
  std::string common_name = "server";
  long from = -3600;  // seconds from now
  long until = 3600;
};

// Both in PEM.
struct identity {
  std::string certificate;
  std::string key;
};

class authority {
 public:
  explicit authority(const std::string& name);

  [[nodiscard]] const std::string& certificate() const { return pem_; }
  [[nodiscard]] identity issue(const certificate_plan& plan = {}) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> own_;
  std::string pem_;
};

// The base64 of the SHA-256 of its SubjectPublicKeyInfo.
[[nodiscard]] std::string pin_of(const std::string& certificate);

// The key, now with a passphrase.
[[nodiscard]] std::string encrypted(const std::string& key);

[[nodiscard]] identity self_signed(const certificate_plan& plan = {});

// A file that goes with this object.
class temporary_file {
 public:
  explicit temporary_file(std::string_view content);
  ~temporary_file();
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void rewrite(std::string_view content) const;

 private:
  std::string path_;
};

}  // namespace roombridge::upstream::test
