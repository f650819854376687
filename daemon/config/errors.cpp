// SPDX-License-Identifier: MIT
#include "daemon/config/errors.hpp"

#include <algorithm>
#include <roombridge/proto/printable.hpp>
#include <utility>

#include "daemon/config/text.hpp"

namespace roombridge::config {
namespace {

constexpr std::size_t longest_quote = 60;

bool plain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// The length of the longest beginning of `text` that has at most `most` bytes and splits no character.
std::size_t cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0u) == 0x80u) --most;
  return most;
}

}  // namespace

std::string error::to_string() const {
  if (line == 0) return file + ": " + text;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + text;
}

error key_places::error_of(const std::string& key, const std::string& text) const {
  const auto found = keys.find(key);
  if (found == keys.end()) return {file, 0, 0, key + ", which has its default: " + text};
  return {file, found->second.first, found->second.second, key + ": " + text};
}

std::string in_quotes(std::string_view text) {
  const std::size_t end = cut(text, longest_quote);
  std::string quoted;
  for (const char c : text.substr(0, end)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return '"' + proto::printable(quoted) + (end < text.size() ? "…\"" : "\"");
}

std::string path_step(std::string_view key) {
  const bool plain =
      !key.empty() && key.size() <= longest_quote && std::all_of(key.begin(), key.end(), plain_character);
  return plain ? std::string(key) : in_quotes(key);
}

void error_list::add(position where, std::string text) {
  if (errors_.size() == max_errors) {
    ++left_out_;
    return;
  }
  errors_.push_back({file_, where.line, where.column, std::move(text)});
}

std::vector<error> error_list::take() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const error& a, const error& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  if (left_out_ > 0) errors_.push_back({file_, 0, 0, std::to_string(left_out_) + " more errors are not shown"});
  return std::exchange(errors_, {});
}

}  // namespace roombridge::config
