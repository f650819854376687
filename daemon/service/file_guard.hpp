// SPDX-License-Identifier: MIT
// Watches over the files that hold secrets: looks at them at the start, at a reload, at each reading and whenever
// somebody asks for the status; logs what is wrong once, and when it is mended.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/base/logger.hpp"
#include "daemon/service/secret_files.hpp"

namespace roombridge::service {

class file_guard {
 public:
  // `log` outlives the object.
  explicit file_guard(logger& log) : log_(log) {}

  // From now on it is these files. Looks at them.
  void watch_over(secret_files what);

  // One of them was opened: what its descriptor tells.
  void opened(const std::string& path, const file_facts& facts);

  // Looks at all of them: what is wrong, in words and with the command that mends it.
  [[nodiscard]] std::vector<std::string> look();

 private:
  void judge(const secret_file& file, const std::string& fault);

  logger& log_;
  secret_files files_;
  std::map<std::string, std::string> faults_;  // by key: what was logged, and is not mended
};

}  // namespace roombridge::service
