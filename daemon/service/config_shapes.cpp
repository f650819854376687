// SPDX-License-Identifier: MIT
#include "daemon/service/config_shapes.hpp"

namespace roombridge::service::reading {

std::vector<slot> items_of(const slot& list) {
  std::vector<slot> items;
  for (const node* item : list.value->items) {
    // yaml-cpp places an empty item at what follows it.
    const position where = item->kind == node_kind::nothing ? list.where : item->where;
    items.push_back({list.path + '[' + std::to_string(items.size()) + ']', where, item});
  }
  return items;
}

}  // namespace roombridge::service::reading
