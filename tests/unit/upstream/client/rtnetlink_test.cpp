// SPDX-License-Identifier: MIT
#include "daemon/upstream/client/rtnetlink.hpp"

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>
#include <string>

namespace roombridge::upstream {
namespace {

std::string message(std::uint16_t type, std::string_view body = {}) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + body.size());
  header.nlmsg_type = type;
  std::string out(reinterpret_cast<const char*>(&header), sizeof header);
  out.append(body);
  out.resize(NLMSG_ALIGN(out.size()));
  return out;
}

std::string link(unsigned flags) {
  ifinfomsg body{};
  body.ifi_flags = flags;
  return message(RTM_NEWLINK, {reinterpret_cast<const char*>(&body), sizeof body});
}

bool announces(const std::string& datagram) {
  return announces_connectivity(std::as_bytes(std::span(datagram)));
}

TEST(rtnetlink, tells_what_may_lead_to_the_server) {
  EXPECT_TRUE(announces(message(RTM_NEWADDR)));
  EXPECT_TRUE(announces(message(RTM_NEWROUTE, "some body")));
  EXPECT_TRUE(announces(link(IFF_UP | IFF_RUNNING)));
  EXPECT_TRUE(announces(message(RTM_DELADDR, "abc") + message(RTM_NEWADDR)));
}

TEST(rtnetlink, tells_nothing_of_what_goes_away) {
  EXPECT_FALSE(announces(message(RTM_DELADDR) + message(RTM_DELROUTE) + message(RTM_DELLINK)));
  EXPECT_FALSE(announces(link(IFF_UP)));
  EXPECT_FALSE(announces(message(RTM_NEWNEIGH)));
}

TEST(rtnetlink, survives_whatever_is_cut) {
  const std::string whole = link(0) + message(RTM_DELADDR, "abc") + message(RTM_NEWADDR, "body");
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(announces(whole.substr(0, size))) << size;
  EXPECT_TRUE(announces(whole));
  std::string lying = message(RTM_NEWADDR);
  const std::uint32_t length = 3;
  std::memcpy(lying.data(), &length, sizeof length);
  EXPECT_FALSE(announces(lying)) << "shorter than its own header";
  EXPECT_FALSE(announces(message(RTM_NEWLINK, "short")));
}

}  // namespace
}  // namespace roombridge::upstream
