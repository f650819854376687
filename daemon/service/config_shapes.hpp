// SPDX-License-Identifier: MIT
// How a value's form in the document becomes a field: one scalar, a list, a map of templates. A shape is called with a
// slot and the reader and returns the field's value, or nothing after it has refused. The shapes of one key only stand
// in config_schema.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/service/config_names.hpp"
#include "daemon/service/config_reader.hpp"

namespace roombridge::service::reading {

template <typename Rule>
[[nodiscard]] auto scalar(Rule rule) {
  return [rule](const slot& from, reader& in) { return in.value(from, rule); };
}

// The items of a list, "path[0]" and so on.
[[nodiscard]] std::vector<slot> items_of(const slot& list);

// A list of at most `most` values, in the file's order; without `repeats` they are different.
template <typename Rule>
[[nodiscard]] auto list_of(Rule rule, std::size_t most, bool repeats = false) {
  using item_type = std::variant_alternative_t<0, std::invoke_result_t<const Rule&, std::string_view>>;
  return [=](const slot& from, reader& in) -> std::optional<std::vector<item_type>> {
    if (!in.is(node_kind::list, from)) return std::nullopt;
    if (from.value->items.size() > most) {
      in.refuse(from, "more than " + std::to_string(most) + " items");
      return std::nullopt;
    }
    std::vector<item_type> values;
    bool all = true;
    for (const slot& item : items_of(from)) {
      auto value = in.value(item, rule);
      if (!repeats && value && std::find(values.begin(), values.end(), *value) != values.end()) {
        in.refuse(item, in_quotes(item.value->text) + " stands in the list twice");
        value.reset();
      }
      all = all && value.has_value();
      if (value) values.push_back(*std::move(value));
    }
    return all ? std::optional(std::move(values)) : std::nullopt;
  };
}

// A list that says at least something.
template <typename Shape>
[[nodiscard]] auto not_empty(Shape list) {
  return [=](const slot& from, reader& in) {
    auto values = list(from, in);
    if (values && values->empty()) {
      in.refuse(from, "is empty");
      values.reset();
    }
    return values;
  };
}

// A map of at most `most` named texts, such as a payload's fields, in the file's order.
template <typename Rule, typename NameRule = decltype(&field_name)>
[[nodiscard]] auto fields_of(Rule rule, std::size_t most, NameRule name_rule = &field_name) {
  return [=](const slot& from, reader& in) -> std::optional<std::vector<std::pair<std::string, std::string>>> {
    if (!in.is(node_kind::map, from)) return std::nullopt;
    if (from.value->entries.size() > most) {
      in.refuse(from, "more than " + std::to_string(most) + " fields");
      return std::nullopt;
    }
    std::vector<std::pair<std::string, std::string>> values;
    for (const entry& each : from.value->entries) {
      const bool named = in.accepts_key(from, each, name_rule);
      if (auto value = in.value(child(from, each), rule); value && named)
        values.emplace_back(each.key, *std::move(value));
    }
    return values.size() == from.value->entries.size() ? std::optional(std::move(values)) : std::nullopt;
  };
}

}  // namespace roombridge::service::reading
