// SPDX-License-Identifier: MIT
// The options that one layer is given because of another one's: only the composition root knows both. Pure.
#pragma once

#include "daemon/config/settings.hpp"

namespace roombridge::service {

// `events`, with the names that the upstream session keeps to itself as `reserved`.
[[nodiscard]] events::profile event_profile(const config::settings& from);

// `local`, with the fields that some rule of `events` declares as `filter_fields`: each once, in the rules' order.
[[nodiscard]] local::options local_options(const config::settings& from);

}  // namespace roombridge::service
