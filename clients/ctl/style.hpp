// SPDX-License-Identifier: MIT
// Colours, for a terminal only. Pure.
#pragma once

#include <string>
#include <string_view>

namespace roombridge::ctl {

struct style {
  bool colour = false;

  [[nodiscard]] std::string good(std::string_view text) const { return in("32", text); }
  [[nodiscard]] std::string warn(std::string_view text) const { return in("33", text); }
  [[nodiscard]] std::string bad(std::string_view text) const { return in("31", text); }
  [[nodiscard]] std::string strong(std::string_view text) const { return in("1", text); }
  [[nodiscard]] std::string faint(std::string_view text) const { return in("2", text); }

 private:
  [[nodiscard]] std::string in(std::string_view code, std::string_view text) const {
    if (!colour) return std::string{text};
    return "\033[" + std::string{code} + 'm' + std::string{text} + "\033[0m";
  }
};

}  // namespace roombridge::ctl
