// SPDX-License-Identifier: MIT
// Who may do what (PROTOCOL.md section 8): the config's rules, and what they make of one peer. Pure once the names of
// accounts are looked up.
//
// Invariants: rights are added up and never taken from each other, so that the order of the rules says nothing. Root
// and the daemon's own user may do everything.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <roombridge/proto/daemon_messages.hpp>

#include "daemon/local/credentials.hpp"
#include "daemon/local/options.hpp"
#include "daemon/log/subscription.hpp"
#include "daemon/log/visibility.hpp"

namespace roombridge::local {

// What a peer may do. Never changed once made; peers of whom the same rules speak share one.
class rights {
 public:
  rights(bool control, std::vector<log::visibility::grant> see, std::vector<std::string> hold,
         std::vector<std::string> emit);

  // Everything there is.
  [[nodiscard]] static rights all();

  // Control calls (PROTOCOL.md section 4).
  [[nodiscard]] bool control() const { return control_; }

  // What it may see; null: everything.
  [[nodiscard]] const std::shared_ptr<const log::visibility>& visible() const { return visible_; }

  [[nodiscard]] bool sees_nothing() const { return see_.empty(); }

  // Why it may not have this subscription, in words; nothing: it may.
  [[nodiscard]] std::optional<std::string> objection_to(const log::subscription& wanted) const;

  [[nodiscard]] bool may_hold(std::string_view room) const;
  [[nodiscard]] bool may_emit(std::string_view event) const;
  // Whether it may know of a room: one that it may hold, or whose name is a topic that it may see; who
  // may control knows of all.
  [[nodiscard]] bool may_know(std::string_view room) const;

  [[nodiscard]] proto::permissions told() const;

 private:
  bool control_;
  std::vector<log::visibility::grant> see_;
  std::shared_ptr<const log::visibility> visible_;
  std::vector<std::string> hold_;
  std::vector<std::string> emit_;
};

using shared_rights = std::shared_ptr<const rights>;

class access_rules {
 public:
  // `own`: the daemon's user. A name that does not exist matches nobody.
  access_rules(const options& config, uid_t own);

  [[nodiscard]] shared_rights of(const credentials& who);

 private:
  struct rule {
    account_list accounts;
    access_rule what;
  };

  [[nodiscard]] rights add_up(const std::vector<bool>& concerned) const;

  uid_t own_;
  account_list admins_;
  std::vector<rule> rules_;
  // By which rules concern a peer, and whether it is an administrator.
  std::map<std::vector<bool>, std::weak_ptr<const rights>> known_;
};

}  // namespace roombridge::local
