// SPDX-License-Identifier: MIT
#include "daemon/service/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <roombridge/proto/messages.hpp>
#include <roombridge/proto/printable.hpp>

#include "daemon/service/version.hpp"
#include "daemon/upstream/cause.hpp"

namespace roombridge::service {
namespace {

namespace json = boost::json;

proto::upstream_state wire_state(upstream::state state) {
  switch (state) {
    case upstream::state::offline:
      return proto::upstream_state::offline;
    case upstream::state::connecting:
      return proto::upstream_state::connecting;
    case upstream::state::connected:
      return proto::upstream_state::connected;
    case upstream::state::authenticating:
      return proto::upstream_state::authenticating;
    case upstream::state::authenticated:
      return proto::upstream_state::authenticated;
  }
  return proto::upstream_state::offline;
}

std::int64_t microseconds(upstream::wall_time time) {
  return time.time_since_epoch().count();
}

constexpr std::size_t longest_step = 1000;  // bytes of its words

// What anybody may know: no word of the server's, no user.
json::object state_object(const upstream::client_status& status, std::optional<upstream::wall_time> away_since) {
  json::object object{{"state", upstream::to_string(status.state)}, {"since", microseconds(status.since)}};
  if (away_since) object["away_since"] = microseconds(*away_since);
  if (status.transport) object["transport"] = upstream::to_string(*status.transport);
  if (!status.cause.empty()) object["cause"] = status.cause;
  if (status.next_attempt) object["next_attempt"] = microseconds(*status.next_attempt);
  return object;
}

json::object upstream_object(const status_facts& facts) {
  const upstream::client_status& status = facts.upstream;
  json::object object = state_object(status, facts.away_since);
  object["url"] = facts.url;
  object["attempts"] = facts.upstream_counters.attempts;
  object["outages"] = facts.upstream_counters.outages;
  object["recovery"] = json::object{{"offered", facts.recovery_offered},
                                    {"recovered", facts.upstream_counters.recovered},
                                    {"failed", facts.upstream_counters.unrecovered}};
  json::object& causes = object["causes"].emplace_object();
  for (const auto& [name, count] : facts.upstream_counters.causes) causes[name] = count;
  if (!status.text.empty()) object["text"] = status.text;
  if (!status.user.empty()) object["user"] = status.user;
  if (!status.unnamed.empty()) object["user_unnamed"] = status.unnamed;
  if (status.token_expires) {
    object["token_expires"] = microseconds(*status.token_expires);
    object["token_stale"] = status.token_stale;
  }
  if (facts.held != 0) object["held"] = facts.held;
  return object;
}

json::object log_object(const status_facts& facts) {
  json::object object{{"first", facts.log.oldest()},
                      {"newest", facts.log.newest()},
                      {"bytes", facts.log.bytes()},
                      {"capacity", facts.log.capacity()},
                      {"retained", facts.log.retained().size()},
                      {"retained_bytes", facts.log.retained().bytes()}};
  if (!facts.journal) return object;
  json::object journal{{"state", facts.journal->failure.empty() ? "durable" : "degraded"},
                       {"bytes", facts.journal->bytes},
                       {"capacity", facts.journal_capacity},
                       {"segments", facts.journal->segments}};
  if (!facts.journal->failure.empty()) journal["text"] = facts.journal->failure;
  if (facts.journal->next_try) journal["next_attempt"] = microseconds(*facts.journal->next_try);
  if (facts.journal->damaged > 0) {
    journal["damaged"] = facts.journal->damaged;
    journal["damage"] = facts.journal->damage;
  }
  object["journal"] = std::move(journal);
  return object;
}

json::object local_object(const local::connection_counts& counts, std::size_t named) {
  return {{"connections", counts.connections}, {"subscribers", counts.subscribers}, {"named_subscribers", named}};
}

json::object local_object(const status_facts& facts) {
  json::object object = local_object(facts.connections, facts.named_subscribers);
  if (!facts.socket_trouble.empty()) object["trouble"] = facts.socket_trouble;
  if (facts.latency.count() > 0) object["latency"] = json::parse(to_json(facts.latency));
  return object;
}

json::object counters_object(const status_facts& facts) {
  const upstream::client_counters& up = facts.upstream_counters;
  const journal::keeper_state journal = facts.journal.value_or(journal::keeper_state{});
  return {{"upstream_attempts", up.attempts},
          {"upstream_authenticated", up.authenticated},
          {"upstream_outages", up.outages},
          {"upstream_bytes_received", up.bytes_received},
          {"upstream_messages_received", up.messages_received},
          {"upstream_malformed", up.malformed},
          {"upstream_emits_sent", up.emits_sent},
          {"upstream_emits_held", up.emits_held},
          {"events", facts.intake.events},
          {"events_unexpected", facts.intake.unexpected},
          {"events_malformed", facts.intake.malformed},
          {"events_unwanted", facts.intake.unwanted},
          {"events_repeated", facts.intake.repeated},
          {"events_acknowledged", facts.acknowledgements.answered()},
          {"events_unacknowledged", facts.acknowledgements.unanswered()},
          {"journal_written", journal.written},
          {"journal_unwritten", journal.unwritten},
          {"journal_writes", journal.writes},
          {"journal_syncs", journal.syncs},
          {"journal_failures", journal.failures},
          {"journal_damaged", journal.damaged},
          {"local_accepted", facts.local.accepted},
          {"local_refused", facts.local.refused},
          {"local_protocol_errors", facts.local.protocol_errors},
          {"local_delivered", facts.local.delivered},
          {"local_lost", facts.local.lost},
          {"log_dropped", facts.log_dropped}};
}

json::array rooms_array(const std::vector<room_report>& rooms) {
  json::array array;
  for (const auto& [room, held] : rooms) {
    json::object object{{"room", room.room.text}, {"state", to_string(room.state)}};
    if (room.room.number) object["number"] = true;
    if (room.since)
      object["since"] = microseconds(std::chrono::time_point_cast<std::chrono::microseconds>(*room.since));
    if (!room.text.empty()) object["text"] = room.text;
    if (room.fixed) object["fixed"] = true;
    if (held.holders != 0) object["holders"] = held.holders;
    if (!held.pids.empty()) object["pids"] = json::array(held.pids.begin(), held.pids.end());
    array.push_back(std::move(object));
  }
  return array;
}

std::string meaning_of(std::string_view cause) {
  const auto all = upstream::cause_table();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == cause; });
  return found == all.end() ? std::string(cause) : upstream::in_general(found->value);
}

}  // namespace

