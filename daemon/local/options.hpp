// SPDX-License-Identifier: MIT
// What the local side needs to know, as plain data from the config.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace roombridge::local {

// Opens the socket where the config names no group.
inline constexpr std::string_view clients_group = "roombridge-clients";

// What those whom it names may do. Names of accounts, or numbers; supplementary groups count. Patterns are those of
// PROTOCOL.md section 4.
struct access_rule {
  std::vector<std::string> users;
  std::vector<std::string> groups;
  bool everyone = false;            // who may open the socket
  std::vector<std::string> events;  // that they may see, ...
  std::vector<std::string> topics;  // ... if they have one of these
  std::vector<std::string> rooms;   // that they may hold
  std::vector<std::string> emits;   // events that they may send
  bool operator==(const access_rule&) const = default;
};

struct options {
  std::string socket = "/run/roombridge/roombridge.sock";
  mode_t mode = 0660;
  std::string owner;                      // empty: the daemon's
  std::string group;                      // empty: clients_group, if the daemon is in it, else the daemon's
  std::vector<std::string> admin_users;   // names or numbers; root and the daemon's own user always may
  std::vector<std::string> admin_groups;  // names or numbers, supplementary groups count
  std::vector<access_rule> access;        // added up; root and the daemon's own user may do everything
  std::size_t connections = 4096;         // at once; more are told too_many_connections
  std::size_t user_connections = 1024;    // of one user at once
  std::size_t user_subscriptions = 4096;  // of all connections of one user
  std::size_t user_rooms = 256;           // held by all connections of one user; one that two hold counts twice
  std::size_t user_buffer = 8u << 20;     // bytes kept outside the log for all connections of one user: answers not yet
                                          // read, kept frames, subscriptions
  std::size_t user_subscribers = 64;      // named ones of one user
  std::chrono::milliseconds subscriber_expiry{std::chrono::hours{720}};  // a named one without connection is forgotten
  std::size_t emit_rate = 100;    // emits, joins and calls a second of one user, ...
  std::size_t emit_burst = 1000;  // ... and how many at once; neither is 0
  std::chrono::milliseconds ping_interval{
      0};  // 0: the daemon never pings; a peer that dies is noticed by its closed socket
  std::chrono::milliseconds ping_deadline{10'000};
  std::vector<std::string> filter_fields{};  // by whose values one may subscribe; from the composition root
  bool operator==(const options&) const = default;
};

}  // namespace roombridge::local
