// SPDX-License-Identifier: MIT
// roombridgectl's command line. The one unit that sees CLI11.
#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "clients/ctl/context.hpp"

namespace roombridge::ctl {

// Runs a whole command line (without the program's name). `terminal`: `out` is one, so that colours are welcome.
[[nodiscard]] exit_code run(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out,
                            std::ostream& err, bool terminal);

}  // namespace roombridge::ctl
