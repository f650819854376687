// SPDX-License-Identifier: MIT
#include <iterator>

#include <roombridge/proto/messages.hpp>
#include <roombridge/proto/printable.hpp>

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
    out += ",\"arguments\":" + got.payload + '}';
  }
  where.out << proto::printable_json(out) << std::endl;
}

void show_text(const context& where, const answer& got) {
  if (got.outcome == emit_outcome::acked) {
    where.out << where.look.good("acknowledged") << "  " << proto::printable_json(got.payload) << std::endl;
  } else {
    where.out << where.look.good("sent") << "; whether the server took it is not known (--ack asks)" << std::endl;
  }
}

// An answer with an error. What a script has to tell apart: never sent, perhaps done, and arguments that are none.
exit_code report_failed(const context& where, const answer& got) {
  auto why = *got.error;
  if (got.outcome == emit_outcome::sent_unknown) {
    why.text += " (sent, but it is not known whether the server took it)";
    report(where, why);
    return exit_code::perhaps;
  }
  if (got.outcome == emit_outcome::not_sent)
    why.text += why.retry ? " (not sent: trying again is safe)" : " (not sent)";
  const auto status = report(where, why);
  return why.code == error_code::bad_payload ? exit_code::usage : status;
}

}  // namespace

exit_code emit_command(const context& where, const emit_options& options, std::istream& input) {
  exit_code ended = exit_code::ok;
  const auto json = options.arguments == "-" ? read_all(input) : options.arguments;
  // A program before the pipe that failed has written nothing: that must not become an event.
  if (options.arguments == "-" && json.find_first_not_of(" \t\r\n") == std::string::npos) {
    return report(where, failure{failure_kind::invalid_argument,
                                 "standard input has no JSON, so nothing was sent; [] is an event without arguments",
                                 std::nullopt});
  }
  auto daemon = connect(where, ended);
  if (!daemon) return ended;
  const auto got = daemon->emit(
      {.event = options.event, .arguments = as_array(json), .ack = options.ack, .deadline = options.timeout});
  if (!got) return report_change(where, got.error());
  if (where.json) show_json(where, *got);
  if (!got->ok()) return report_failed(where, *got);
  if (!where.json) show_text(where, *got);
  return exit_code::ok;
}

}  // namespace roombridge::ctl
