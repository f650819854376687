// SPDX-License-Identifier: MIT
#include "daemon/upstream/exposure.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

// The key that is to blame; empty: none.
std::string blamed(const std::string& url, const std::string& proxy = "environment", bool verify = true,
                   const std::string& pin = "") {
  options settings;
  settings.url = url;
  settings.proxy.url = proxy;
  settings.tls.verify = verify;
  if (!pin.empty()) settings.tls.pins = {pin};
  const auto found = find_exposure(settings);
  return found ? found->key : "";
}

TEST(exposure, plain_text_is_for_this_machine) {
  for (const char* url : {"http://localhost", "ws://LocalHost:3001", "http://api.localhost:1", "http://127.0.0.1:3001",
                          "http://127.255.255.254", "ws://[::1]:3001"}) {
    EXPECT_EQ(blamed(url), "") << url;
  }
  for (const char* url : {"http://api.example.com", "WS://api.example.com:8080", "http://10.0.0.1", "http://0.0.0.0",
                          "http://128.0.0.1", "http://[::2]", "http://[::ffff:10.0.0.1]",
                          "http://localhost.example.com", "http://notlocalhost", "http://127.1"}) {
    EXPECT_EQ(blamed(url), "upstream.url") << url;
  }
}

TEST(exposure, what_the_server_proves_is_proved_to_us) {
  EXPECT_EQ(blamed("https://api.example.com"), "");
  EXPECT_EQ(blamed("wss://api.example.com", "environment", false), "upstream.tls.verify");
  EXPECT_EQ(blamed("https://localhost:3001", "environment", false), "");
  EXPECT_EQ(blamed("https://api.example.com", "environment", false, "aPin"), "") << "a pin is a proof";
}

TEST(exposure, a_proxy_on_another_machine_is_a_way_to_it) {
  for (const char* proxy : {"none", "environment", "http://localhost:3128", "socks5://127.0.0.1:1080"}) {
    EXPECT_EQ(blamed("http://localhost:3001", proxy), "") << proxy;
    EXPECT_EQ(blamed("http://api.example.com", proxy), "upstream.url") << proxy;
  }
  EXPECT_EQ(blamed("http://localhost:3001", "socks5://proxy.example:1080"), "upstream.proxy.url");
  EXPECT_EQ(blamed("http://api.example.com", "http://proxy.example:3128"), "upstream.url");
  EXPECT_EQ(blamed("https://api.example.com", "http://proxy.example:3128"), "");
  EXPECT_EQ(blamed("https://localhost", "http://proxy.example:3128", false), "upstream.tls.verify");
}

}  // namespace
}  // namespace roombridge::upstream
