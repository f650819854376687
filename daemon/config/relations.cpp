// SPDX-License-Identifier: MIT
#include "daemon/config/relations.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/ascii.hpp"
#include "daemon/base/field_template.hpp"
#include "daemon/upstream/exposure.hpp"
#include "daemon/upstream/reserved_names.hpp"

namespace roombridge::config {
namespace {

bool has_identity(const settings& value) {
  return value.upstream.auth.identity != upstream::identity_source::none;
}

// Whether all fields in `pattern`, which has been checked, are `only`.
bool names_only(std::string_view pattern, std::string_view only) {
  const auto pieces = split_template(pattern);
  return pieces && std::all_of(pieces->begin(), pieces->end(),
                               [only](const template_piece& piece) { return !piece.is_field || piece.text == only; });
}

bool only_room(const upstream::payload_template& payload) {
  const auto texts = upstream::texts_of(payload);
  return std::all_of(texts.begin(), texts.end(), [](std::string_view text) { return names_only(text, "room"); });
}

// `first` TEXT `second` is what stands there when `holds` says no.
struct relation {
  std::string first;
  std::string_view text;
  std::string second;
  bool (*holds)(const settings&);
};

// Names of headers are the same in any case. For parameters this is stricter than need be: none is meant twice.
bool share_a_name(const upstream::text_fields& some, const upstream::text_fields& others) {
  return std::any_of(some.begin(), some.end(), [&](const auto& one) {
    return std::any_of(others.begin(), others.end(),
                       [&](const auto& other) { return equal_ignoring_case(one.first, other.first); });
  });
}

const relation relations[] = {
    {"upstream.reconnect.first", "is longer than", "upstream.reconnect.max",
     [](const settings& c) { return c.upstream.reconnect.first <= c.upstream.reconnect.max; }},
    {"upstream.reconnect.first", "is longer than", "upstream.reconnect.refused_max",
     [](const settings& c) { return c.upstream.reconnect.first <= c.upstream.reconnect.refused_max; }},
    {"upstream.tls.key_file", "is of no use without", "upstream.tls.certificate_file",
     [](const settings& c) { return c.upstream.tls.key_file.empty() || !c.upstream.tls.certificate_file.empty(); }},
    {"auth.success", "is the same event as", "auth.error",
     [](const settings& c) { return c.upstream.auth.success != c.upstream.auth.error; }},
    {"auth.payload", "must be a map, as CONNECT carries one, with", "auth.mode",
     [](const settings& c) {
       return c.upstream.auth.mode != upstream::auth_mode::connect || c.upstream.auth.payload.is_map();
     }},
    {"auth.accepted", "is about the acknowledgement of auth.request, which is not sent by", "auth.mode",
     [](const settings& c) {
       return c.upstream.auth.accepted.empty() || c.upstream.auth.mode == upstream::auth_mode::event;
     }},
    {"rooms.join", "is the same event as", "rooms.leave",
     [](const settings& c) { return c.upstream.rooms.join != c.upstream.rooms.leave; }},
    {"auth.headers", "has a header that stands in", "upstream.headers",
     [](const settings& c) {
       const auto& auth = c.upstream.auth;
       return auth.mode != upstream::auth_mode::header || !share_a_name(auth.headers, c.upstream.headers);
     }},
    {"auth.query", "has a parameter that stands in", "upstream.query",
     [](const settings& c) {
       const auto& auth = c.upstream.auth;
       return auth.mode != upstream::auth_mode::query || !share_a_name(auth.query, c.upstream.query);
     }},
    {"rooms.own", "names a field of the answer, and there is none by", "auth.identity",
     [](const settings& c) { return has_identity(c) || names_only(c.upstream.rooms.own, ""); }},
    {"rooms.payload", "names a field of the answer, and there is none by", "auth.identity",
     [](const settings& c) { return has_identity(c) || only_room(c.upstream.rooms.payload); }},
};

void check(const relation& what, const settings& value, reader& in) {
  if (what.holds(value) || in.was_refused(what.first) || in.was_refused(what.second)) return;
  const std::optional<position> first = in.find(what.first);
  const std::optional<position> second = in.find(what.second);
  std::string text = what.first + ' ' + std::string(what.text) + ' ' + what.second;
  if (!first || !second) text += "; " + (first ? what.second : what.first) + " has its default";
  in.refuse_at(first ? *first : second.value_or(position{}), std::move(text));
}

void refuse_reserved(std::string_view section, const std::string& name, std::string_view why,
                     const std::vector<std::string>& reserved, reader& in) {
  if (std::find(reserved.begin(), reserved.end(), name) == reserved.end()) return;
  const std::string path = std::string(section) + path_step(name);
  // Socket.IO's own names have been refused as names of rules already.
  if (in.was_refused(path)) return;
  in.refuse_at(in.find(path).value_or(position{}),
               path + ": an event of authentication or of rooms " + std::string(why) + "; take the rule out");
}

// In plain text, or to whoever answers: only where the config says that this is meant.
void refuse_exposure(const settings& value, reader& in) {
  if (value.upstream.insecure || in.was_refused("upstream.insecure")) return;
  for (const char* key : {"upstream.url", "upstream.proxy.url", "upstream.tls.verify", "upstream.tls.pins"}) {
    if (in.was_refused(key)) return;
  }
  const auto found = upstream::find_exposure(value.upstream);
  if (!found) return;
  const std::string whence = in.source_of(found->key);
  in.refuse_at(in.find(found->key).value_or(position{}),
               found->key + (whence.empty() ? "" : ", " + whence) + ": " + found->text + "; write " + found->mend +
                   ", or upstream.insecure: true where the whole way can be trusted");
}

}  // namespace

void check_relations(const settings& value, reader& in) {
  for (const relation& each : relations) check(each, value, in);
  refuse_exposure(value, in);
  const std::vector<std::string> reserved = upstream::reserved_names(value.upstream);
  for (const events::event_rule& rule : value.events.rules) {
    refuse_reserved("events.rules.", rule.name, "is never delivered", reserved, in);
  }
  for (const upstream::hold_rule& rule : value.upstream.hold) {
    refuse_reserved("emits.hold.", rule.event, "cannot be sent", reserved, in);
  }
}

}  // namespace roombridge::config
