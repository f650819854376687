// SPDX-License-Identifier: MIT
// What the hub tells of its peers.
#include <roombridge/proto/json_text.hpp>
#include <roombridge/proto/messages.hpp>

#include "daemon/local/hub.hpp"

namespace roombridge::local {
namespace {

void append_json(std::string& out, const peer_info& peer, const latency_histogram* latency) {
  out += R"({"client":)";
  proto::append_json_string(out, peer.client);
  const auto number = [&out](std::string_view name, auto value) {
    out.append(",\"").append(name).append("\":").append(std::to_string(value));
  };
  number("pid", peer.pid);
  number("uid", peer.uid);
  number("subscriptions", peer.subscriptions);
  number("rooms", peer.rooms);
  number("pending", peer.pending);
  number("delivered", peer.delivered);
  number("lost", peer.lost);
  if (latency != nullptr) {
    out += R"(,"latency":)";
    out += to_json(*latency);
  }
  out += "}";
}

}  // namespace

std::vector<peer_info> hub::peers() const {
  std::vector<peer_info> out;
  out.reserve(peers_.size());
  for (const auto& [token, who] : peers_) out.push_back(who->info());
  return out;
}

connection_counts hub::counts(const sight& whom) const {
  return {.connections = accounts_.amount(&user_account::connections, whom),
          .subscribers = accounts_.amount(&user_account::subscribers, whom)};
}

std::string hub::subscribers(const sight& whom) const {
  constexpr std::size_t most = proto::max_body - 4096;  // the RESULT's head needs a little
  std::string out = "[";
  for (auto next = whom ? by_user_.lower_bound({*whom, 0}) : by_user_.begin(); next != by_user_.end(); ++next) {
    if (whom && next->first != *whom) break;
    const peer& who = *peers_.at(next->second);
    const std::size_t before = out.size();
    if (before > 1) out += ",";
    append_json(out, who.info(), who.latency());
    if (out.size() < most) continue;
    out.resize(before);
    break;
  }
  return out + "]";
}

latency_histogram hub::latency() const {
  latency_histogram out = latency_;
  for (const auto& [token, who] : peers_) {
    if (who->latency() != nullptr) out.add(*who->latency());
  }
  return out;
}

server_counters hub::counters() const {
  server_counters out = counters_;
  for (const auto& [token, who] : peers_) {
    const auto info = who->info();
    out.delivered += info.delivered;
    out.lost += info.lost;
  }
  return out;
}

}  // namespace roombridge::local
