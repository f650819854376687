// SPDX-License-Identifier: MIT
#include "daemon/config/suggest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "daemon/config/errors.hpp"

namespace roombridge::config {
namespace {

// Longer ones resemble nothing, and comparing them costs.
constexpr std::size_t longest_key = 64;

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : std::string(separator)) + word;
  return out;
}

// The sections in which some path has `key` as a step.
std::vector<std::string> sections_with(std::string_view key, const std::vector<std::string>& paths) {
  std::vector<std::string> found;
  for (const std::string& path : paths) {
    const std::string steps = '.' + path + '.';
    const std::size_t at = steps.find('.' + std::string(key) + '.');
    if (at == std::string::npos) continue;
    const std::string section = at == 0 ? "the top level" : path.substr(0, at - 1);
    if (std::find(found.begin(), found.end(), section) == found.end()) found.push_back(section);
  }
  return found;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(last, row);
  }
  return last[b.size()];
}

std::string describe_unknown_key(std::string_view key, const std::vector<std::string>& known,
                                 const std::vector<std::string>& paths) {
  const std::string unknown = "unknown key " + in_quotes(key);
  if (key == "<<") return unknown + "; merge keys are not supported: write the keys out";
  if (key.find('.') != std::string_view::npos)
    return unknown + "; keys are not dotted: write sections inside each other";
  std::string choices = unknown + "; known here: " + join(known, ", ");
  if (key.empty() || key.size() > longest_key) return choices;

  const auto nearest = std::min_element(known.begin(), known.end(), [&](const std::string& a, const std::string& b) {
    return edit_distance(key, a) < edit_distance(key, b);
  });
  const std::size_t distance = edit_distance(key, *nearest);
  std::string meant = unknown + "; did you mean " + in_quotes(*nearest) + "?";
  if (distance <= 1) return meant;
  if (const auto sections = sections_with(key, paths); !sections.empty()) {
    return unknown + "; it belongs in " + join(sections, " or ");
  }
  if (distance <= std::max<std::size_t>(2, key.size() / 3)) return meant;
  return choices;
}

}  // namespace roombridge::config
