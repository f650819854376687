// SPDX-License-Identifier: MIT
// roombridged [--config F] [--check] [--version]
// Exit status: 0 stopped as asked, or the config is good; 1 a failure that may pass; 2 wrong usage; 78 (EX_CONFIG) the
// config is not good, or not for this machine: starting again is of no use.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "daemon/config/load.hpp"
#include "daemon/local/listener.hpp"
#include "daemon/service/application.hpp"
#include "daemon/service/hash_secret.hpp"
#include "daemon/service/host_objections.hpp"
#include "daemon/service/inherited.hpp"
#include "daemon/service/report.hpp"
#include "daemon/service/secret_files.hpp"
#include "daemon/service/system_logger.hpp"

namespace {

using namespace roombridge;
using namespace roombridge::service;

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
constexpr int exit_config = 78;

void print(const std::vector<config::error>& errors, const char* kind = "") {
  for (const config::error& error : errors) std::fprintf(stderr, "%s%s\n", error.to_string().c_str(), kind);
}

// Says what the start would say.
int check(const config::reading& loaded, const std::string& path) {
  const config::settings& value = *loaded.value;
  host_objections against = object_to(value, loaded.places, true);
  for (const auto& each : objections_to_secrets(loaded)) against.warnings.push_back(each);
  print(against.errors);
  print(against.warnings, " (a warning)");
  if (!against.errors.empty()) return exit_config;
  std::printf("%s: good: upstream %s, %zu declared rooms, %zu event rules, local socket %s\n", path.c_str(),
              value.upstream.url.c_str(), value.upstream.rooms.declared.size(), value.events.rules.size(),
              value.local.socket.c_str());
  return 0;
}

int refuse(const std::vector<config::error>& errors, system_logger& diagnostics) {
  for (const config::error& error : errors) diagnostics.error(error.to_string(), {{"CAUSE", "config_invalid"}});
  return exit_config;
}

int serve(config::reading loaded, const std::string& path, system_logger& diagnostics) {
  config::settings& value = *loaded.value;
  const config::key_places& places = loaded.places;
  diagnostics.set_level(value.level);
  diagnostics.info(server_name() + " starts with " + path);
  const host_objections against = object_to(value, places, false);
  for (const config::error& each : against.warnings) diagnostics.warning(each.to_string());
  if (!against.errors.empty()) return refuse(against.errors, diagnostics);
  try {
    secret_files guarded = find_secret_files(loaded);
    application service(std::move(value), std::move(guarded), path, diagnostics);
    service.run();
  } catch (const local::socket_error& error) {
    const config::error told = places.error_of(error.key(), error.what());
    if (error.lasts()) return refuse({told}, diagnostics);
    diagnostics.error(told.to_string(), {{"CAUSE", "fatal"}});
    return exit_failure;
  }
  diagnostics.info("stopped");
  return 0;
}

int run(const std::string& path, bool check_only, system_logger& diagnostics) {
  config::reading loaded = config::load(path);
  if (!loaded.value && !check_only) return refuse(loaded.errors, diagnostics);
  if (!check_only) return serve(std::move(loaded), path, diagnostics);
  if (loaded.value) return check(loaded, path);
  print(loaded.errors);
  return exit_config;
}

// The last records are still on their way. A pipe that nobody reads must not keep the process: then it goes without
// the end that would wait for the thread that writes.
int leave(int status, system_logger& diagnostics) {
  constexpr std::chrono::milliseconds most{1000};
  if (!diagnostics.drain(most)) std::_Exit(status);
  return status;
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
    process_hash_key = draw_hash_key();
    return leave(run(path, check_only, diagnostics), diagnostics);
  } catch (const std::exception& error) {
    diagnostics.error(error.what(), {{"CAUSE", "fatal"}});
    return leave(exit_failure, diagnostics);
  }
}
