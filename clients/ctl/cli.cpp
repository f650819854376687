// SPDX-License-Identifier: MIT
#include "clients/ctl/cli.hpp"

#include <functional>

#include <CLI/CLI.hpp>

#include <roombridge/proto/client_messages.hpp>
#include <roombridge/proto/pattern.hpp>
#include <roombridge/proto/printable.hpp>

#include "clients/ctl/commands.hpp"
#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

using command = std::function<exit_code(const context&)>;

constexpr const char* examples = R"(examples:
  roombridgectl status                                   is it connected, if not why, and what happens next?
  roombridgectl tail                                     watch everything
  roombridgectl tail --event reservation_update --topic 'shop-*' --json | jq '.arguments // empty'
  roombridgectl tail --field shopId=7 --field shopId=8 --field updateType=cancelled
  roombridgectl tail --subscriber audit --json >> audit.log  what came since it ran last; into a file, not into a pipe
  roombridgectl tail --event notification --count 1 --timeout 1m    wait for one
  roombridgectl emit reservation_update '{"reservationId":42,"updateType":"confirmed"}' --ack
  echo '["hello",1]' | roombridgectl emit greeting -
  roombridgectl wait --for authenticated --timeout 30s && ./needs-the-server
  roombridgectl trace --for 2m                           why does it not connect? every packet and every step, values left out
  roombridgectl reload                                   apply the changed config file, or hear what is wrong in it)";

constexpr const char* conventions =
    R"(exit status: 0 done; 1 it failed or was refused, and an event was not sent; 2 the command line is wrong, or an
event's arguments are no JSON; 3 the daemon cannot be reached; 4 it did not happen in time; 5 it was sent, and whether
it was done is not known: an emit with --ack in vain, or the daemon ended before it answered. After 1, 3 and 4 nothing
was done and trying again cannot do it twice; after 5 it can.

--json and --socket PATH may stand behind the command, too. Durations: 500ms, 30s, 2m, 1h; a plain number is seconds. The socket is --socket, else $ROOMBRIDGE_SOCKET, else
/run/roombridge/roombridge.sock.)";

const CLI::Validator duration_format{
    [](std::string& text) {
      return parse_duration(text) ? std::string{} : "\"" + text + "\" is no duration: 500ms, 30s, 2m, 1h";
    },
    ""};

const CLI::Validator ack_duration{
    [](std::string& text) {
      const auto time = parse_duration(text);
      return time && time->count() >= 1 && time->count() <= proto::max_deadline_ms
                 ? std::string{}
                 : "\"" + text + "\" is no time to wait for an acknowledgement: 500ms, 30s, at most 5m";
    },
    ""};

const CLI::Validator trace_duration{[](std::string& text) {
                                      const auto time = parse_duration(text);
                                      return time && time->count() >= 1 && time->count() <= proto::max_trace_ms
                                                 ? std::string{}
                                                 : "\"" + text + "\" is no time to look on for: 30s, 10m, at most 1h";
                                    },
                                    ""};

const CLI::Validator pattern_format{
    [](std::string& text) {
      return proto::is_valid_pattern(text) ? std::string{}
                                           : "\"" + text + "\" is no pattern: 1 to 256 bytes, and a * only at the end";
    },
    ""};

field_filter field_of(const std::string& text) {
  const auto end = std::min(text.find('='), text.size());
  return {text.substr(0, end), {text.substr(std::min(end + 1, text.size()))}};
}

const CLI::Validator field_format{[](std::string& text) {
                                    const auto field = field_of(text);
                                    return proto::is_valid_field(field.name, field.values.front())
                                               ? std::string{}
                                               : "\"" + text +
                                                     "\" is no field with its value: shopId=7, at most 256 bytes";
                                  },
                                  ""};

const CLI::Validator room_format{
    [](std::string& text) {
      return proto::is_valid_room(text) ? std::string{}
                                        : "\"" + text + "\" is no room: 1 to 256 bytes without control characters";
    },
    ""};

const CLI::Validator subscriber_format{
    [](std::string& text) {
      return proto::is_valid_subscriber_name(text)
                 ? std::string{}
                 : "\"" + text + "\" is no subscriber's name: 1 to 64 bytes without control characters";
    },
    ""};

