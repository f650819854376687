// SPDX-License-Identifier: MIT
#include "daemon/config/schema.hpp"

#include <algorithm>
#include <variant>

#include "daemon/config/names.hpp"
#include "daemon/config/shapes.hpp"
#include "daemon/config/url.hpp"
#include "daemon/config/values.hpp"

namespace roombridge::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t KiB = 1u << 10;
constexpr std::uint64_t MiB = 1u << 20;
constexpr std::uint64_t GiB = 1u << 30;

constexpr std::size_t max_declared_rooms = 1024;
constexpr std::size_t max_access_rules = 256;
constexpr std::size_t max_access_patterns = 256;
constexpr std::size_t max_rules = 1024;
constexpr std::size_t max_rule_items = 32;
constexpr std::size_t max_rule_fields = 16;
constexpr std::size_t max_payload_fields = 32;
constexpr std::size_t max_accounts = 256;
constexpr std::size_t max_arguments = 64;
constexpr std::size_t max_pins = 16;
constexpr std::size_t max_request_fields = 32;

// upstream.token as it is written: one of these.
struct token_source {
  std::optional<std::string> file, env, credential;
  std::optional<std::vector<std::string>> command;
  std::optional<milliseconds> timeout;  // of the command
};

// A program and its arguments, without a shell.
std::optional<std::vector<std::string>> read_command(const slot& from, reader& in) {
  auto argv = list_of(confidential(argument), max_arguments, true)(from, in);
  if (!argv) return std::nullopt;
  if (!argv->empty() && std::holds_alternative<std::string>(absolute_path(argv->front()))) return argv;
  in.refuse(from, "must begin with the absolute path of a program; its arguments follow it, there is no shell");
  return std::nullopt;
}

const table<token_source>& token_keys() {
  static const table<token_source> keys{
      make_key<token_source>("file", at(&token_source::file), scalar(confidential(absolute_path))),
      make_key<token_source>("env", at(&token_source::env), scalar(confidential(variable_name))),
      make_key<token_source>("credential", at(&token_source::credential), scalar(confidential(credential_name))),
      make_key<token_source>("command", at(&token_source::command), read_command),
      make_key<token_source>("timeout", at(&token_source::timeout), scalar(duration{100ms, 5min})),
  };
  return keys;
}

const table<events::event_rule>& rule_keys() {
  using rule = events::event_rule;
  static const table<rule> keys{
      make_key<rule>("topics", at(&rule::topics), list_of(text_template{placeholders::event}, max_rule_items)),
      make_key<rule>("required", at(&rule::required), list_of(field_name, max_rule_items)),
      make_key<rule>("repeat_key", at(&rule::repeat_key), list_of(field_name, max_rule_items)),
      make_key<rule>("retain_key", at(&rule::retain_key), list_of(field_name, max_rule_items)),
      make_key<rule>("fields", at(&rule::fields), list_of(filter_field_name, max_rule_fields)),
      make_key<rule>("acknowledge", at(&rule::acknowledge),
                     scalar(choice<events::acknowledge>{
                         {{"never", events::acknowledge::never}, {"received", events::acknowledge::received}}})),
  };
  return keys;
}

