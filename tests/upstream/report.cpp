// SPDX-License-Identifier: MIT
#include "tests/upstream/server.hpp"

namespace test_upstream {

std::string_view to_string(report::kind value) {
  switch (value) {
    case report::kind::connected:
      return "connected";
    case report::kind::refused:
      return "refused";
    case report::kind::authenticated:
      return "authenticated";
    case report::kind::joined:
      return "joined";
    case report::kind::left:
      return "left";
    case report::kind::event:
      return "event";
    case report::kind::acked:
      return "acked";
    case report::kind::struck:
      return "struck";
    case report::kind::disconnected:
      return "disconnected";
  }
  return "";
}

}  // namespace test_upstream
