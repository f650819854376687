// SPDX-License-Identifier: MIT
// A storage of named subscribers that remembers, and is told by a test when its disk has turned.
#pragma once

#include <map>

#include "daemon/local/named_subscribers.hpp"

namespace roombridge::local {

class recording_storage final : public subscriber_storage {
 public:
  ticket keep(std::size_t slot, const named_subscriber* what) override {
    if (what != nullptr) {
      slots[slot] = *what;
    } else {
      slots.erase(slot);
    }
    return ++newest;
  }

  std::map<std::size_t, named_subscriber> slots;
  ticket newest = 0;
};

}  // namespace roombridge::local
