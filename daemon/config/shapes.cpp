// SPDX-License-Identifier: MIT
#include "daemon/config/shapes.hpp"

namespace roombridge::config {

std::vector<slot> items_of(const slot& list) {
  std::vector<slot> items;
  for (const node* item : list.value->items) {
    // yaml-cpp places an empty item at what follows it.
    const position where = item->kind == node_kind::nothing ? list.where : item->where;
    items.push_back({list.path + '[' + std::to_string(items.size()) + ']', where, item});
  }
  return items;
}

std::optional<upstream::payload_template> payload_of::operator()(const slot& from, reader& in) const {
  if (from.value->kind != node_kind::nothing) return value(from, in);
  in.refuse(from, "found nothing; no argument at all is written [], and one that is null [null]");
  return std::nullopt;
}

std::optional<upstream::payload_template> payload_of::value(const slot& from, reader& in) const {
  using upstream::payload_template;
  switch (from.value->kind) {
    case node_kind::nothing:
      if (!from.value->text.empty()) return payload_template(payload_template::literal{"null"});
      // YAML reads {room} as a map with a key that has no value.
      in.refuse(from, "has no value; null is written null, and a placeholder such as \"{room}\" stands in quotes");
      return std::nullopt;
    case node_kind::scalar:
      return in.value(from, [&](std::string_view text) -> parsed<payload_template> {
        auto literal = from.value->plain ? plain_literal(text) : parsed<std::optional<std::string>>{};
        if (const auto* wrong = std::get_if<problem>(&literal)) return *wrong;
        if (auto& json = std::get<0>(literal)) return payload_template(payload_template::literal{*std::move(json)});
        auto made = texts(text);
        if (const auto* wrong = std::get_if<problem>(&made)) return *wrong;
        return payload_template(std::get<std::string>(std::move(made)));
      });
    default:
      return items(from, in);
  }
}

std::optional<upstream::payload_template> payload_of::items(const slot& from, reader& in) const {
  using upstream::payload_template;
  const auto inner = [this](const slot& item, reader& reading) { return value(item, reading); };
  if (from.value->kind == node_kind::list) {
    auto list = items_as(inner, most, true)(from, in);
    return list ? std::optional(payload_template(*std::move(list))) : std::nullopt;
  }
  auto map = fields_as(inner, most)(from, in);
  return map ? std::optional(payload_template(*std::move(map))) : std::nullopt;
}

}  // namespace roombridge::config
