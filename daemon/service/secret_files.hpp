// SPDX-License-Identifier: MIT
// Which files of a config hold secrets, and who must not read them.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/secret_trust.hpp"
#include "daemon/config/parse.hpp"

namespace roombridge::service {

struct secret_file {
  std::string key;  // of the config, or what else it is
  std::string path;
};

struct secret_files {
  std::vector<secret_file> files;
  secret_readers readers;
};

// Of a config that is good. Asks the name services, and waits for them.
[[nodiscard]] secret_files find_secret_files(const config::reading& from);

// What is wrong with those of a config that somebody checks, each at its place. Where root asks, the service is taken
// for the packaged one, if this machine has its user.
[[nodiscard]] std::vector<config::error> objections_to_secrets(const config::reading& from);

// What is wrong with one: "upstream.token: /etc/roombridge/token can be read by …"; empty: nothing, or it is not there.
[[nodiscard]] std::string distrust_of(const secret_file& what, const secret_readers& readers);

}  // namespace roombridge::service
