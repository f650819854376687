// SPDX-License-Identifier: MIT
// What a reload does with a key that has changed.
#pragma once

namespace roombridge::config {

enum class needs {
  live,             // it holds at once
  next_connection,  // the next connection to the server has it; none is made for it
  new_connection,   // a new connection to the server is made for it at once
  restart           // only the next start of the daemon has it
};

}  // namespace roombridge::config
