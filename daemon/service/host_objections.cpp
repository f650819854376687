// SPDX-License-Identifier: MIT
#include "daemon/service/host_objections.hpp"

#include "daemon/local/host_check.hpp"
#include "daemon/upstream/exposure.hpp"

namespace roombridge::service {

host_objections object_to(const config& value, const config_places& places, bool place) {
  std::vector<local::objection> found = local::objections_to_accounts(value.local);
  if (place) {
    for (local::objection& each : local::objections_to_place(value.local)) found.push_back(std::move(each));
  }
  host_objections out;
  for (const local::objection& each : found)
    (each.fatal ? out.errors : out.warnings).push_back(places.error(each.key, each.text));
  // One that the config does not allow has been refused with it.
  if (const auto exposed = upstream::find_exposure(value.upstream))
    out.warnings.push_back(places.error(exposed->key, exposed->allowed()));
  return out;
}

}  // namespace roombridge::service
