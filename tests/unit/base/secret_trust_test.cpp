// SPDX-License-Identifier: MIT
#include "daemon/base/secret_trust.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace roombridge {
namespace {

constexpr uid_t service = 900;
constexpr uid_t provider = 800;  // owns the file, in some cases
constexpr gid_t service_group = 901;
constexpr gid_t clients = 950;
constexpr gid_t certificates = 970;  // a group that may not connect

const secret_readers readers{{service, service_group}, "roombridge", {{clients, "roombridge-clients"}}};

path_stop stop(std::string directory, file_facts of_directory, file_facts entry = {}) {
  of_directory.mode |= S_IFDIR;
  return {std::move(directory), of_directory, entry};
}

std::string judge(file_facts file, std::vector<path_stop> way = {}) {
  way.insert(way.begin(), stop("/", {0, 0, 0755}));
  return distrust_of_secret("/etc/rb/token", file, way, readers);
}

TEST(secret_trust, what_the_package_makes_is_safe) {
  EXPECT_EQ(judge({0, service_group, 0640}), "");
  EXPECT_EQ(judge({service, service_group, 0600}), "");
  EXPECT_EQ(judge({0, certificates, 0640}), "") << "a group that may not connect";
}

TEST(secret_trust, names_who_reads_and_the_command_that_mends_it) {
  EXPECT_EQ(judge({0, 0, 0644}),
            "/etc/rb/token can be read by everyone (mode 0644); mend it by: chgrp roombridge /etc/rb/token; "
            "chmod 640 /etc/rb/token");
  EXPECT_EQ(judge({service, clients, 0640}),
            "/etc/rb/token can be read by the group roombridge-clients, which may connect (mode 0640); mend it by: "
            "chmod 600 /etc/rb/token");
  EXPECT_NE(judge({0, service_group, 0642}).find("can be changed by others"), std::string::npos);
  EXPECT_NE(judge({0, certificates, 0620}).find("can be changed by others"), std::string::npos);
}

// As in a config from before the socket had a group of its own.
TEST(secret_trust, the_services_own_group_is_a_strangers_where_the_config_lets_it_connect) {
  secret_readers with = readers;
  with.others.emplace_back(service_group, "roombridge");
  const std::vector<path_stop> way{stop("/", {0, 0, 0755})};
  EXPECT_EQ(
      distrust_of_secret("/etc/rb/token", {0, service_group, 0640}, way, with),
      "/etc/rb/token can be read by the group roombridge, which may connect (mode 0640); mend it by: name another "
      "group than roombridge, which is the service's own, in local.access, local.admins and local.group (in the "
      "package roombridge-clients)");
  EXPECT_EQ(distrust_of_secret("/etc/rb/token", {service, service_group, 0600}, way, with), "");
}

TEST(secret_trust, a_closed_directory_hides_what_is_in_it) {
  EXPECT_EQ(judge({service, service_group, 0666}, {stop("/etc/rb", {service, service_group, 0700})}), "");
  EXPECT_NE(judge({service, service_group, 0644}, {stop("/etc/rb", {service, clients, 0710})}), "");
}

TEST(secret_trust, a_directory_in_which_others_can_replace_it_is_named) {
  const file_facts file{0, service_group, 0640};
  EXPECT_EQ(judge(file, {stop("/etc/rb", {0, 0, 0777})}),
            "/etc/rb/token can be replaced: the directory /etc/rb has mode 0777 and gid 0: others can replace what is "
            "in it; take that from them: chmod go-w /etc/rb");
  EXPECT_EQ(judge(file, {stop("/tmp", {0, 0, 01777}, {service, service_group, 0700})}), "") << "ours in /tmp";
  EXPECT_NE(judge(file, {stop("/tmp", {0, 0, 01777}, {1000, 1000, 0700})}), "");
  EXPECT_NE(judge(file, {stop("/home/x", {1000, 1000, 0755})}), "");
  EXPECT_EQ(judge({provider, service_group, 0640}, {stop("/run/p", {provider, provider, 0755})}), "");
}

// What the kernel does (path_resolution(7)), for one who owns nothing that is the service's.
struct person {
  uid_t user;
  gid_t group;
};

bool allowed(const file_facts& what, const person& who, mode_t bit) {
  if (what.owner == who.user) return (what.mode & (bit << 6)) != 0;
  return (what.mode & (what.group == who.group ? bit << 3 : bit)) != 0;
}

bool reaches(const std::vector<path_stop>& way, std::size_t count, const person& who) {
  return std::all_of(way.begin(), way.begin() + static_cast<std::ptrdiff_t>(count),
                     [&who](const path_stop& each) { return allowed(each.of_directory, who, 1); });
}

bool replaces(const std::vector<path_stop>& way, const person& who) {
  for (std::size_t i = 0; i < way.size(); ++i) {
    const auto& [name, directory, entry] = way[i];
    if (directory.owner == who.user) return true;
    if (!reaches(way, i + 1, who) || !allowed(directory, who, 2)) continue;
    if ((directory.mode & S_ISVTX) == 0 || !entry || entry->owner == who.user) return true;
  }
  return false;
}

bool harmed(const file_facts& file, const std::vector<path_stop>& way) {
  const std::vector<person> readers_of_it{{1000, 1000}, {1000, clients}};
  for (const person& who : readers_of_it) {
    if (reaches(way, way.size(), who) && allowed(file, who, 4)) return true;
  }
  std::vector<person> all{{1000, 1000}, {1000, clients}, {1000, certificates}};
  if (file.owner != provider) all.push_back({provider, 1000});
  return std::any_of(all.begin(), all.end(), [&](const person& who) {
    return (reaches(way, way.size(), who) && allowed(file, who, 2)) || replaces(way, who);
  });
}

TEST(secret_trust, is_what_somebody_could_do_by_the_kernels_rules) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  const auto one_of = [&random](const auto& list) {
    return list[std::uniform_int_distribution<std::size_t>{0, list.size() - 1}(random)];
  };
  const std::vector<gid_t> groups{0, service_group, clients, certificates};
  const std::vector<mode_t> directories{0700, 0710, 0711, 0750, 0755, 0770, 0775, 0777, 01770, 01777, 0757, 0730, 0703};
  const std::vector<mode_t> files{0600, 0640, 0644, 0660, 0664, 0666, 0604, 0620, 0602, 0400};
  const std::vector<uid_t> owners{0, 0, service, service, provider, 1000};
  const std::vector<uid_t> file_owners{0, service, provider};
  int faults = 0;
  for (int round = 0; round < 40'000; ++round) {
    const file_facts file{one_of(file_owners), one_of(groups), S_IFREG | one_of(files)};
    std::vector<path_stop> way;
    for (int i = 0; i < 3; ++i) {
      way.push_back(stop("/d" + std::to_string(i), {one_of(owners), one_of(groups), one_of(directories)}));
      if (i > 0) way[static_cast<std::size_t>(i) - 1].entry = way.back().of_directory;
    }
    way.back().entry = file;
    const std::string told = distrust_of_secret("/f", file, way, readers);
    ASSERT_EQ(!told.empty(), harmed(file, way)) << told << std::oct << "\nfile " << file.mode << ' ' << file.owner;
    faults += told.empty() ? 0 : 1;
  }
  EXPECT_GT(faults, 4'000);
  EXPECT_LT(faults, 39'900);
}

}  // namespace
}  // namespace roombridge