std::string server_name() {
  return "roombridged " ROOMBRIDGE_VERSION;
}

proto::status status_frame(const upstream::client_status& status, const std::vector<upstream::room_status>& rooms,
                           const hide_function& hide) {
  proto::status out;
  out.state = wire_state(status.state);
  out.since = microseconds(status.since);
  out.cause = status.cause;
  out.text = status.text;
  if (status.next_attempt) out.next_attempt = microseconds(*status.next_attempt);
  if (status.transport) out.transport = upstream::to_string(*status.transport);
  if (status.state == upstream::state::authenticated) {
    out.rooms.emplace();
    for (const upstream::room_status& room : rooms) {
      if (counts_as_joined(room.state)) out.rooms->push_back(hide(room.room.text));
    }
  }
  return out;
}

std::string manager_line(const upstream::client_status& status, std::string_view trouble) {
  std::string line(to_string(status.state));
  // On the way to a connection the cause is still that of the last one's end.
  const bool stands_still = status.state == upstream::state::offline || status.next_attempt;
  if (stands_still && !status.cause.empty()) line += ": " + meaning_of(status.cause);
  if (!trouble.empty()) line.append("; no local program can connect: ").append(trouble);
  return proto::printable(line);
}

proto::trace trace_frame(const upstream::trace_line& line, upstream::wall_time time) {
  proto::trace out;
  out.time = microseconds(time);
  out.step = line.step;
  out.text = proto::printable(line.text, longest_step);
  if (!line.step.empty()) return out;
  out.direction = line.outgoing ? "out" : "in";
  if (line.transport) out.transport = upstream::to_string(*line.transport);
  out.engine = line.engine;
  out.packet = line.packet;
  out.nsp = line.nsp;
  out.event = line.event;
  if (line.ack && *line.ack <= proto::max_integer) out.ack = line.ack;
  if (line.bytes) out.bytes = *line.bytes;
  out.attachments = line.attachments;
  out.shape = line.shape;
  return out;
}

std::string status_json(const status_facts& facts) {
  json::object status{{"server", server_name()},
                      {"pid", getpid()},
                      {"started", microseconds(facts.started)},
                      {"epoch", proto::epoch_text(facts.log.epoch())},
                      {"newest", facts.log.newest()},
                      {"sees", "all"},
                      {"config", facts.config_path},
                      {"upstream", upstream_object(facts)},
                      {"rooms", rooms_array(facts.rooms)},
                      {"local", local_object(facts)},
                      {"log", log_object(facts)},
                      {"counters", counters_object(facts)}};
  if (facts.memory.used != 0) {
    json::object& memory = status["memory"].emplace_object();
    memory["used"] = facts.memory.used;
    if (facts.memory.limit != 0) memory["limit"] = facts.memory.limit;
  }
  if (!facts.warnings.empty()) status["warnings"] = json::array(facts.warnings.begin(), facts.warnings.end());
  return json::serialize(status);
}

std::string status_json(const user_facts& facts) {
  return json::serialize(json::object{{"server", server_name()},
                                      {"pid", getpid()},
                                      {"started", microseconds(facts.started)},
                                      {"epoch", proto::epoch_text(facts.epoch)},
                                      {"sees", "own"},
                                      {"upstream", state_object(facts.upstream, facts.away_since)},
                                      {"rooms", rooms_array(facts.rooms)},
                                      {"local", local_object(facts.local, facts.named_subscribers)}});
}

std::string rooms_json(const std::vector<room_report>& rooms) {
  return json::serialize(rooms_array(rooms));
}

}  // namespace roombridge::service
