// SPDX-License-Identifier: MIT
#include "daemon/service/file_guard.hpp"

#include <algorithm>
#include <utility>

#include "daemon/base/file_look.hpp"

namespace roombridge::service {

void file_guard::watch_over(secret_files what) {
  files_ = std::move(what);
  std::erase_if(faults_, [this](const auto& each) {
    return std::none_of(files_.files.begin(), files_.files.end(),
                        [&each](const secret_file& file) { return file.key == each.first; });
  });
  (void)look();
}

void file_guard::opened(const std::string& path, const file_facts& facts) {
  for (const secret_file& file : files_.files) {
    if (file.path != path) continue;
    const std::string fault = distrust_of_secret(path, facts, look_along(path), files_.readers);
    judge(file, fault.empty() ? fault : file.key + ": " + fault);
  }
}

std::vector<std::string> file_guard::look() {
  std::vector<std::string> out;
  for (const secret_file& file : files_.files) {
    std::string fault = distrust_of(file, files_.readers);
    judge(file, fault);
    if (!fault.empty()) out.push_back(std::move(fault));
  }
  return out;
}

void file_guard::judge(const secret_file& file, const std::string& fault) {
  std::string& told = faults_[file.key];
  if (told == fault) return;
  if (fault.empty()) {
    log_.info(file.key + ": " + file.path + " is safe again, or gone");
  } else {
    log_.warning(fault, {{"CAUSE", "secret_exposed"}});
  }
  told = fault;
}

}  // namespace roombridge::service
