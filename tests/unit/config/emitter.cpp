// SPDX-License-Identifier: MIT
#include "tests/unit/config/emitter.hpp"

#include <cstdio>
#include <string_view>
#include <variant>

namespace roombridge::config {
namespace {

// A key, or a value when `dollars` are escaped. The text has no control characters.
std::string quote(std::string_view text, bool dollars = true) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (dollars && text.substr(i).starts_with("${")) out += '$';
    if (text[i] == '"' || text[i] == '\\') out += '\\';
    out += text[i];
  }
  return out + '"';
}

std::string of(const std::string& text) {
  return quote(text);
}
std::string of(bool value) {
  return value ? "true" : "false";
}
std::string of(std::size_t value) {
  return std::to_string(value);
}
std::string of(std::chrono::milliseconds value) {
  return std::to_string(value.count()) + "ms";
}

std::string of(const upstream::room_name& room) {
  return room.number ? room.text : quote(room.text);
}
std::string of(const upstream::payload_template::literal& value) {
  return value.json;
}
std::string of(const upstream::payload_template& tree);

template <class Value>
std::string of(const std::vector<std::pair<std::string, Value>>& fields) {
  std::string out = "{";
  for (const auto& [name, value] : fields) out += (out.size() > 1 ? ", " : "") + quote(name, false) + ": " + of(value);
  return out + '}';
}
template <class Value>
std::string of(const std::vector<Value>& list) {
  std::string out = "[";
  for (const Value& item : list) out += (out.size() > 1 ? ", " : "") + of(item);
  return out + ']';
}

std::string of(const std::vector<upstream::transport_kind>& list) {
  std::vector<std::string> names;
  for (const auto one : list) names.emplace_back(to_string(one));
  return of(names);
}

std::string of(const upstream::payload_template& tree) {
  return std::visit([](const auto& form) { return of(form); }, tree.form);
}

std::string of(const upstream::token_options& token) {
  if (const auto* file = std::get_if<upstream::token_file>(&token)) return "{file: " + quote(file->path) + '}';
  if (const auto* variable = std::get_if<upstream::token_environment>(&token))
    return "{env: " + quote(variable->name) + '}';
  if (const auto* cred = std::get_if<upstream::token_credential>(&token))
    return "{credential: " + quote(cred->name) + '}';
  if (const auto* command = std::get_if<upstream::token_command>(&token))
    return "{command: " + of(command->argv) + ", timeout: " + of(command->timeout) + '}';
  return "none";
}

std::string of(upstream::auth_mode mode) {
  constexpr std::string_view names[] = {"event", "connect", "header", "query"};
  return std::string(names[static_cast<std::size_t>(mode)]);
}

std::string of(upstream::identity_source source) {
  constexpr std::string_view names[] = {"answer", "claims", "none"};
  return std::string(names[static_cast<std::size_t>(source)]);
}

std::string of(log_level level) {
  constexpr std::string_view names[] = {"trace", "debug", "info", "warning", "error"};
  return std::string(names[static_cast<std::size_t>(level)]);
}

std::string octal(mode_t mode) {
  char out[8];
  std::snprintf(out, sizeof out, "%04o", mode);
  return out;
}

template <typename Value>
void line(std::string& out, int depth, std::string_view key, const Value& value) {
  out += std::string(static_cast<std::size_t>(depth) * 2, ' ') + std::string(key) + ": " + of(value) + '\n';
}

void emit(std::string& out, const upstream::options& value) {
  [[maybe_unused]] const auto& [url, path, add_trailing_slash, nsp, connect_timeout, receive_limit, compression, tls,
                                insecure, proxy, headers, query, token, recovery_file, recovery_memory, reconnect, auth,
                                rooms, transports, hold] = value;
  out += "upstream:\n";
  line(out, 1, "url", url);
  line(out, 1, "path", path);
  line(out, 1, "add_trailing_slash", add_trailing_slash);
  line(out, 1, "namespace", nsp);
  line(out, 1, "connect_timeout", connect_timeout);
  line(out, 1, "receive_limit", receive_limit);
  line(out, 1, "compression", compression);
  line(out, 1, "transports", transports);
  line(out, 1, "token", token);
  line(out, 1, "recovery_file", recovery_file);
  line(out, 1, "recovery_memory", recovery_memory);
  const auto& [verify, ca_file, certificate_file, key_file, min_version, pins] = tls;
  out += "  tls:\n";
  line(out, 2, "verify", verify);
  line(out, 2, "ca_file", ca_file);
  line(out, 2, "certificate_file", certificate_file);
  line(out, 2, "key_file", key_file);
  out += std::string("    min_version: ") + (min_version == upstream::tls_version::v1_3 ? "1.3" : "1.2") + '\n';
  line(out, 2, "pins", pins);
  const auto& [proxy_url, credentials_file] = proxy;
  out += "  proxy:\n";
  line(out, 2, "url", proxy_url);
  line(out, 2, "credentials_file", credentials_file);
  line(out, 1, "insecure", insecure);
  line(out, 1, "headers", headers);
  line(out, 1, "query", query);
  const auto& [first, max, refused_max, redeploy, retry_after_max, quiet] = reconnect;
  out += "  reconnect:\n";
  line(out, 2, "first", first);
  line(out, 2, "max", max);
  line(out, 2, "refused_max", refused_max);
  line(out, 2, "redeploy", redeploy);
  line(out, 2, "retry_after_max", retry_after_max);
  line(out, 2, "quiet", quiet);
  const auto& [mode, request, auth_payload, auth_headers, auth_query, identity, auth_accepted, success, error,
               error_text, user_field, one_user, timeout, refresh_before] = auth;
  out += "auth:\n";
  line(out, 1, "mode", mode);
  line(out, 1, "request", request);
  line(out, 1, "payload", auth_payload);
  line(out, 1, "headers", auth_headers);
  line(out, 1, "query", auth_query);
  line(out, 1, "identity", identity);
  line(out, 1, "accepted", auth_accepted);
  line(out, 1, "success", success);
  line(out, 1, "error", error);
  line(out, 1, "error_text", error_text);
  line(out, 1, "user_field", user_field);
  line(out, 1, "one_user", one_user);
  line(out, 1, "timeout", timeout);
  line(out, 1, "refresh_before", refresh_before);
}

