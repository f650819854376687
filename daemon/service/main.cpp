// SPDX-License-Identifier: MIT
// roombridged [--config F] [--check] [--version]
// Exit status: 0 stopped as asked, or the config is good; 1 a failure while running; 2 wrong usage; 78 (EX_CONFIG) the
// config is not good.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "daemon/service/application.hpp"
#include "daemon/service/config.hpp"
#include "daemon/service/inherited.hpp"
#include "daemon/service/report.hpp"
#include "daemon/service/system_logger.hpp"

namespace {

using namespace roombridge;
using namespace roombridge::service;

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
constexpr int exit_config = 78;

int check(const config& value, const std::string& path) {
  std::printf("%s: good: upstream %s, %zu declared rooms, %zu event rules, local socket %s\n", path.c_str(),
              value.upstream.url.c_str(), value.upstream.rooms.declared.size(), value.events.rules.size(),
              value.local.socket.c_str());
  return 0;
}

int serve(config value, const std::string& path, system_logger& diagnostics) {
  diagnostics.set_level(value.level);
  diagnostics.info(server_name() + " starts with " + path);
  application service(std::move(value), path, diagnostics);
  service.run();
  diagnostics.info("stopped");
  return 0;
}

int run(const std::string& path, bool check_only, system_logger& diagnostics) {
  config_result loaded = load_config(path);
  if (!loaded.value) {
    for (const config_error& error : loaded.errors) {
      if (check_only) {
        std::fprintf(stderr, "%s\n", error.to_string().c_str());
      } else {
        diagnostics.error(error.to_string(), {{"CAUSE", "config_invalid"}});
      }
    }
    return exit_config;
  }
  return check_only ? check(*loaded.value, path) : serve(*std::move(loaded.value), path, diagnostics);
}

}  // namespace

int main(int argc, char** argv) {
  settle_what_is_inherited();
  CLI::App app{"Keeps one authenticated Socket.IO connection and re-broadcasts its events to local programs.",
               "roombridged"};
  std::string path = "/etc/roombridge/config.yaml";
  bool check_only = false;
  app.add_option("-c,--config", path, "the configuration file")->capture_default_str();
  app.add_flag("--check", check_only,
               "check the configuration, print every mistake with file, line and column, and exit");
  app.set_version_flag("--version", server_name());
  app.footer(
      "SIGHUP reloads the configuration; SIGTERM stops. The local protocol is described in PROTOCOL.md,\n"
      "the configuration's keys in config.example.yaml. See also roombridgectl(1).");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  system_logger diagnostics;
  try {
    return run(path, check_only, diagnostics);
  } catch (const std::exception& error) {
    diagnostics.error(error.what(), {{"CAUSE", "fatal"}});
    return exit_failure;
  }
}
