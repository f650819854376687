// SPDX-License-Identifier: MIT
// What a changed config means for who may do what, where somebody should look twice. Pure.
#pragma once

#include <vector>

#include "daemon/local/host_check.hpp"
#include "daemon/local/options.hpp"

namespace roombridge::local {

// A warning for each rule of `after` for everyone that `before` did not have: what whoever may open the socket can do
// from now on. The keys are those of `after`.
[[nodiscard]] std::vector<objection> opened_to_everyone(const options& before, const options& after);

}  // namespace roombridge::local
