// SPDX-License-Identifier: MIT
#include <roombridge/proto/printable.hpp>

#include "clients/ctl/commands.hpp"
#include "clients/ctl/explain.hpp"
#include "clients/ctl/text.hpp"

namespace roombridge::ctl {

exit_code status_command(const context& where) {
  exit_code ended = exit_code::ok;
  const auto status = call(where, "status", ended);
  if (!status) return ended;
  const auto words = where.json ? std::nullopt : explain_status(*status, where.look, wall_clock());
  where.out << words.value_or(proto::printable_json(*status) + '\n') << std::flush;
  return exit_code::ok;
}

}  // namespace roombridge::ctl
