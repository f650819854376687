// SPDX-License-Identifier: MIT
// One config for each key of the schema, in which it has another value than its default.
#pragma once

#include <map>
#include <string>

namespace roombridge::config {

// For every key of the schema a value that is not its default.
inline const std::map<std::string, std::string> other_values{
    {"upstream.url", "upstream: {url: 'wss://api.example.com:8443'}"},
    {"upstream.path", "upstream: {path: /live/}"},
    {"upstream.add_trailing_slash", "upstream: {add_trailing_slash: false}"},
    {"upstream.namespace", "upstream: {namespace: /admin}"},
    {"upstream.connect_timeout", "upstream: {connect_timeout: 2min}"},
    {"upstream.receive_limit", "upstream: {receive_limit: 1MiB}"},
    {"upstream.compression", "upstream: {compression: false}"},
    {"upstream.transports", "upstream: {transports: [polling, websocket]}"},
    {"upstream.tls.verify", "upstream: {tls: {verify: false}}"},
    {"upstream.insecure", "upstream: {insecure: true}"},
    {"upstream.tls.ca_file", "upstream: {tls: {ca_file: /etc/ssl/our.pem}}"},
    {"upstream.tls.certificate_file", "upstream: {tls: {certificate_file: /etc/ssl/till.pem}}"},
    {"upstream.tls.key_file", "upstream: {tls: {certificate_file: /till.pem, key_file: /till.key}}"},
    {"upstream.tls.min_version", "upstream: {tls: {min_version: 1.3}}"},
    {"upstream.tls.pins", "upstream: {tls: {pins: [5PrGsIyjbfhXyuYjnV0IAXqPISw9sjCJlvI5HYXTM5I=]}}"},
    {"upstream.proxy.url", "upstream: {proxy: {url: 'socks5://localhost:1080'}}"},
    {"upstream.proxy.credentials_file", "upstream: {proxy: {credentials_file: /etc/roombridge/proxy}}"},
    {"upstream.headers", "upstream: {headers: {X-Api-Key: '{as} it is', X-Till: 3}}"},
    {"upstream.query", "upstream: {query: {tenant: a b}}"},
    {"upstream.token", "upstream: {token: {env: TOKEN}}"},
    {"upstream.recovery_file", "upstream: {recovery_file: /var/lib/roombridge/recovery}"},
    {"upstream.recovery_memory", "upstream: {recovery_memory: 5min}"},
    {"upstream.reconnect.first", "upstream: {reconnect: {first: 250ms}}"},
    {"upstream.reconnect.max", "upstream: {reconnect: {max: 7s}}"},
    {"upstream.reconnect.refused_max", "upstream: {reconnect: {refused_max: 1h}}"},
    {"upstream.reconnect.redeploy", "upstream: {reconnect: {redeploy: 0s}}"},
    {"upstream.reconnect.retry_after_max", "upstream: {reconnect: {retry_after_max: 1h}}"},
    {"upstream.reconnect.quiet", "upstream: {reconnect: {quiet: 1min}}"},
    {"auth.mode", "auth: {mode: connect}"},
    {"auth.request", "auth: {request: login}"},
    {"auth.payload", "auth: {payload: {jwt: '{token}', kind: shop}}"},
    {"auth.headers", "auth: {headers: {X-Token: '{token}'}}"},
    {"auth.query", "auth: {query: {key: '{token}', v: 2}}"},
    {"auth.identity", "auth: {identity: claims, user_field: userId}"},
    {"auth.accepted", "auth: {accepted: {ok: true}}"},
    {"auth.success", "auth: {success: welcome}"},
    {"auth.error", "auth: {error: denied}"},
    {"auth.error_text", "auth: {error_text: why}"},
    {"auth.user_field", "auth: {user_field: id}"},
    {"auth.one_user", "auth: {one_user: true}"},
    {"auth.timeout", "auth: {timeout: 3s}"},
    {"auth.refresh_before", "auth: {refresh_before: 0s}"},
    {"rooms.join", "rooms: {join: enter}"},
    {"rooms.leave", "rooms: {leave: exit}"},
    {"rooms.payload", "rooms: {payload: {room: '{room}'}}"},
    {"rooms.own", "rooms: {own: ''}"},
    {"rooms.declared", "rooms: {declared: [shop-7, 42, \"42\"]}"},
    {"rooms.linger", "rooms: {linger: 0s}"},
    {"rooms.accepted", "rooms: {accepted: {ok: true, error: ''}}"},
    {"rooms.error_text", "rooms: {error_text: why}"},
    {"events.unknown", "events: {unknown: drop}"},
    {"events.repeat_window", "events: {repeat_window: 5s}"},
    {"events.rules",
     "events: {rules: {news: {topics: ['news-{id}', all], required: [id], repeat_key: [id, at], retain_key: [id], "
     "fields: [id], acknowledge: received}}}"},
    {"emits.rate", "emits: {rate: 5}"},
    {"emits.burst", "emits: {burst: 5}"},
    {"emits.hold", "emits: {hold: {a: {count: 7, bytes: 4KiB, age: 30s}, b: {}}}"},
    {"local.socket", "local: {socket: /tmp/rb.sock}"},
    {"local.mode", "local: {mode: 0600}"},
    {"local.owner", "local: {owner: www-data}"},
    {"local.group", "local: {group: 33}"},
    {"local.admins.users", "local: {admins: {users: [alice, 1000]}}"},
    {"local.admins.groups", "local: {admins: {groups: [adm]}}"},
    {"local.access",
     "local: {access: [{users: [alice], events: [order], topics: ['shop-*']}, {groups: [tills, 33], "
     "everyone: true, rooms: [table-7], emits: ['*']}]}"},
    {"local.connections", "local: {connections: 16}"},
    {"local.user_connections", "local: {user_connections: 16}"},
    {"local.user_subscriptions", "local: {user_subscriptions: 16}"},
    {"local.user_rooms", "local: {user_rooms: 16}"},
    {"local.user_buffer", "local: {user_buffer: 64KiB}"},
    {"local.ping.interval", "local: {ping: {interval: 30s}}"},
    {"local.ping.deadline", "local: {ping: {deadline: 500ms}}"},
    {"subscribers.per_user", "subscribers: {per_user: 16}"},
    {"subscribers.expire", "subscribers: {expire: 24h}"},
    {"log.capacity", "log: {capacity: 2MiB}"},
    {"log.retained.keys", "log: {retained: {keys: 5}}"},
    {"log.retained.bytes", "log: {retained: {bytes: 1MiB}}"},
    {"journal.directory", "journal: {directory: /var/lib/roombridge/journal}"},
    {"journal.capacity", "journal: {capacity: 8MiB}"},
    {"journal.age", "journal: {age: 1min}"},
    {"journal.sync", "journal: {sync: always}"},
    {"journal.sync_interval", "journal: {sync_interval: 250ms}"},
    {"logging.level", "logging: {level: debug}"},
};

// What a key's other value cannot do without.
inline const std::map<std::string, std::string> prerequisites{
    {"upstream.tls.key_file", "upstream: {tls: {certificate_file: /till.pem}}"},
};

}  // namespace roombridge::config
