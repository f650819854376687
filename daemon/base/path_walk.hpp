// SPDX-License-Identifier: MIT
// The directory entries that decide what a path means: each component on the way, through symbolic links, up to the
// first that is missing. A change of any of them can change the file behind the path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace roombridge {

struct path_step {
  std::string directory;
  std::string name;
  bool operator==(const path_step&) const = default;
};

// `path`: absolute, or relative to the working directory. At most 40 links are followed, as the kernel does.
[[nodiscard]] std::vector<path_step> walk_path(std::string_view path);

}  // namespace roombridge
