// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/saved_session.hpp"

#include <charconv>
#include <cstdint>

#include "daemon/upstream/session/offset.hpp"
#include "daemon/upstream/wire/json_text.hpp"

namespace roombridge::upstream {
namespace {

// The year 2200 in microseconds: beyond it sums of times could overflow.
constexpr std::int64_t end_of_time = 7'258'118'400'000'000;

bool is_time(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 0 && out < end_of_time;
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// Nothing when there is none; else the name of the field that makes it unusable, or "".
std::string read_recovery(const json_fields& from, std::optional<saved_recovery>& out) {
  if (from.raw("pid").empty()) return {};
  out.emplace();
  out->pid = from.text("pid");
  out->offset = from.text("offset");
  out->user = from.text("user");
  out->token_digest = from.text("token_sha256");
  std::int64_t not_before = 0;
  const auto time = from.raw("not_before");
  if (!time.empty() && !is_time(time, not_before)) return "not_before";
  out->not_before += std::chrono::microseconds(not_before);
  if (out->pid.empty() || out->pid.size() > recovery::pid_limit) return "pid";
  if (shape_of(out->offset) == offset_shape::unseen) return "offset";
  return is_digest(out->token_digest) ? "" : "token_sha256";
}

}  // namespace

std::string to_text(const saved_session& from) {
  json_fields fields;
  fields.set("url", json_string(from.url));
  fields.set("path", json_string(from.path));
  fields.set("namespace", json_string(from.nsp));
  fields.set("ended", std::to_string(from.ended.time_since_epoch().count()));
  if (from.running) fields.set("running", "true");
  if (const auto& kept = from.recovery) {
    fields.set("pid", json_string(kept->pid));
    fields.set("offset", json_string(kept->offset));
    fields.set("user", json_string(kept->user));
    fields.set("token_sha256", json_string(kept->token_digest));
    if (kept->not_before != saved_recovery::any_time) {
      fields.set("not_before", std::to_string(kept->not_before.time_since_epoch().count()));
    }
  }
  return fields.object() + '\n';
}

std::variant<saved_session, std::string> parse_saved_session(std::string_view text) {
  const json_fields fields = json_fields::of_first(text);
  saved_session out;
  if (!text.ends_with("}\n")) return "end of the line";  // a number that was cut is a number, too
  out.url = fields.text("url");
  out.path = fields.text("path");
  out.nsp = fields.text("namespace");
  std::int64_t ended = 0;
  if (out.url.empty()) return "url";
  if (out.path.empty()) return "path";
  if (out.nsp.empty()) return "namespace";
  if (!is_time(fields.raw("ended"), ended)) return "ended";
  out.ended += std::chrono::microseconds(ended);
  out.running = fields.raw("running") == "true";
  std::string fault = read_recovery(fields, out.recovery);
  if (!fault.empty()) return fault;
  return out;
}

}  // namespace roombridge::upstream
