// SPDX-License-Identifier: MIT
// What a process inherits from whoever started it, and nobody should have to think of: signals that are ignored or
// blocked, standard descriptors that are closed, a mask of file modes.
#pragma once

namespace roombridge::service {

// Makes it what the daemon relies on. To be called first, before a descriptor is opened or a thread is started.
// Afterwards SIGHUP is ignored (there is nothing to reload yet), and so are SIGPIPE and SIGXFSZ: a closed stderr and a
// limit of file sizes are errors of the write.
void settle_what_is_inherited();

}  // namespace roombridge::service
