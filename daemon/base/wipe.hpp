// SPDX-License-Identifier: MIT
// Overwrites what is secret before its memory is given back, so that no later reader of this process's memory finds it.
#pragma once

#include <string.h>

#include <string>

namespace roombridge {

// All that the text's own memory holds, also behind its end; then it is empty. What was copied elsewhere stays there.
inline void wipe(std::string& text) {
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace roombridge
