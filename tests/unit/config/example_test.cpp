// SPDX-License-Identifier: MIT
// config.example.yaml, which the package installs: it shows every key with its default, and the booking backend's
// profile.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "daemon/config/changes.hpp"
#include "daemon/config/document.hpp"
#include "daemon/config/schema.hpp"
#include "tests/unit/config/support.hpp"

namespace roombridge::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string example() {
  std::ostringstream text;
  text << std::ifstream(ROOMBRIDGE_SOURCE_DIR "/config.example.yaml").rdbuf();
  return text.str();
}

// Whether the document has `path`; NAME stands for any key, ITEM for any item of a list.
bool has(const node& value, std::string_view path) {
  if (path.empty()) return true;
  const std::string_view step = path.substr(0, path.find('.'));
  const std::string_view rest = path.size() == step.size() ? "" : path.substr(step.size() + 1);
  if (step == "ITEM") {
    return std::any_of(value.items.begin(), value.items.end(), [&](const auto& each) { return has(*each, rest); });
  }
  return std::any_of(value.entries.begin(), value.entries.end(),
                     [&](const auto& each) { return (step == "NAME" || each.key == step) && has(*each.value, rest); });
}

std::vector<std::string> missing_keys(const std::string& text) {
  error_list errors("example");
  const auto document = read_document(text, errors);
  std::vector<std::string> missing;
  for (const std::string& path : schema_paths()) {
    if (!has(document.value().root(), path)) missing.push_back(path);
  }
  return missing;
}

TEST(config_example, has_every_key) {
  EXPECT_THAT(example(), testing::Not(IsEmpty()));
  // The token has one source at a time, nothing is held by default, and a rule names its users in one way: the others
  // stand in comments.
  EXPECT_THAT(missing_keys(example()),
              ElementsAre("upstream.token.env", "upstream.token.credential", "upstream.token.command",
                          "upstream.token.timeout", "emits.hold.NAME.count", "emits.hold.NAME.bytes",
                          "emits.hold.NAME.age", "local.access.ITEM.users", "local.access.ITEM.everyone"));
  EXPECT_THAT(example(), HasSubstr("# {reservation_update: {count: 100, bytes: 1MiB, age: 1min}}\n"));
  EXPECT_THAT(example(), HasSubstr("\n  # token: {env: "));
  EXPECT_THAT(example(), HasSubstr("\n  # token: {credential: "));
  EXPECT_THAT(example(), HasSubstr("\n  # token: {command: ["));
  EXPECT_THAT(example(), HasSubstr("], timeout: 10s}"));
}

TEST(config_example, shows_the_defaults_but_for_the_profile) {
  const reading result = parse(example());
  ASSERT_TRUE(result.value) << result.errors.front().to_string();
  const settings defaults;
  EXPECT_THAT(changed_keys(defaults, *result.value), ElementsAre("events.rules", "local.access"));
}

TEST(config_example, lets_the_group_see_everything_and_emit_nothing) {
  EXPECT_THAT(parse(example()).value.value().local.access,
              ElementsAre(local::access_rule{{}, {"roombridge-clients"}, false, {"*"}, {"*"}, {}, {}}));
}

TEST(config_example, takes_the_url_from_the_environment) {
  const reading result = parse(example(), {{"ROOMBRIDGE_URL", "https://api.example.com"}});
  ASSERT_TRUE(result.value) << result.errors.front().to_string();
  EXPECT_EQ(result.value->upstream.url, "https://api.example.com");
}

TEST(config_example, holds_the_booking_profile) {
  using rule = events::event_rule;
  EXPECT_THAT(parse(example()).value.value().events.rules,
              ElementsAre(rule{"reservation_update",
                               {"reservation-{reservationId}", "shop-{shopId}", "user-{userId}"},
                               {"reservationId", "status", "shopId", "userId", "updateType", "timestamp"},
                               {"reservationId", "updateType", "timestamp"},
                               {"reservationId"},
                               {"reservationId", "status", "shopId", "userId", "updateType"}},
                          rule{"payment_update",
                               {"reservation-{reservationId}"},
                               {"paymentId", "reservationId", "status", "amount", "timestamp"},
                               {},
                               {},
                               {"paymentId", "reservationId", "status"}},
                          rule{"notification", {}, {"id", "type", "title", "body", "timestamp"}, {}, {}, {"type"}},
                          rule{"admin_notification", {}, {}}, rule{"settings_update", {}, {}},
                          rule{"user_activity", {}, {}}, rule{"activity_update", {}, {}}));
}

}  // namespace
}  // namespace roombridge::config
