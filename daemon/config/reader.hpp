// SPDX-License-Identifier: MIT
// Reading a document by a table of keys. A table is the one description of a section: what keys it has, where each
// lives in the target, how it is read, and by that also how it is compared and listed.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/config/document.hpp"
#include "daemon/config/errors.hpp"
#include "daemon/config/substitute.hpp"
#include "daemon/config/text.hpp"
#include "daemon/config/values.hpp"

namespace roombridge::config {

// A value of the document under the name that errors give it.
struct slot {
  std::string path;  // dotted; empty: the whole document
  position where;    // of the value; of its key when there is no value
  const node* value;
};

[[nodiscard]] slot child(const slot& section, const entry& what);

// What readers share: the variables, the errors, and what was read where.
class reader {
 public:
  // `paths`: every key of the schema. The references outlive the reader.
  reader(error_list& errors, const environment_lookup& environment, const std::vector<std::string>& paths)
      : errors_(errors), environment_(environment), paths_(paths) {}

  void refuse(const slot& from, std::string_view text);
  void refuse_at(position where, std::string text) { errors_.add(where, std::move(text)); }

  // Whether the value is of this kind; refused if not.
  [[nodiscard]] bool is(node_kind expected, const slot& from);

  // Whether the value is a map, or nothing, which is a section that leaves all at its defaults; refused if not.
  [[nodiscard]] bool is_section(const slot& from);

  // A scalar with its variables put in; nothing: refused.
  [[nodiscard]] std::optional<std::string> text(const slot& from);

  // A scalar as `rule` understands it; nothing: refused.
  template <typename Rule>
  [[nodiscard]] auto value(const slot& from, const Rule& rule)
      -> std::optional<std::variant_alternative_t<0, std::invoke_result_t<const Rule&, std::string_view>>> {
    const std::optional<substituted> found = expand(from);
    if (!found) return std::nullopt;
    auto result = rule(std::string_view(found->text));
    if (const problem* wrong = std::get_if<problem>(&result)) {
      refuse_value(from, *wrong, *found);
      return std::nullopt;
    }
    return std::get<0>(std::move(result));
  }

  // Whether `rule` takes a key that the user chose as a name; refused if not.
  template <typename Rule>
  [[nodiscard]] bool accepts_key(const slot& section, const entry& what, const Rule& rule) {
    const auto result = is_clean_text(what.key) ? rule(what.key) : problem{"holds a control character"};
    const problem* wrong = std::get_if<problem>(&result);
    if (wrong != nullptr) refuse({section.path, what.where, what.value}, in_quotes(what.key) + ": " + wrong->text);
    return wrong == nullptr;
  }

  // A key that the section does not have; `known` are those that it has.
  void refuse_key(const slot& section, const entry& what, const std::vector<std::string>& known);

  // Remembers where a key's value stands, and whether it was taken, for checks that concern several keys.
  void note(const slot& from, bool taken) { noted_[from.path] = {from.where, taken}; }
  [[nodiscard]] std::optional<position> find(const std::string& path) const;
  [[nodiscard]] bool was_refused(const std::string& path) const;
  // "from ROOMBRIDGE_URL": the variables that gave a key's value; empty: none did.
  [[nodiscard]] std::string source_of(const std::string& path) const;
  // Line and column of all that was noted.
  [[nodiscard]] std::map<std::string, std::pair<int, int>, std::less<>> places() const;

 private:
  struct noted {
    position where;
    bool taken;
  };

  [[nodiscard]] std::optional<substituted> expand(const slot& from);
  void refuse_value(const slot& from, const problem& wrong, const substituted& found);

  error_list& errors_;
  const environment_lookup& environment_;
  const std::vector<std::string>& paths_;
  std::map<std::string, noted> noted_;
  std::map<std::string, std::string> sources_;
};

template <typename Target>
struct key {
  std::string path;                                         // dotted, from the target's section
  std::vector<std::string> inner;                           // paths below it, when its shape reads a section of its own
  std::function<bool(Target&, const slot&, reader&)> read;  // false: refused, and the target is as before
  std::function<bool(const Target&, const Target&)> equal;
};

template <typename Target>
using table = std::vector<key<Target>>;

// The way to a field through nested structs: at(&config::upstream, &upstream::options::url).
template <typename... Member>
[[nodiscard]] auto at(Member... member) {
  return [=](auto& target) -> auto& {
    return (target.*....*member);
  };
}

// A key of a table: `shape` makes the field's value of a slot, or nothing after refusing it.
template <typename Target, typename Field, typename Shape>
[[nodiscard]] key<Target> make_key(std::string path, Field field, Shape shape, std::vector<std::string> inner = {}) {
  return {std::move(path), std::move(inner),
          [=](Target& target, const slot& from, reader& in) {
            auto value = shape(from, in);
            if (!value) return false;
            field(target) = *std::move(value);
            return true;
          },
          [=](const Target& a, const Target& b) { return field(a) == field(b); }};
}

// The steps of the table's paths right below `prefix` ("" or "a.b."), each once.
[[nodiscard]] std::vector<std::string> steps_below(std::string_view prefix, const std::vector<std::string>& paths);

template <typename Key>
[[nodiscard]] std::vector<std::string> paths_of(const std::vector<Key>& keys) {
  std::vector<std::string> paths;
  paths.reserve(keys.size());
  for (const auto& each : keys) paths.push_back(each.path);
  return paths;
}

// Reads a section into `target`; keys that are not there keep what `target` has. `keys`: a table, whose rows may say
// more than a key. `prefix`: where in the table the section is.
template <typename Target, typename Key>
void read_section(Target& target, const std::vector<Key>& keys, const slot& section, reader& in,
                  const std::string& prefix = {}) {
  if (!in.is_section(section)) return;
  const std::vector<std::string> known = steps_below(prefix, paths_of(keys));
  for (const entry& each : section.value->entries) {
    if (std::find(known.begin(), known.end(), each.key) == known.end()) {
      in.refuse_key(section, each, known);
      continue;
    }
    const slot from = child(section, each);
    const std::string path = prefix + each.key;
    const auto leaf =
        std::find_if(keys.begin(), keys.end(), [&](const auto& candidate) { return candidate.path == path; });
    if (leaf == keys.end()) {
      read_section(target, keys, from, in, path + '.');
    } else {
      in.note(from, leaf->read(target, from, in));
    }
  }
}

}  // namespace roombridge::config
