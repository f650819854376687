// SPDX-License-Identifier: MIT
#include <iterator>

#include <roombridge/proto/messages.hpp>

#include "clients/ctl/commands.hpp"
#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

// Reads at most one byte more than a frame can hold, so that endless input ends as "too large".
std::string read_all(std::istream& input) {
  std::string out(proto::max_body + 1, '\0');
  input.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(input.gcount()));
  return out;
}

std::string as_array(const std::string& json) {
  const auto first = json.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || json[first] == '[') return first == std::string::npos ? "" : json;
  return '[' + json + ']';
}

void show_json(const context& where, const answer& got) {
  // The answer's head as the protocol has it, without the id, which means nothing to the reader.
  const proto::result head{got.id, got.error, got.outcome, {}};
  std::string out = proto::encode_head(head);
  out.replace(1, out.find(','), "");
  if (!got.payload.empty()) {
    out.pop_back();
    out += ",\"arguments\":" + one_line(got.payload) + '}';
  }
  where.out << out << std::endl;
}

void show_text(const context& where, const answer& got) {
  if (got.outcome == emit_outcome::acked) {
    where.out << where.look.good("acknowledged") << "  " << printable(one_line(got.payload)) << std::endl;
  } else {
    where.out << where.look.good("sent") << "; whether the server took it is not known (--ack asks)" << std::endl;
  }
}

std::string_view advice(emit_outcome outcome, bool retry) {
  if (outcome == emit_outcome::not_sent) return retry ? " (not sent: trying again is safe)" : " (not sent)";
  if (outcome == emit_outcome::sent_unknown) return " (sent, but it is not known whether the server took it)";
  return "";
}

}  // namespace

exit_code emit_command(const context& where, const emit_options& options, std::istream& input) {
  exit_code ended = exit_code::ok;
  const auto json = options.arguments == "-" ? read_all(input) : options.arguments;
  auto daemon = connect(where, ended);
  if (!daemon) return ended;
  const auto got = daemon->emit(
      {.event = options.event, .arguments = as_array(json), .ack = options.ack, .deadline = options.timeout});
  if (!got) return report(where, got.error());
  if (where.json) show_json(where, *got);
  if (got->ok()) {
    if (!where.json) show_text(where, *got);
    return exit_code::ok;
  }
  auto why = *got->error;
  why.text += advice(got->outcome, why.retry);
  return report(where, why);
}

}  // namespace roombridge::ctl
