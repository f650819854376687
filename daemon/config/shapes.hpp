// SPDX-License-Identifier: MIT
// How a value's form in the document becomes a field: one scalar, a list, a map of templates. A shape is called with a
// slot and the reader and returns the field's value, or nothing after it has refused. The shapes of one key only stand
// in schema.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config/names.hpp"
#include "daemon/config/reader.hpp"
#include "daemon/upstream/payload_template.hpp"

namespace roombridge::config {

template <typename Rule>
[[nodiscard]] auto scalar(Rule rule) {
  return [rule](const slot& from, reader& in) { return in.value(from, rule); };
}

// The items of a list, "path[0]" and so on.
[[nodiscard]] std::vector<slot> items_of(const slot& list);

// A list of at most `most` items of one shape, in the file's order; without `repeats` they are different.
template <typename Shape>
[[nodiscard]] auto items_as(Shape shape, std::size_t most, bool repeats = false) {
  using item_type = typename std::invoke_result_t<const Shape&, const slot&, reader&>::value_type;
  return [=](const slot& from, reader& in) -> std::optional<std::vector<item_type>> {
    if (!in.is(node_kind::list, from)) return std::nullopt;
    if (from.value->items.size() > most) {
      in.refuse(from, "more than " + std::to_string(most) + " items");
      return std::nullopt;
    }
    std::vector<item_type> values;
    bool all = true;
    for (const slot& item : items_of(from)) {
      auto value = shape(item, in);
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

template <typename Rule>
[[nodiscard]] auto list_of(Rule rule, std::size_t most, bool repeats = false) {
  return items_as(scalar(rule), most, repeats);
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

// A map of at most `most` named values of one shape, in the file's order.
template <typename Shape, typename NameRule = decltype(&field_name)>
[[nodiscard]] auto fields_as(Shape shape, std::size_t most, NameRule name_rule = &field_name) {
  using item_type = typename std::invoke_result_t<const Shape&, const slot&, reader&>::value_type;
  return [=](const slot& from, reader& in) -> std::optional<std::vector<std::pair<std::string, item_type>>> {
    if (!in.is(node_kind::map, from)) return std::nullopt;
    if (from.value->entries.size() > most) {
      in.refuse(from, "more than " + std::to_string(most) + " fields");
      return std::nullopt;
    }
    std::vector<std::pair<std::string, item_type>> values;
    for (const entry& each : from.value->entries) {
      const bool named = in.accepts_key(from, each, name_rule);
      if (auto value = shape(child(from, each), in); value && named) values.emplace_back(each.key, *std::move(value));
    }
    return values.size() == from.value->entries.size() ? std::optional(std::move(values)) : std::nullopt;
  };
}

// Named texts.
template <typename Rule, typename NameRule = decltype(&field_name)>
[[nodiscard]] auto fields_of(Rule rule, std::size_t most, NameRule name_rule = &field_name) {
  return fields_as(scalar(rule), most, name_rule);
}

// What is sent: a text with placeholders, a number, true, false or null, a list, or a map, of at most `most` items
// each.
struct payload_of {
  text_template texts;
  std::size_t most;
  [[nodiscard]] std::optional<upstream::payload_template> operator()(const slot& from, reader& in) const;

 private:
  [[nodiscard]] std::optional<upstream::payload_template> value(const slot& from, reader& in) const;
  [[nodiscard]] std::optional<upstream::payload_template> items(const slot& from, reader& in) const;
};

}  // namespace roombridge::config
