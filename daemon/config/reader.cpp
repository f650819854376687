// SPDX-License-Identifier: MIT
#include "daemon/config/reader.hpp"

#include <algorithm>

#include "daemon/config/substitute.hpp"
#include "daemon/config/suggest.hpp"

namespace roombridge::config {
namespace {

std::string_view hint_for_nothing(node_kind expected) {
  switch (expected) {
    case node_kind::list:
      return "; an empty list is written []";
    case node_kind::map:
      return "; an empty map is written {}";
    default:
      return "; an empty text is written \"\"";
  }
}

// "from ROOMBRIDGE_URL"; empty where no variable gave anything.
std::string variables_of(const substituted& value) {
  std::string out;
  for (const std::string& name : value.variables) out += (out.empty() ? "from " : " and ") + name;
  return out;
}

}  // namespace

slot child(const slot& section, const entry& what) {
  std::string path = section.path.empty() ? path_step(what.key) : section.path + '.' + path_step(what.key);
  return {std::move(path), what.value->kind == node_kind::nothing ? what.where : what.value->where, what.value};
}

void reader::refuse(const slot& from, std::string_view text) {
  errors_.add(from.where, (from.path.empty() ? "" : from.path + ": ") + std::string(text));
}

bool reader::is(node_kind expected, const slot& from) {
  const node_kind found = from.value->kind;
  if (found == expected) return true;
  std::string text = "found " + std::string(to_string(found)) + ", expected " + std::string(to_string(expected));
  if (found == node_kind::nothing) text += hint_for_nothing(expected);
  refuse(from, text);
  return false;
}

bool reader::is_section(const slot& from) {
  return from.value->kind == node_kind::nothing || is(node_kind::map, from);
}

std::optional<substituted> reader::expand(const slot& from) {
  if (!is(node_kind::scalar, from)) return std::nullopt;
  parsed<substituted> result = substitute(from.value->text, environment_);
  if (const problem* wrong = std::get_if<problem>(&result)) {
    refuse(from, wrong->text);
    return std::nullopt;
  }
  auto& made = std::get<substituted>(result);
  if (!is_clean_text(made.text)) {
    const std::string whence = variables_of(made);
    refuse(from, (whence.empty() ? "" : whence + ": ") + "holds a control character, or is not UTF-8");
    return std::nullopt;
  }
  if (!made.variables.empty()) sources_[from.path] = variables_of(made);
  return std::move(made);
}

std::optional<std::string> reader::text(const slot& from) {
  auto found = expand(from);
  return found ? std::optional(std::move(found->text)) : std::nullopt;
}

void reader::refuse_value(const slot& from, const problem& wrong, const substituted& found) {
  const std::string& written = from.value->text;
  std::string value;
  if (wrong.shown == visible::written) value = in_quotes(written);
  if (wrong.shown == visible::value) value = in_quotes(wrong.instead.empty() ? found.text : wrong.instead);
  if (const std::string whence = variables_of(found); !whence.empty() && wrong.shown != visible::written)
    value += (value.empty() ? "" : ", ") + whence;
  std::string text = (value.empty() ? "" : value + ": ") + wrong.text;
  const bool excerpt = wrong.shown == visible::value || (wrong.shown == visible::written && found.text == written);
  if (!wrong.excerpt.empty() && excerpt) text += "; not " + in_quotes(wrong.excerpt);
  refuse(from, text);
}

void reader::refuse_key(const slot& section, const entry& what, const std::vector<std::string>& known) {
  const std::string prefix = section.path.empty() ? "" : section.path + ": ";
  errors_.add(what.where, prefix + describe_unknown_key(what.key, known, paths_));
}

std::optional<position> reader::find(const std::string& path) const {
  const auto found = noted_.find(path);
  return found == noted_.end() ? std::nullopt : std::optional(found->second.where);
}

bool reader::was_refused(const std::string& path) const {
  const auto found = noted_.find(path);
  return found != noted_.end() && !found->second.taken;
}

std::string reader::source_of(const std::string& path) const {
  const auto found = sources_.find(path);
  return found == sources_.end() ? std::string{} : found->second;
}

std::map<std::string, std::pair<int, int>, std::less<>> reader::places() const {
  std::map<std::string, std::pair<int, int>, std::less<>> out;
  for (const auto& [path, value] : noted_) out.emplace(path, std::pair(value.where.line, value.where.column));
  return out;
}

std::vector<std::string> steps_below(std::string_view prefix, const std::vector<std::string>& paths) {
  std::vector<std::string> steps;
  for (const std::string& path : paths) {
    if (!path.starts_with(prefix)) continue;
    std::string step = path.substr(prefix.size(), path.find('.', prefix.size()) - prefix.size());
    if (std::find(steps.begin(), steps.end(), step) == steps.end()) steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace roombridge::config
