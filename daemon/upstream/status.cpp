// SPDX-License-Identifier: MIT
#include "daemon/upstream/status.hpp"

#include <cassert>

namespace roombridge::upstream {

std::string_view to_string(state value) {
  switch (value) {
    case state::offline:
      return "offline";
    case state::connecting:
      return "connecting";
    case state::connected:
      return "connected";
    case state::authenticating:
      return "authenticating";
    case state::authenticated:
      return "authenticated";
  }
  return "";
}

}  // namespace roombridge::upstream
