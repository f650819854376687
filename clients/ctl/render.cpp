// SPDX-License-Identifier: MIT
#include "clients/ctl/render.hpp"

#include <roombridge/proto/json_text.hpp>
#include <roombridge/proto/messages.hpp>
#include <roombridge/proto/printable.hpp>

#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

std::string typed(std::string_view type, std::string_view head) {
  std::string out = "{\"type\":\"" + std::string{type} + '"';
  if (head != "{}") out += ',';
  return out += head.substr(1);
}

struct to_json {
  std::string operator()(const event& what) const {
    proto::event head{what.seq, what.time, what.name, what.topics, {}, what.unexpected};
    for (const auto& bytes : what.attachments) head.attachments.push_back(static_cast<std::uint32_t>(bytes.size()));
    std::string out = typed("event", proto::encode_head(head));
    out.pop_back();
    out += ",\"arguments\":" + what.arguments;
    if (!what.attachments.empty()) {
      std::string_view before = ",\"data\":[\"";
      for (const auto& bytes : what.attachments) {
        out += before;
        out += base64(bytes);
        before = "\",\"";
      }
      out += "\"]";
    }
    return out += '}';
  }
  std::string operator()(const status& what) const { return typed("status", proto::encode_head(what)); }
  std::string operator()(const live& what) const { return typed("live", proto::encode_head(what)); }
  std::string operator()(const gap& what) const { return typed("gap", proto::encode_head(what)); }
  std::string operator()(const protocol_error& what) const { return typed("error", proto::encode_head(what)); }
  std::string operator()(const bye& what) const { return typed("bye", proto::encode_head(what)); }
  std::string operator()(const trace& what) const { return typed("trace", proto::encode_head(what)); }
  std::string operator()(const closed& what) const {
    std::string out = R"({"type":"closed","text":)";
    proto::append_json_string(out, what.why.text);
    return out + R"(,"reconnect":)" + (what.reconnect ? "true}" : "false}");
  }
  std::string operator()(const answer&) const { return {}; }
  std::string operator()(const welcome&) const { return {}; }
};

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : " ") + proto::printable(item);
  return out;
}

std::string gap_text(const gap& what, std::int64_t now) {
  if (what.reason == "slow") {
    return "missed " + std::to_string(what.count.value_or(0)) + " events (" + std::to_string(what.first) + " to " +
           std::to_string(what.last) + "): this program was too slow for them";
  }
  if (what.reason == "oversize") {
    return "missed `" + proto::printable(what.event) + "` (" + std::to_string(what.first) + "): its " +
           std::to_string(what.bytes.value_or(0)) + " bytes are more than a local frame holds";
  }
  if (what.reason == "upstream" && what.from && what.until) {
    return "perhaps missed events between " + time_text(*what.from, now) + " and " + time_text(*what.until, now) +
           ": the connection to the server was interrupted";
  }
  if (what.reason == "expired") {
    return "events up to " + std::to_string(what.last) + " are not in the daemon's log any more";
  }
  if (what.reason == "crash") {
    std::string text =
        "perhaps missed events (" + std::to_string(what.first) + " to " + std::to_string(what.last) + ")";
    if (what.from && what.until)
      text += " between " + time_text(*what.from, now) + " and " + time_text(*what.until, now);
    return text + ": the daemon ended without warning, or its disk failed";
  }
  if (what.reason == "epoch") {
    return "from here on the daemon serves another user or another server, or it was started anew; what was before is"
           " not there any more";
  }
  return "missed events (" + proto::printable(what.reason) + ")";
}

std::string column(std::string_view text) {
  constexpr std::size_t width = 8;
  std::string out = proto::printable(text);
  return out.append(width > out.size() ? width - out.size() : 0, ' ');
}

std::string packet_text(const trace& what, const style& look) {
  std::string out = column(what.packet.empty() ? what.engine : what.packet);
  if (what.transport == "polling") out += look.faint(" (polling)");
  if (!what.nsp.empty() && what.nsp != "/") out += ' ' + proto::printable(what.nsp);
  if (!what.event.empty()) out += ' ' + look.strong(proto::printable(what.event));
  if (what.ack) out += " ack " + std::to_string(*what.ack);
  if (!what.shape.empty()) out += ' ' + proto::printable(what.shape);
  if (what.bytes) out += look.faint("  " + std::to_string(*what.bytes) + " bytes");
  for (const auto size : what.attachments) out += look.faint(" <" + std::to_string(size) + " bytes>");
  return out;
}

std::string trace_text(const trace& what, const style& look) {
  const std::string time = look.faint(precise_time_text(what.time)) + "  ";
  if (what.missed) {
    return time + look.warn("!! " + std::to_string(*what.missed) + " lines are missing here: they came too fast");
  }
  if (!what.step.empty()) return time + "-- " + column(what.step) + ' ' + proto::printable(what.text);
  return time + (what.direction == "out" ? "-> " : "<- ") + packet_text(what, look);
}

struct to_text {
  const style& look;
  std::int64_t now;

  std::string operator()(const event& what) const {
    std::string out = look.faint(time_text(what.time, now)) + "  " + look.strong(proto::printable(what.name));
    if (!what.topics.empty()) out += "  " + look.faint("[" + joined(what.topics) + "]");
    if (what.unexpected) out += "  " + look.warn("(unexpected payload)");
    if (what.retained) out += "  " + look.faint("(from before)");
    out += "  " + proto::printable_json(what.arguments);
    for (const auto& bytes : what.attachments) out += look.faint(" <" + std::to_string(bytes.size()) + " bytes>");
    return out;
  }
  std::string operator()(const status& what) const { return "-- " + status_text(what, look, now); }
  std::string operator()(const live&) const { return "-- " + look.faint("waiting for events; Ctrl-C ends"); }
  std::string operator()(const gap& what) const { return look.warn("!! " + gap_text(what, now)); }
  std::string operator()(const protocol_error& what) const {
    return look.bad("!! " + proto::printable(what.info.name) + ": " + proto::printable(what.info.text));
  }
  std::string operator()(const bye& what) const {
    return look.warn("-- the daemon says bye: " + proto::printable(what.text));
  }
  std::string operator()(const trace& what) const { return trace_text(what, look); }
  std::string operator()(const closed&) const { return {}; }
  std::string operator()(const answer&) const { return {}; }
  std::string operator()(const welcome&) const { return {}; }
};

}  // namespace

std::string json_line(const message& what) {
  return proto::printable_json(std::visit(to_json{}, what));
}

std::string text_line(const message& what, const style& look, std::int64_t now) {
  return std::visit(to_text{look, now}, what);
}

std::string state_text(std::string_view state, const style& look) {
  if (state == "authenticated") return look.good(state);
  return state == "offline" ? look.bad(state) : look.warn(proto::printable(state));
}

std::string status_text(const status& what, const style& look, std::int64_t now) {
  std::string out = state_text(to_string(what.state), look) + " since " + time_text(what.since, now);
  if (what.transport == "polling") out += " over HTTP long-polling";
  if (what.rooms && !what.rooms->empty()) out += "; rooms: " + joined(*what.rooms);
  // On the way to a connection the text still tells of the last one's end, which explains nothing any more.
  const bool waits = what.state == upstream_state::offline || what.next_attempt;
  // Who may not control is told the cause's name alone.
  if (const auto& why = what.text.empty() ? what.cause : what.text; waits && !why.empty())
    out += ": " + proto::printable(why);
  if (what.next_attempt) out += "; next attempt in " + duration_text(*what.next_attempt - now);
  return out;
}

}  // namespace roombridge::ctl
