// SPDX-License-Identifier: MIT
// Overwrites what is secret before its memory is given back, so that no later reader of this process's memory finds it.
#pragma once

#include <string.h>

#include <array>
#include <string>

namespace roombridge {

// All that the text's own memory holds, also behind its end; then it is empty. What was copied elsewhere stays there.
inline void wipe(std::string& text) {
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

// What earlier calls have left on the stack below the caller: vectors of a text's bytes that had no register left.
[[gnu::noinline]] inline void wipe_stack() {
  std::array<char, 64 * 1024> below;  // not initialised: what is there is what is meant
  ::explicit_bzero(below.data(), below.size());
}

}  // namespace roombridge
