// SPDX-License-Identifier: MIT
#include "clients/ctl/explain.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include <roombridge/proto/printable.hpp>

#include "clients/ctl/advice.hpp"
#include "clients/ctl/render.hpp"
#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

namespace json = boost::json;

// A field of a status that a newer or an older daemon may write otherwise: what is not there or of another type reads
// as nothing.
class fields {
 public:
  explicit fields(const json::object& object) : object_(object) {}

  [[nodiscard]] std::string text(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    const auto* found = value == nullptr ? nullptr : value->if_string();
    return found == nullptr ? std::string{} : proto::printable({found->data(), found->size()});
  }
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    return value->get_int64();
  }
  [[nodiscard]] bool flag(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
  }
  [[nodiscard]] std::string count(std::string_view name) const { return std::to_string(number(name).value_or(0)); }
  [[nodiscard]] std::string counted(std::string_view name, std::string_view one, std::string_view many) const {
    return count(name) + ' ' + std::string{number(name) == 1 ? one : many};
  }
  [[nodiscard]] const json::object& object() const { return object_; }
  [[nodiscard]] fields inner(std::string_view name) const {
    static const json::object nothing;
    const auto* value = object_.if_contains(name);
    const auto* found = value == nullptr ? nullptr : value->if_object();
    return fields{found == nullptr ? nothing : *found};
  }

 private:
  const json::object& object_;
};

std::string row(const style& look, std::string_view name, const std::string& text) {
  if (text.empty()) return {};
  std::string label{name};
  label.resize(12, ' ');
  return look.faint(label) + text + '\n';
}

// What the daemon will do by itself, and what a person can do.
std::string what_next(const fields& upstream, std::int64_t now) {
  const auto state = upstream.text("state");
  if (state == "authenticated") return {};
  if (const auto next = upstream.number("next_attempt")) {
    return "next attempt in " + duration_text(*next - now) + " (" + time_text(*next, now) +
           "); at once: roombridgectl reconnect";
  }
  if (state == "connecting") return "an attempt to connect is under way";
  if (state == "authenticating") return "waits for the server's answer to the token";
  if (state == "connected") return "connected without authentication; a changed token is tried at once";
  return "no attempt is planned: it waits for a token, a changed config, or roombridgectl reconnect";
}

std::string upstream_text(const fields& upstream, const style& look, std::int64_t now) {
  std::string out = state_text(upstream.text("state"), look);
  if (const auto url = upstream.text("url"); !url.empty()) out += " at " + url;
  if (const auto transport = upstream.text("transport"); !transport.empty()) out += " over " + transport;
  if (const auto user = upstream.text("user"); !user.empty()) out += " as user " + user;
  // The states of one outage change every few seconds: what counts is how long it has lasted.
  if (const auto away = upstream.number("away_since")) {
    out += ", away since " + time_text(*away, now) + " (" + duration_text(now - *away) + ")";
  } else if (const auto since = upstream.number("since"); since && *since > 0) {
    out += ", since " + time_text(*since, now) + " (" + duration_text(now - *since) + ")";
  }
  return out;
}

std::string why_not(const fields& upstream) {
  const auto cause = upstream.text("cause");
  const auto text = upstream.text("text");
  if (cause.empty() || text.empty()) return cause + text;
  return text + " (" + cause + ")";
}

// The most frequent first.
std::string causes_text(const json::object& upstream) {
  const auto* found = upstream.if_contains("causes");
  const auto* causes = found == nullptr ? nullptr : found->if_object();
  if (causes == nullptr) return {};
  std::vector<std::pair<std::int64_t, std::string>> sorted;
  for (const auto& [name, count] : *causes) {
    if (count.is_int64()) sorted.emplace_back(-count.get_int64(), proto::printable({name.data(), name.size()}));
  }
  std::sort(sorted.begin(), sorted.end());
  std::string out;
  for (const auto& [count, name] : sorted) out += (out.empty() ? "" : ", ") + name + ' ' + std::to_string(-count);
  return out;
}

std::string token_text(const fields& upstream, std::int64_t now) {
  const auto expires = upstream.number("token_expires");
  if (!expires) return {};
  const std::string when = time_text(*expires, now);
  if (*expires <= now) return "expired at " + when + " (" + duration_text(now - *expires) + " ago)";
  return "expires at " + when + " (in " + duration_text(*expires - now) + ")" +
         (upstream.flag("token_stale") ? ", and its source has no newer one yet" : "");
}

std::string rooms_text(const json::object& status) {
  const auto* rooms = status.if_contains("rooms");
  const auto* list = rooms == nullptr ? nullptr : rooms->if_array();
  if (list == nullptr) return {};
  std::string out;
  for (const auto& item : *list) {
    const auto* room = item.if_object();
    if (room == nullptr) continue;
    out += (out.empty() ? "" : ", ") + fields{*room}.text("room");
    if (fields{*room}.flag("number")) out += " (a number)";
    if (const auto state = fields{*room}.text("state"); state != "joined") out += " (" + state + ")";
  }
  return out.empty() ? "none" : out;
}