const table<upstream::hold_rule>& hold_keys() {
  using rule = upstream::hold_rule;
  static const table<rule> keys{
      make_key<rule>("count", at(&rule::count), scalar(count{1, 10'000})),
      make_key<rule>("bytes", at(&rule::bytes), scalar(byte_size{KiB, 4 * MiB})),
      make_key<rule>("age", at(&rule::age), scalar(duration{1s, 5min})),
  };
  return keys;
}

const table<local::access_rule>& access_keys() {
  using rule = local::access_rule;
  const auto accounts = list_of(account_name, max_accounts);
  const auto patterns = list_of(name_pattern, max_access_patterns);
  static const table<rule> keys{
      make_key<rule>("users", at(&rule::users), accounts),
      make_key<rule>("groups", at(&rule::groups), accounts),
      make_key<rule>("everyone", at(&rule::everyone), scalar(boolean)),
      make_key<rule>("events", at(&rule::events), patterns),
      make_key<rule>("topics", at(&rule::topics), patterns),
      make_key<rule>("rooms", at(&rule::rooms), patterns),
      make_key<rule>("emits", at(&rule::emits), patterns),
  };
  return keys;
}

std::optional<upstream::room_name> read_room(const slot& from, reader& in) {
  return in.value(from, [&](std::string_view text) { return declared_room(text, from.value->plain); });
}

// Why a rule is none; empty: it is one.
std::string_view fault_of(const local::access_rule& rule) {
  if (!rule.everyone && rule.users.empty() && rule.groups.empty())
    return "names nobody: a rule has users, groups, or everyone: true";
  if (rule.events.empty() != rule.topics.empty())
    return "events and topics need each other: what may be seen has one of these names and one of these topics; \"*\" "
           "is all";
  return {};
}

std::optional<std::vector<local::access_rule>> read_access(const slot& from, reader& in) {
  if (!in.is(node_kind::list, from)) return std::nullopt;
  if (from.value->items.size() > max_access_rules) {
    in.refuse(from, "more than " + std::to_string(max_access_rules) + " rules");
    return std::nullopt;
  }
  std::vector<local::access_rule> rules;
  for (const slot& item : items_of(from)) {
    local::access_rule& made = rules.emplace_back();
    if (!in.is(node_kind::map, item)) continue;
    read_section(made, access_keys(), item, in);
    const bool whole = std::none_of(access_keys().begin(), access_keys().end(),
                                    [&](const auto& each) { return in.was_refused(item.path + '.' + each.path); });
    if (const auto fault = fault_of(made); whole && !fault.empty()) in.refuse(item, fault);
  }
  return rules;
}

bool has(const node& source, std::string_view key) {
  return std::any_of(source.entries.begin(), source.entries.end(), [&](const entry& each) { return each.key == key; });
}

// One source; only a command has something beside it.
bool names_one(const node& source) {
  const bool timed = has(source, "timeout");
  return source.entries.size() == (timed ? 2 : 1) && (!timed || has(source, "command"));
}

// "none", or a map with exactly one source. The value is never shown: it may be a token that was written into the wrong
// place.
std::optional<upstream::token_options> read_token(const slot& from, reader& in) {
  constexpr std::string_view expected =
      "expected none, {file: PATH}, {env: NAME}, {credential: NAME} or {command: [PROGRAM, ARGUMENT…]}; the token "
      "itself "
      "does not belong into a config";
  if (from.value->kind == node_kind::scalar) {
    const auto word = in.text(from);
    if (word == "none") return upstream::token_none{};
    if (word) in.refuse(from, expected);
    return std::nullopt;
  }
  if (from.value->kind != node_kind::map || !names_one(*from.value)) {
    in.refuse(from, expected);
    return std::nullopt;
  }
  token_source source;
  read_section(source, token_keys(), from, in);
  if (source.file) return upstream::token_file{*source.file};
  if (source.env) return upstream::token_environment{*source.env};
  if (source.credential) return upstream::token_credential{*source.credential};
  if (source.command) {
    upstream::token_command made{*source.command};
    made.timeout = source.timeout.value_or(made.timeout);
    return made;
  }
  return std::nullopt;
}

template <typename Rule>
std::vector<std::string> paths_of_any(const table<Rule>& keys) {
  std::vector<std::string> paths = paths_of(keys);
  for (std::string& path : paths) path.insert(0, "NAME.");
  return paths;
}

// Of a list's items.
template <typename Rule>
std::vector<std::string> paths_of_items(const table<Rule>& keys) {
  std::vector<std::string> paths = paths_of(keys);
  for (std::string& path : paths) path.insert(0, "ITEM.");
  return paths;
}

// A map from event names to rules, in the file's order.
template <typename Rule>
auto rules_of(std::string Rule::*name, const table<Rule>& keys) {
  return [name, &keys](const slot& from, reader& in) -> std::optional<std::vector<Rule>> {
    if (!in.is(node_kind::map, from)) return std::nullopt;
    if (from.value->entries.size() > max_rules) {
      in.refuse(from, "more than " + std::to_string(max_rules) + " events");
      return std::nullopt;
    }
    std::vector<Rule> rules;
    for (const entry& each : from.value->entries) {
      const slot rule = child(from, each);
      in.note({rule.path, each.where, each.value}, in.accepts_key(from, each, event_name));
      Rule& made = rules.emplace_back();
      made.*name = each.key;
      read_section(made, keys, rule, in);
    }
    return rules;
  };
}

}  // namespace

const std::vector<row>& schema() {
  using namespace upstream;
  using local_options = local::options;
  constexpr auto up = &settings::upstream;
  using journal_options = journal::options;
  constexpr auto here = &settings::local;
  constexpr auto kept = &settings::journal;
  using enum needs;
  const auto make = [](std::string path, needs change, auto field, auto shape, std::vector<std::string> inner = {}) {
    return row{make_key<settings>(std::move(path), field, shape, std::move(inner)), change};
  };
  const text_template payload_value_of_room{placeholders::room_request, 0, 4 * KiB};
  const text_template payload_value_of_token{placeholders::token, 0, 4 * KiB};
  const duration delay{10ms, 24h};

  static const std::vector<row> rows{
      make("upstream.url", new_connection, at(up, &options::url), scalar(server_url)),
      make("upstream.path", new_connection, at(up, &options::path), scalar(url_path)),
      make("upstream.add_trailing_slash", new_connection, at(up, &options::add_trailing_slash), scalar(boolean)),
      make("upstream.namespace", new_connection, at(up, &options::nsp), scalar(socketio_namespace)),
      make("upstream.connect_timeout", next_connection, at(up, &options::connect_timeout), scalar(duration{10ms, 1h})),
      make("upstream.receive_limit", next_connection, at(up, &options::receive_limit),
           scalar(byte_size{64 * KiB, 256 * MiB})),
      make("upstream.compression", next_connection, at(up, &options::compression), scalar(boolean)),
      make("upstream.transports", new_connection, at(up, &options::transports),
           not_empty(list_of(
               choice<transport_kind>{{{"websocket", transport_kind::websocket}, {"polling", transport_kind::polling}}},
               2))),
      make("upstream.tls.verify", new_connection, at(up, &options::tls, &tls_options::verify), scalar(boolean)),
      make("upstream.tls.ca_file", new_connection, at(up, &options::tls, &tls_options::ca_file),
           scalar(absolute_path_or_nothing)),
      make("upstream.tls.certificate_file", new_connection, at(up, &options::tls, &tls_options::certificate_file),
           scalar(absolute_path_or_nothing)),
      make("upstream.tls.key_file", new_connection, at(up, &options::tls, &tls_options::key_file),
           scalar(absolute_path_or_nothing)),
      make("upstream.tls.min_version", new_connection, at(up, &options::tls, &tls_options::min_version),
           scalar(choice<tls_version>{{{"1.2", tls_version::v1_2}, {"1.3", tls_version::v1_3}}})),
      make("upstream.tls.pins", new_connection, at(up, &options::tls, &tls_options::pins), list_of(key_pin, max_pins)),
      make("upstream.insecure", live, at(up, &options::insecure), scalar(boolean)),
      make("upstream.proxy.url", new_connection, at(up, &options::proxy, &proxy_options::url), scalar(proxy_url)),
      make("upstream.proxy.credentials_file", new_connection, at(up, &options::proxy, &proxy_options::credentials_file),
           scalar(absolute_path_or_nothing)),
      make("upstream.headers", new_connection, at(up, &options::headers),
           fields_of(confidential(request_value), max_request_fields, header_name)),
      make("upstream.query", new_connection, at(up, &options::query),
           fields_of(confidential(request_value), max_request_fields, query_name)),
      make("upstream.token", live, at(up, &options::token), read_token, paths_of(token_keys())),
      make("upstream.recovery_file", live, at(up, &options::recovery_file), scalar(absolute_path_or_nothing)),
      make("upstream.recovery_memory", live, at(up, &options::recovery_memory), scalar(duration{1s, 168h})),
      make("upstream.reconnect.first", live, at(up, &options::reconnect, &reconnect_options::first), scalar(delay)),
      make("upstream.reconnect.max", live, at(up, &options::reconnect, &reconnect_options::max), scalar(delay)),
      make("upstream.reconnect.refused_max", live, at(up, &options::reconnect, &reconnect_options::refused_max),
           scalar(delay)),
      make("upstream.reconnect.redeploy", live, at(up, &options::reconnect, &reconnect_options::redeploy),
           scalar(duration{0ms, 24h})),
      make("upstream.reconnect.retry_after_max", live, at(up, &options::reconnect, &reconnect_options::retry_after_max),
           scalar(duration{0ms, 24h})),
      make("upstream.reconnect.quiet", live, at(up, &options::reconnect, &reconnect_options::quiet), scalar(delay)),

      make("auth.mode", new_connection, at(up, &options::auth, &auth_options::mode),
           scalar(choice<auth_mode>{{{"event", auth_mode::event},
                                     {"connect", auth_mode::connect},
                                     {"header", auth_mode::header},
                                     {"query", auth_mode::query}}})),
      make("auth.request", new_connection, at(up, &options::auth, &auth_options::request), scalar(event_name)),
      make("auth.payload", new_connection, at(up, &options::auth, &auth_options::payload),
           payload_of{payload_value_of_token, max_payload_fields}),
      make("auth.headers", new_connection, at(up, &options::auth, &auth_options::headers),
           fields_of(payload_value_of_token, max_payload_fields, header_name)),
      make("auth.query", new_connection, at(up, &options::auth, &auth_options::query),
           fields_of(payload_value_of_token, max_payload_fields, query_name)),
      make("auth.identity", new_connection, at(up, &options::auth, &auth_options::identity),
           scalar(choice<identity_source>{{{"answer", identity_source::answer},
                                           {"claims", identity_source::claims},
                                           {"none", identity_source::none}}})),
      make("auth.accepted", new_connection, at(up, &options::auth, &auth_options::accepted),
           fields_of(plain_text, max_payload_fields)),
      make("auth.success", new_connection, at(up, &options::auth, &auth_options::success), scalar(event_name)),
      make("auth.error", new_connection, at(up, &options::auth, &auth_options::error), scalar(event_name)),
      make("auth.error_text", new_connection, at(up, &options::auth, &auth_options::error_text), scalar(field_name)),
      make("auth.user_field", new_connection, at(up, &options::auth, &auth_options::user_field), scalar(plain_text)),
      make("auth.one_user", new_connection, at(up, &options::auth, &auth_options::one_user), scalar(boolean)),
      make("auth.timeout", live, at(up, &options::auth, &auth_options::timeout), scalar(duration{10ms, 1h})),
      make("auth.refresh_before", live, at(up, &options::auth, &auth_options::refresh_before),
           scalar(duration_or_never{{1s, 24h}})),

      make("rooms.join", live, at(up, &options::rooms, &room_options::join), scalar(event_name)),
      make("rooms.leave", live, at(up, &options::rooms, &room_options::leave), scalar(event_name)),
      make("rooms.payload", live, at(up, &options::rooms, &room_options::payload),
           payload_of{payload_value_of_room, max_payload_fields}),
      make("rooms.own", live, at(up, &options::rooms, &room_options::own),
           scalar(text_template{placeholders::answer, 0})),
      make("rooms.declared", live, at(up, &options::rooms, &room_options::declared),
           items_as(read_room, max_declared_rooms)),
      make("rooms.linger", live, at(up, &options::rooms, &room_options::linger), scalar(duration{0ms, 1h})),
      make("rooms.accepted", live, at(up, &options::rooms, &room_options::accepted),
           fields_of(plain_text, max_payload_fields)),
      make("rooms.error_text", live, at(up, &options::rooms, &room_options::error_text), scalar(field_name)),

      make("events.unknown", live, at(&settings::events, &events::profile::deliver_unknown),
           scalar(choice<bool>{{{"deliver", true}, {"drop", false}}})),
      make("events.repeat_window", live, at(&settings::events, &events::profile::repeat_window),
           scalar(duration{0ms, 1h})),
      make("events.rules", live, at(&settings::events, &events::profile::rules),
           rules_of(&events::event_rule::name, rule_keys()), paths_of_any(rule_keys())),

      make("emits.rate", live, at(here, &local_options::emit_rate), scalar(count{1, 1'000'000})),
      make("emits.burst", live, at(here, &local_options::emit_burst), scalar(count{1, 1'000'000})),
      make("emits.hold", live, at(up, &options::hold), rules_of(&hold_rule::event, hold_keys()),
           paths_of_any(hold_keys())),

      make("local.socket", restart, at(here, &local_options::socket), scalar(socket_path)),
      make("local.mode", restart, at(here, &local_options::mode), scalar(file_mode)),
      make("local.owner", restart, at(here, &local_options::owner), scalar(account_or_nothing)),
      make("local.group", restart, at(here, &local_options::group), scalar(account_or_nothing)),
      make("local.admins.users", live, at(here, &local_options::admin_users), list_of(account_name, max_accounts)),
      make("local.admins.groups", live, at(here, &local_options::admin_groups), list_of(account_name, max_accounts)),
      make("local.access", live, at(here, &local_options::access), read_access, paths_of_items(access_keys())),
      make("local.connections", live, at(here, &local_options::connections), scalar(count{1, 65'536})),
      make("local.user_connections", live, at(here, &local_options::user_connections), scalar(count{1, 65'536})),
      make("local.user_subscriptions", live, at(here, &local_options::user_subscriptions), scalar(count{1, 1'000'000})),
      make("local.user_rooms", live, at(here, &local_options::user_rooms), scalar(count{1, 65'536})),
      make("local.user_buffer", live, at(here, &local_options::user_buffer), scalar(byte_size{64 * KiB, GiB})),
      make("local.ping.interval", live, at(here, &local_options::ping_interval),
           scalar(duration_or_never{{100ms, 24h}})),
      make("local.ping.deadline", live, at(here, &local_options::ping_deadline), scalar(duration{10ms, 1h})),

      make("subscribers.per_user", live, at(here, &local_options::user_subscribers), scalar(count{1, 1024})),
      make("subscribers.expire", live, at(here, &local_options::subscriber_expiry), scalar(duration{1s, 87600h})),

      make("log.capacity", restart, at(&settings::log_capacity), scalar(byte_size{2 * MiB, GiB})),
      make("log.retained.keys", live, at(&settings::retained, &log::retention::keys), scalar(count{0, 1'000'000})),
      make("log.retained.bytes", live, at(&settings::retained, &log::retention::bytes),
           scalar(byte_size{64 * KiB, GiB})),

      make("journal.directory", restart, at(kept, &journal_options::directory), scalar(absolute_path_or_nothing)),
      make("journal.capacity", restart, at(kept, &journal_options::capacity), scalar(byte_size{8 * MiB, 1024 * GiB})),
      make("journal.age", restart, at(kept, &journal_options::age), scalar(duration{1min, 8760h})),
      make("journal.sync", restart, at(kept, &journal_options::sync),
           scalar(choice<journal::sync_policy>{{{"never", journal::sync_policy::never},
                                                {"interval", journal::sync_policy::interval},
                                                {"always", journal::sync_policy::always}}})),
      make("journal.sync_interval", restart, at(kept, &journal_options::sync_interval), scalar(duration{10ms, 1h})),

      make("logging.level", live, at(&settings::level),
           scalar(choice<log_level>{{{"trace", log_level::trace},
                                     {"debug", log_level::debug},
                                     {"info", log_level::info},
                                     {"warning", log_level::warning},
                                     {"error", log_level::error}}})),
  };
  return rows;
}

const std::vector<std::string>& schema_paths() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> all;
    for (const row& each : schema()) {
      if (each.inner.empty()) all.push_back(each.path);
      for (const std::string& inner : each.inner) all.push_back(each.path + '.' + inner);
    }
    return all;
  }();
  return paths;
}

}  // namespace roombridge::config
