// SPDX-License-Identifier: MIT
// Whether somebody between us and the server could read what passes, or pretend to be the server: without TLS, or with
// TLS that asks nobody for a proof, on a way that leaves this machine. Pure.
#pragma once

#include <optional>
#include <string>

#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

struct exposure {
  std::string key;   // of the config, that makes it so: "upstream.url"
  std::string text;  // what can be read by whom; of a URL scheme and host only
  std::string mend;  // what to write instead

  // `text` where the config allows it all the same.
  [[nodiscard]] std::string allowed() const { return text + " (upstream.insecure allows it; better: " + mend + ')'; }
};

// Nothing: the way is safe, or nothing can be said of it (a URL that is none). A proxy that the environment names is
// not on the way to this machine itself (route.hpp), and to others it makes nothing worse.
[[nodiscard]] std::optional<exposure> find_exposure(const options& settings);

}  // namespace roombridge::upstream