std::string latency_text(const fields& latency) {
  const auto milliseconds = [&latency](std::string_view name) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f ms", static_cast<double>(latency.number(name).value_or(0)) / 1000);
    return std::string{text};
  };
  if (!latency.number("events")) return {};
  return "half of " + latency.counted("events", "delivery", "deliveries") + " within " + milliseconds("p50_us") +
         ", 99 of 100 within " + milliseconds("p99_us") + ", the slowest " + milliseconds("max_us");
}

std::string log_text(const fields& log) {
  if (!log.number("newest")) return {};  // it is not for this user
  if (log.number("newest").value_or(0) == 0) return "no events yet";
  return "events " + log.count("first") + " to " + log.count("newest") + ", " + log.count("bytes") + " of " +
         log.count("capacity") + " bytes";
}

// Beyond its limit the kernel ends the daemon.
std::string memory_text(const fields& memory, const style& look) {
  constexpr std::int64_t mebibyte = std::int64_t{1} << 20;
  const auto used = memory.number("used");
  if (!used) return {};
  std::string text = std::to_string(*used / mebibyte) + " MiB";
  const auto limit = memory.number("limit").value_or(0);
  if (limit <= 0) return text;
  text += " of at most " + std::to_string(limit / mebibyte) + " MiB (MemoryMax= of the unit)";
  return *used > limit / 10 * 8 ? look.bad(text) : text;
}

// Of events on disk; nothing where all is well, or the config wants none.
std::string journal_text(const fields& journal, std::int64_t now) {
  if (journal.text("state") != "degraded") return {};
  const auto next = journal.number("next_attempt");
  return "events are not kept on disk: " + journal.text("text") +
         (next ? "; tried again at " + time_text(*next, now) : "; the last try worked, and is watched");
}

std::string warning_rows(const json::object& status, const style& look) {
  const auto* found = status.if_contains("warnings");
  const auto* list = found == nullptr ? nullptr : found->if_array();
  std::string out;
  if (list == nullptr) return out;
  for (const auto& item : *list) {
    if (const auto* text = item.if_string())
      out += row(look, "warning", look.bad(proto::printable({text->data(), text->size()})));
  }
  return out;
}

std::string damage_text(const fields& journal) {
  const auto places = journal.number("damaged").value_or(0);
  if (places == 0) return {};
  if (places == 1) return journal.text("damage");
  return journal.count("damaged") + " places of the journal, see the log; the last: " + journal.text("damage");
}

}  // namespace

std::optional<std::string> explain_status(std::string_view text, const style& look, std::int64_t now) {
  json::error_code failed;
  const auto value = json::parse(text, failed);
  const auto* object = failed ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  const fields status{*object};
  const fields upstream = status.inner("upstream");
  const fields local = status.inner("local");
  const bool waits = upstream.text("state") == "offline" || upstream.number("next_attempt");

  std::string daemon = status.text("server") + ", process " + status.count("pid");
  if (const auto started = status.number("started")) daemon += ", up " + duration_text(now - *started);
  return row(look, "upstream", upstream_text(upstream, look, now)) +
         row(look, waits ? "because" : "before", why_not(upstream)) + row(look, "next", what_next(upstream, now)) +
         warning_rows(*object, look) +
         row(look, "advice", waits ? std::string{advice_for(upstream.text("cause"))} : "") +
         row(look, "user", upstream.text("user_unnamed")) + row(look, "token", token_text(upstream, now)) +
         row(look, "held",
             upstream.number("held") ? upstream.counted("held", "event waits", "events wait") + " to be sent" : "") +
         row(look, "rooms", rooms_text(*object)) +
         row(look, "so far",
             upstream.number("attempts") ? upstream.counted("attempts", "attempt to connect", "attempts to connect") +
                                               ", " + upstream.counted("outages", "outage", "outages")
                                         : "") +
         row(look, "ended by", causes_text(upstream.object())) +
         row(look, "local",
             local.counted("connections", "program", "programs") + " connected, " + local.count("subscribers") +
                 " subscribed" +
                 (local.number("named_subscribers").value_or(0) == 0
                      ? ""
                      : ", " + local.counted("named_subscribers", "named subscriber", "named subscribers"))) +
         row(look, "socket",
             local.text("trouble").empty() ? "" : look.bad("no program can connect: ") + local.text("trouble")) +
         row(look, "latency", latency_text(local.inner("latency"))) + row(look, "log", log_text(status.inner("log"))) +
         row(look, "journal", journal_text(status.inner("log").inner("journal"), now)) +
         row(look, "damaged", damage_text(status.inner("log").inner("journal"))) +
         row(look, "memory", memory_text(status.inner("memory"), look)) + row(look, "daemon", daemon) +
         row(look, "config", status.text("config")) +
         row(look, "shown",
             status.text("sees") == "own" ? "your own programs only, and what anybody may know; local.admins see more"
                                          : "");
}

}  // namespace roombridge::ctl
