// SPDX-License-Identifier: MIT
// What HTTP requests to the server carry beside what the protocols want, and how it is written. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roombridge::upstream {

struct request_extras {
  std::vector<std::pair<std::string, std::string>> headers;  // values as is_header_value() takes them
  std::vector<std::pair<std::string, std::string>> query;    // as text, not yet percent-encoded
  bool operator==(const request_extras&) const = default;
};

// Whether a header can carry it: no control characters, which could end the header and begin another.
[[nodiscard]] bool is_header_value(std::string_view text);

// "Name: value" lines, each with its line break.
[[nodiscard]] std::string header_lines(const std::vector<std::pair<std::string, std::string>>& headers);

// "&name=value" for each, percent-encoded.
[[nodiscard]] std::string query_text(const std::vector<std::pair<std::string, std::string>>& query);

[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace roombridge::upstream
