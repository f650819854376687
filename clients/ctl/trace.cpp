// SPDX-License-Identifier: MIT
#include <boost/json.hpp>
#include <roombridge/proto/printable.hpp>

#include "clients/ctl/commands.hpp"
#include "clients/ctl/render.hpp"
#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

namespace json = boost::json;
using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

class tracing {
 public:
  tracing(const context& where, const trace_options& options) : where_(where), options_(options) {}

  exit_code run() {
    exit_code ended = exit_code::ok;
    auto daemon = connect(where_, ended);
    if (!daemon) return ended;
    const auto asked = daemon->core().call("trace", R"({"for_ms":)" + std::to_string(options_.time.count()) + '}');
    if (!asked) return report(where_, asked.error());
    // The daemon ends it; it may take a moment for its last word.
    const auto until = clock::now() + options_.time + attempt_time(std::nullopt);
    while (where_.out) {
      const auto got = daemon->next(std::max(std::chrono::ceil<milliseconds>(until - clock::now()), milliseconds{0}));
      if (!got) return late();
      const auto line = where_.json ? json_line(*got) : text_line(*got, where_.look, wall_clock());
      // Each line at once: whoever reads the pipe wants it now.
      if (!line.empty()) where_.out << line << std::endl;
      if (const auto* end = std::get_if<closed>(&*got)) return report(where_, end->why);
      if (const auto* over = std::get_if<answer>(&*got)) return end(*over);
    }
    return exit_code::ok;
  }

 private:
  exit_code end(const answer& over) const {
    if (!over.ok()) return report(where_, *over.error);
    json::error_code failed;
    const auto totals = json::parse(over.payload, failed);
    const auto* fields = failed ? nullptr : totals.if_object();
    if (fields == nullptr) {
      return report(where_, failure{failure_kind::protocol, "the daemon's last word cannot be read", std::nullopt});
    }
    if (where_.json) {
      json::object line{{"type", "over"}};
      line.insert(fields->begin(), fields->end());
      where_.out << proto::printable_json(json::serialize(line)) << std::endl;
    } else {
      where_.out << "-- " << duration_text(std::chrono::microseconds(options_.time).count())
                 << " are over: " << count(*fields, "lines") << " lines, and " << count(*fields, "missed")
                 << " that were missed" << std::endl;
    }
    return exit_code::ok;
  }

  static std::string count(const json::object& totals, std::string_view field) {
    const auto* value = totals.if_contains(field);
    return value == nullptr ? "?" : json::serialize(*value);
  }

  exit_code late() const {
    return report(where_, failure{failure_kind::timeout, "the daemon does not answer any more", std::nullopt});
  }

  const context& where_;
  const trace_options& options_;
};

}  // namespace

exit_code trace_command(const context& where, const trace_options& options) {
  return tracing{where, options}.run();
}

}  // namespace roombridge::ctl