const CLI::Validator positive{[](std::string& text) {
                                const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
                                const bool above_zero = text.find_first_not_of('0') != std::string::npos;
                                return digits && above_zero && text.size() <= 18
                                           ? std::string{}
                                           : "\"" + text + "\" is no count: a number above zero, of at most 18 digits";
                              },
                              ""};

std::optional<std::chrono::milliseconds> duration_of(const std::string& text) {
  return text.empty() ? std::nullopt : parse_duration(text);
}

// What the options write to; lives until the command has run.
struct values {
  context& where;
  std::istream& in;
  command chosen;
  tail_options tail;
  trace_options trace;
  emit_options emit;
  wait_options wait;
  remove_options remove;
  std::vector<std::string> fields;
  std::string timeout;
  std::string goal;
  std::uint64_t count = 0;
};

void add_simple(CLI::App& app, values& v, const char* name, const char* words, exit_code (*run)(const context&)) {
  app.add_subcommand(name, words)->callback([&v, run] { v.chosen = run; });
}

void add_timeout(CLI::App& app, values& v, const char* words, const CLI::Validator& format = duration_format) {
  app.add_option("--timeout", v.timeout, words)->check(format)->type_name("DURATION");
}

// One of several values of a field is enough.
void add_field(filter& wanted, field_filter added) {
  for (field_filter& each : wanted.fields) {
    if (each.name != added.name) continue;
    each.values.push_back(std::move(added.values.front()));
    return;
  }
  wanted.fields.push_back(std::move(added));
}

void add_tail(CLI::App& app, values& v) {
  auto& tail = *app.add_subcommand("tail", "print events as they come, one line each");
  tail.add_option("--event", v.tail.wanted.events, "only these events: a name, or a prefix and *; may be repeated")
      ->check(pattern_format)
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  tail.add_option("--topic", v.tail.wanted.topics, "only with one of these topics, e.g. 'shop-*'; may be repeated")
      ->check(pattern_format)
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  tail.add_option("--field", v.fields, "only with this value of a payload's field, e.g. shopId=7; may be repeated")
      ->check(field_format)
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  tail.add_option("--room", v.tail.rooms, "hold this room meanwhile, so that its events come; may be repeated")
      ->check(room_format)
      ->type_name("ROOM")
      ->allow_extra_args(false);
  tail.add_option("--subscriber", v.tail.subscriber,
                  "go on behind what was written under this name before. It acknowledges an event as soon as it is "
                  "written to the output: good for a file or a terminal. What is in a pipe is lost when the program "
                  "behind it ends, so do not use it for `| handler`")
      ->check(subscriber_format)
      ->type_name("NAME");
  tail.add_flag("--history", v.tail.history, "first what the daemon still has in its log");
  tail.add_flag("--snapshot", v.tail.snapshot, "first the newest event of each thing whose state the daemon retains");
  tail.add_flag("--no-follow", v.tail.no_follow,
                "end with status 3 when the daemon is not there or ends; else wait for it, go on behind the last event "
                "after its restart, and say so on stderr");
  auto* count = tail.add_option("--count", v.count, "end after so many events")->check(positive)->type_name("N");
  add_timeout(tail, v, "end after this time; status 4 if --count was not reached, 3 if the daemon was not");
  tail.callback([&v, count] {
    if (count->count() != 0) v.tail.count = v.count;
    v.tail.timeout = duration_of(v.timeout);
    for (const auto& text : v.fields) add_field(v.tail.wanted, field_of(text));
    v.chosen = [&v](const context& where) { return tail_command(where, v.tail); };
  });
}

void add_trace(CLI::App& app, values& v) {
  auto& trace = *app.add_subcommand(
      "trace", "watch every packet between daemon and server, and every step to a connection; values left out");
  trace.add_option("--for", v.timeout, "end after this time, at most 1h (default 30s)")
      ->check(trace_duration)
      ->type_name("DURATION");
  trace.callback([&v] {
    v.trace.time = duration_of(v.timeout).value_or(v.trace.time);
    v.chosen = [&v](const context& where) { return trace_command(where, v.trace); };
  });
}