void emit(std::string& out, const events::profile& value) {
  [[maybe_unused]] const auto& [rules, repeat_window, deliver_unknown, reserved] = value;
  out += "events:\n  unknown: " + std::string(deliver_unknown ? "deliver" : "drop") + "\n";
  line(out, 1, "repeat_window", repeat_window);
  out += "  rules: {";
  for (const auto& [name, topics, required, repeat_key, retain_key, fields, acknowledge] : rules) {
    out += "\n    " + quote(name, false) + ": {topics: " + of(topics) + ", required: " + of(required) +
           ", repeat_key: " + of(repeat_key) + ", retain_key: " + of(retain_key) + ", fields: " + of(fields) +
           ", acknowledge: " + (acknowledge == events::acknowledge::never ? "never" : "received") + "},";
  }
  out += "\n  }\n";
}

void emit_emits(std::string& out, const local::options& limits, const std::vector<upstream::hold_rule>& rules) {
  out += "emits:\n";
  line(out, 1, "rate", limits.emit_rate);
  line(out, 1, "burst", limits.emit_burst);
  out += "  hold: {";
  for (const auto& [event, count, bytes, age] : rules) {
    out += "\n    " + quote(event, false) + ": {count: " + of(count) + ", bytes: " + of(bytes) + ", age: " + of(age) +
           "},";
  }
  out += "\n  }\n";
}

void emit(std::string& out, const std::vector<local::access_rule>& rules) {
  out += "  access: [";
  for (const auto& [users, groups, everyone, events, topics, rooms, emits] : rules) {
    out += "\n    {users: " + of(users) + ", groups: " + of(groups) + ", everyone: " + of(everyone) +
           ", events: " + of(events) + ", topics: " + of(topics) + ", rooms: " + of(rooms) + ", emits: " + of(emits) +
           "},";
  }
  out += "\n  ]\n";
}

void emit(std::string& out, const local::options& value) {
  [[maybe_unused]] const auto& [socket, mode, owner, group, users, groups, access, connections, user_connections,
                                user_subscriptions, user_rooms, user_buffer, user_subscribers, subscriber_expiry,
                                emit_rate, emit_burst, interval, deadline, filter_fields] = value;
  out += "local:\n";
  line(out, 1, "socket", socket);
  out += "  mode: \"" + octal(mode) + "\"\n";
  line(out, 1, "owner", owner);
  line(out, 1, "group", group);
  out += "  admins:\n";
  line(out, 2, "users", users);
  line(out, 2, "groups", groups);
  emit(out, access);
  line(out, 1, "connections", connections);
  line(out, 1, "user_connections", user_connections);
  line(out, 1, "user_subscriptions", user_subscriptions);
  line(out, 1, "user_rooms", user_rooms);
  line(out, 1, "user_buffer", user_buffer);
  out += "  ping:\n";
  line(out, 2, "interval", interval);
  line(out, 2, "deadline", deadline);
  out += "subscribers:\n";
  line(out, 1, "per_user", user_subscribers);
  line(out, 1, "expire", subscriber_expiry);
}

void emit(std::string& out, const journal::options& value) {
  const auto& [directory, capacity, age, sync, sync_interval] = value;
  const char* const policies[] = {"never", "interval", "always"};
  out += "journal:\n";
  line(out, 1, "directory", directory);
  line(out, 1, "capacity", capacity);
  line(out, 1, "age", age);
  line(out, 1, "sync", std::string(policies[static_cast<int>(sync)]));
  line(out, 1, "sync_interval", sync_interval);
}

void emit(std::string& out, const upstream::room_options& value) {
  const auto& [join, leave, payload, own, declared, accepted, error_text, linger] = value;
  out += "rooms:\n";
  line(out, 1, "join", join);
  line(out, 1, "leave", leave);
  line(out, 1, "payload", payload);
  line(out, 1, "own", own);
  line(out, 1, "declared", declared);
  line(out, 1, "linger", linger);
  line(out, 1, "accepted", accepted);
  line(out, 1, "error_text", error_text);
}

}  // namespace

std::string emit(const settings& value) {
  const auto& [upstream, events, local, log_capacity, retained, journal, level] = value;
  std::string out;
  emit(out, upstream);
  emit(out, upstream.rooms);
  emit(out, events);
  emit_emits(out, local, upstream.hold);
  emit(out, local);
  out += "log:\n";
  line(out, 1, "capacity", log_capacity);
  out += "  retained:\n";
  line(out, 2, "keys", retained.keys);
  line(out, 2, "bytes", retained.bytes);
  emit(out, journal);
  out += "logging:\n";
  line(out, 1, "level", level);
  return out;
}

}  // namespace roombridge::config
