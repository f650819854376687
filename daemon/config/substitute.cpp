// SPDX-License-Identifier: MIT
#include "daemon/config/substitute.hpp"

#include <algorithm>

#include "daemon/config/names.hpp"

namespace roombridge::config {
namespace {

// The index of the brace that closes the one before `begin`; npos: none does.
std::size_t closing_brace(std::string_view text, std::size_t begin) {
  int depth = 1;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

// What stands between the braces of ${…}: its value, and the variable that has it, if one has.
parsed<substituted> expand(std::string_view reference, const environment_lookup& environment) {
  const std::size_t mark = reference.find(":-");
  const std::string_view name = reference.substr(0, mark);
  if (!is_variable_name(name)) {
    return problem{
        "${…} needs the name of an environment variable, as in ${NAME} or ${NAME:-default}; a literal ${ is written "
        "$${"};
  }
  std::optional<std::string> value = environment(name);
  if (mark == std::string_view::npos) {
    if (value) return substituted{*std::move(value), {std::string(name)}};
    return problem{"the environment variable " + std::string(name) + " is not set; set it, or write ${" +
                   std::string(name) + ":-default}"};
  }
  const std::string_view otherwise = reference.substr(mark + 2);
  if (otherwise.find("${") != std::string_view::npos) {
    return problem{"the default of ${" + std::string(name) +
                   ":-…} holds another variable; only literal text can stand there"};
  }
  if (!value || value->empty()) return substituted{std::string(otherwise), {}};
  return substituted{*std::move(value), {std::string(name)}};
}

}  // namespace

parsed<substituted> substitute(std::string_view written, const environment_lookup& environment) {
  substituted result;
  std::string& out = result.text;
  for (std::size_t i = 0; i < written.size();) {
    const std::string_view rest = written.substr(i);
    if (rest.starts_with("$${")) {
      out += "${";
      i += 3;
    } else if (rest.starts_with("${")) {
      const std::size_t end = closing_brace(written, i + 2);
      if (end == std::string_view::npos) return problem{"${ without its closing brace; a literal ${ is written $${"};
      parsed<substituted> value = expand(written.substr(i + 2, end - i - 2), environment);
      if (std::holds_alternative<problem>(value)) return value;
      const auto& [text, from] = std::get<substituted>(value);
      out += text;
      auto& names = result.variables;
      if (!from.empty() && std::find(names.begin(), names.end(), from.front()) == names.end())
        names.push_back(from.front());
      i = end + 1;
    } else {
      out += written[i++];
    }
    if (out.size() > max_value_size) return problem{"longer than " + std::to_string(max_value_size) + " bytes"};
  }
  return result;
}

}  // namespace roombridge::config
