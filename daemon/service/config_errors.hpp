// SPDX-License-Identifier: MIT
// Where something stands in a config file, and the bounded list of what is wrong with it.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/service/config.hpp"

namespace roombridge::service::reading {

// Both from 1; the column counts bytes. {0, 0}: the file as a whole.
struct position {
  int line = 0;
  int column = 0;
  auto operator<=>(const position&) const = default;
};

// `text` in double quotes, safe for a log: control characters and what is not UTF-8 escaped, cut after 60 bytes between
// two characters.
[[nodiscard]] std::string in_quotes(std::string_view text);

// A step of a dotted path: `key` itself where it is a plain word, else quoted.
[[nodiscard]] std::string path_step(std::string_view key);

// More errors than this are counted, not kept.
inline constexpr std::size_t max_config_errors = 20;

class error_list {
 public:
  explicit error_list(std::string_view file) : file_(file) {}

  void add(position where, std::string text);
  [[nodiscard]] bool empty() const { return errors_.empty(); }

  // The errors in the file's order; when some were not kept, a last one of line 0 says how many.
  [[nodiscard]] std::vector<config_error> take();

 private:
  std::string file_;
  std::vector<config_error> errors_;
  std::size_t left_out_ = 0;
};

}  // namespace roombridge::service::reading