void add_emit(CLI::App& app, values& v) {
  auto& emit = *app.add_subcommand("emit", "send an event to the server through the daemon's connection");
  emit.add_option("event", v.emit.event, "the event's name")->required()->type_name("EVENT");
  emit.add_option("arguments", v.emit.arguments,
                  "JSON: an array is the list of arguments, anything else the only one; - reads it from stdin")
      ->type_name("JSON");
  emit.add_flag("--ack", v.emit.ack, "wait for the server's acknowledgement and print it");
  add_timeout(emit, v, "by when the outcome has to be known, at most 5m (default 10s)", ack_duration);
  emit.callback([&v] {
    v.emit.timeout = duration_of(v.timeout).value_or(v.emit.timeout);
    v.chosen = [&v](const context& where) { return emit_command(where, v.emit, v.in); };
  });
}

void add_wait(CLI::App& app, values& v) {
  auto& wait =
      *app.add_subcommand("wait", "wait until the connection to the server has a state (or the daemon starts)");
  wait.add_option("--for", v.goal, "offline, connected or authenticated")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"offline", "connected", "authenticated"}))
      ->type_name("STATE");
  add_timeout(wait, v, "give up after this time with status 4, or 3 when there is no daemon (default: never)");
  wait.callback([&v] {
    v.wait.goal = v.goal == "offline"     ? upstream_state::offline
                  : v.goal == "connected" ? upstream_state::connected
                                          : upstream_state::authenticated;
    v.wait.timeout = duration_of(v.timeout);
    v.chosen = [&v](const context& where) { return wait_command(where, v.wait); };
  });
}

void add_remove(CLI::App& app, values& v) {
  auto& remove = *app.add_subcommand("remove", "forget a named subscriber that is not connected");
  remove.add_option("name", v.remove.name, "its name")->required()->check(subscriber_format)->type_name("NAME");
  remove.add_option("--uid", v.remove.uid, "the user whose it is, as a number (default: yours)")->type_name("UID");
  remove.callback([&v] { v.chosen = [&v](const context& where) { return remove_command(where, v.remove); }; });
}

}  // namespace

exit_code run(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err,
              bool terminal) {
  context where{{}, false, {terminal}, out, err};
  values v{where, in, {}, {}, {}, {}, {}, {}, {}, {}, {}, 0};
  CLI::App app{"Looks at, talks through and controls roombridged, the local bridge to a Socket.IO server.",
               "roombridgectl"};
  app.footer(conventions);  // the commands inherit it
  app.require_subcommand(1);
  app.fallthrough();  // --json and --socket may stand behind the command, too
  app.set_version_flag("--version", "roombridgectl " ROOMBRIDGE_VERSION);
  app.add_option("--socket", where.socket, "the daemon's socket")->type_name("PATH");
  app.add_flag("--json", where.json, "print JSON, one object a line");
  add_simple(app, v, "status", "is it connected, if not why, and what happens next", status_command);
  add_tail(app, v);
  add_trace(app, v);
  add_emit(app, v);
  add_simple(app, v, "rooms", "the rooms that are joined or wanted, and who holds them", rooms_command);
  add_simple(app, v, "named", "the named subscribers: how far they are, and who is connected", named_command);
  add_remove(app, v);
  add_simple(app, v, "reload", "read the config file again; a file with mistakes changes nothing", reload_command);
  add_wait(app, v);
  add_simple(app, v, "reconnect", "connect to the server anew, at once", reconnect_command);
  add_simple(app, v, "forget", "erase all events until now, in memory and on disk", forget_command);

  app.footer(std::string{examples} + "\n\n" + conventions);

  std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};  // as CLI11 wants them
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    const auto unknown = app.remaining();
    if (app.get_subcommands().empty() && !unknown.empty()) {
      err << "roombridgectl: there is no " << (unknown.front().starts_with('-') ? "option" : "command") << " \""
          << proto::printable(unknown.front()) << "\"; see roombridgectl --help\n";
      return exit_code::usage;
    }
    return app.exit(error, out, err) == 0 ? exit_code::ok : exit_code::usage;
  }
  if (where.json) where.look.colour = false;
  const auto ended = v.chosen(where);
  if (out.flush()) return ended;
  err << "roombridgectl: cannot write the output: the disk is full, or what it goes to is closed" << std::endl;
  return exit_code::failed;
}

}  // namespace roombridge::ctl
