// SPDX-License-Identifier: MIT
// Lists of patterns (PROTOCOL.md section 4), as they are written and made ready for matching. Pure.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <roombridge/proto/pattern.hpp>

#include "daemon/log/packed_texts.hpp"

namespace roombridge::log {

// Whether any of the valid patterns matches `text`.
[[nodiscard]] inline bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [text](const std::string& pattern) { return proto::matches(pattern, text); });
}

// Whether one of the valid patterns matches every name that `inner` matches. That several of them do so together would
// take a pattern for every byte that may follow, and is not seen.
[[nodiscard]] inline bool any_covers(const std::vector<std::string>& patterns, std::string_view inner) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [inner](const std::string& pattern) { return proto::covers(pattern, inner); });
}

// A pattern with the hash of what it equals.
class pattern {
 public:
  // `text` is a valid pattern (proto::is_valid_pattern).
  explicit pattern(std::string text) : pattern(std::move(text), false) {}
  // Matches `text` alone, which may end with `*`.
  [[nodiscard]] static pattern exactly(std::string text) { return {std::move(text), true}; }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_prefix() const { return is_prefix_; }
  // What begins the texts that a prefix matches.
  [[nodiscard]] std::string_view prefix() const { return std::string_view{text_}.substr(0, text_.size() - 1); }
  // What the others match.
  [[nodiscard]] matched_text exact() const { return {text_, hash_}; }

  bool operator==(const pattern&) const = default;

  [[nodiscard]] bool matches(const matched_text& what) const {
    return is_prefix_ ? what.text.starts_with(prefix()) : what == exact();
  }
  // Whether it matches any of them.
  [[nodiscard]] bool matches(const packed_texts& what) const {
    if (!is_prefix_) return what.contains(exact());
    return what.any_of([this](std::string_view text) { return text.starts_with(prefix()); });
  }

 private:
  pattern(std::string text, bool whole)
      : text_(std::move(text)), hash_(matched_text{text_}.hash), is_prefix_(!whole && text_.ends_with('*')) {}

  std::string text_;
  std::uint32_t hash_;
  bool is_prefix_;
};

// Valid patterns made ready.
class pattern_list {
 public:
  pattern_list() = default;
  pattern_list(std::vector<std::string> texts) {
    all_.reserve(texts.size());
    for (auto& each : texts) all_.emplace_back(std::move(each));
  }
  pattern_list(std::initializer_list<std::string> texts) : pattern_list(std::vector<std::string>{texts}) {}
  explicit pattern_list(std::vector<pattern> all) : all_(std::move(all)) {}

  bool operator==(const pattern_list&) const = default;

  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] auto begin() const { return all_.begin(); }
  [[nodiscard]] auto end() const { return all_.end(); }

  // Whether `*` is among them.
  [[nodiscard]] bool has_everything() const {
    return std::any_of(begin(), end(), [](const pattern& each) { return each.is_prefix() && each.prefix().empty(); });
  }

  // Whether one of them matches `what`: a text, or any of several.
  template <class Texts>
  [[nodiscard]] bool matches(const Texts& what) const {
    return std::any_of(begin(), end(), [&what](const pattern& each) { return each.matches(what); });
  }

 private:
  std::vector<pattern> all_;
};

}  // namespace roombridge::log
