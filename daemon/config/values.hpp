// SPDX-License-Identifier: MIT
// Single values of the config that are not text: durations, sizes, counts, booleans, file modes, choices. A rule is a
// pure function from text to a value or to what is wrong with the text.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace roombridge::config {

using std::chrono::milliseconds;

// How much of a value that is refused may be seen.
enum class visible {
  value,    // with the variables put in
  written,  // as it stands in the file: what a variable holds may be a secret
  nothing   // what stands in the file may be a secret, too
};

// Why a rule refuses a value. `text` repeats none of it, since the reader shows what may be seen: the value, and the
// piece of it that is wrong, `excerpt`.
struct problem {
  std::string text;
  std::string excerpt = {};
  visible shown = visible::value;
  std::string instead = {};  // what is shown in the value's place, if anything: the value less its secrets
};

template <typename T>
using parsed = std::variant<T, problem>;

// "250ms", "1s", "5min", "2h": a whole number with its unit.
struct duration {
  milliseconds least;
  milliseconds most;
  [[nodiscard]] parsed<milliseconds> operator()(std::string_view text) const;
};

// "0s" or what `limits` allows.
struct duration_or_never {
  duration limits;
  [[nodiscard]] parsed<milliseconds> operator()(std::string_view text) const;
};

// "16MiB", "64KiB", "1GiB", or bytes without a unit.
struct byte_size {
  std::uint64_t least;
  std::uint64_t most;
  [[nodiscard]] parsed<std::size_t> operator()(std::string_view text) const;
};

struct count {
  std::uint64_t least;
  std::uint64_t most;
  [[nodiscard]] parsed<std::size_t> operator()(std::string_view text) const;
};

// What YAML makes of a value without quotes, as JSON writes it: a number, true, false or null. Nothing: it is a text. A
// number that JSON does not know, such as 007 or 0x1F, is refused.
[[nodiscard]] parsed<std::optional<std::string>> plain_literal(std::string_view text);

// "true" or "false".
[[nodiscard]] parsed<bool> boolean(std::string_view text);

// Permission bits in octal with the 0 that says so, "0660": without it nobody knows which number was meant.
[[nodiscard]] parsed<mode_t> file_mode(std::string_view text);

// One of some words.
template <typename T>
struct choice {
  std::vector<std::pair<std::string_view, T>> options;

  [[nodiscard]] parsed<T> operator()(std::string_view text) const {
    std::string names;
    for (const auto& [name, value] : options) {
      if (name == text) return value;
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return problem{"expected one of: " + names};
  }
};

}  // namespace roombridge::config
