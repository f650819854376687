// SPDX-License-Identifier: MIT
// What is wrong with a config file and where, the bounded list of it, and where the values stand.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roombridge::config {

struct error {
  std::string file;
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;  // from 1, in bytes
  std::string text;
  [[nodiscard]] std::string to_string() const;  // "FILE:LINE:COLUMN: TEXT"
};

// Where the values stand that the settings were read from.
struct key_places {
  std::string file;
  std::map<std::string, std::pair<int, int>, std::less<>> keys;  // line and column, by the dotted path

  // What is wrong with a key's value; one that does not stand there has its default.
  [[nodiscard]] error error_of(const std::string& key, const std::string& text) const;
};

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
inline constexpr std::size_t max_errors = 20;

class error_list {
 public:
  explicit error_list(std::string_view file) : file_(file) {}

  void add(position where, std::string text);
  [[nodiscard]] bool empty() const { return errors_.empty(); }

  // The errors in the file's order; when some were not kept, a last one of line 0 says how many.
  [[nodiscard]] std::vector<error> take();

 private:
  std::string file_;
  std::vector<error> errors_;
  std::size_t left_out_ = 0;
};

}  // namespace roombridge::config
