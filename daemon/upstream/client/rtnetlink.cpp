// SPDX-License-Identifier: MIT
#include "daemon/upstream/client/rtnetlink.hpp"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>

namespace roombridge::upstream {
namespace {

bool is_running_link(std::span<const std::byte> body) {
  ifinfomsg link;
  if (body.size() < sizeof link) return false;
  std::memcpy(&link, body.data(), sizeof link);
  return (link.ifi_flags & IFF_RUNNING) != 0;
}

}  // namespace

bool announces_connectivity(std::span<const std::byte> datagram) {
  nlmsghdr header;
  while (datagram.size() >= sizeof header) {
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) return false;
    const auto body = datagram.subspan(sizeof header, header.nlmsg_len - sizeof header);
    if (header.nlmsg_type == RTM_NEWADDR || header.nlmsg_type == RTM_NEWROUTE) return true;
    if (header.nlmsg_type == RTM_NEWLINK && is_running_link(body)) return true;
    const std::size_t aligned = NLMSG_ALIGN(header.nlmsg_len);
    if (aligned >= datagram.size()) return false;
    datagram = datagram.subspan(aligned);
  }
  return false;
}

}  // namespace roombridge::upstream
