// SPDX-License-Identifier: MIT
// What the connections of one user make the daemon keep outside the log, and how often they may ask. Pure.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/local/rate_limit.hpp"
#include "daemon/local/turns.hpp"

namespace roombridge::local {

// How far beyond its limit a user may get at most: by what a single step adds, and by the last words to connections
// that are ended for it.
[[nodiscard]] constexpr std::size_t most_held(std::size_t user_limit) {
  return user_limit + user_limit / 2;
}

// Each amount is the sum of its charges.
struct user_account {
  std::size_t bytes = 0;
  std::size_t sockets = 0;  // bytes that the kernel may keep, beside those
  std::size_t connections = 0;
  std::size_t subscriptions = 0;
  std::size_t subscribers = 0;  // connections that have such
  std::size_t rooms = 0;        // one that two connections hold counts twice
  rate_limit emits{};
  turn_user turn{};
};

// One connection's share of an amount of its user's account; returned when destroyed.
class charge {
 public:
  explicit charge(std::shared_ptr<user_account> account, std::size_t user_account::*what = &user_account::bytes)
      : account_(std::move(account)), what_(what) {}
  ~charge() { set(0); }
  charge(const charge&) = delete;
  charge& operator=(const charge&) = delete;

  void set(std::size_t amount) {
    total() = total() - amount_ + amount;
    amount_ = amount;
  }
  [[nodiscard]] std::size_t amount() const { return amount_; }
  [[nodiscard]] const user_account& account() const { return *account_; }
  [[nodiscard]] user_account& account() { return *account_; }

 private:
  [[nodiscard]] std::size_t& total() { return (*account_).*what_; }

  std::shared_ptr<user_account> account_;
  std::size_t user_account::*what_;
  std::size_t amount_ = 0;
};

// The accounts of the users that have connections, or had them so lately that it still limits what they may do.
class user_accounts {
 public:
  [[nodiscard]] std::shared_ptr<user_account> of(uid_t user, rate_limit::time_point now) {
    std::erase_if(accounts_,
                  [now](const auto& each) { return each.second.use_count() == 1 && each.second->emits.is_full(now); });
    auto& account = accounts_[user];
    if (!account) account = std::make_shared<user_account>();
    return account;
  }

  // Whose connections hold more than `limit` bytes.
  [[nodiscard]] std::vector<uid_t> above(std::size_t limit) const {
    std::vector<uid_t> out;
    for (const auto& [user, account] : accounts_) {
      if (account->bytes > limit) out.push_back(user);
    }
    return out;
  }

  // Who has most connections, and how many; there are accounts.
  [[nodiscard]] std::pair<uid_t, std::size_t> busiest() const {
    const auto most = std::max_element(accounts_.begin(), accounts_.end(), [](const auto& one, const auto& other) {
      return one.second->connections < other.second->connections;
    });
    return {most->first, most->second->connections};
  }

  // Of one user; nothing: of all of them.
  [[nodiscard]] std::size_t amount(std::size_t user_account::*what, std::optional<uid_t> whose) const {
    std::size_t out = 0;
    for (const auto& [user, account] : accounts_) {
      if (!whose || user == *whose) out += (*account).*what;
    }
    return out;
  }

  [[nodiscard]] std::size_t size() const { return accounts_.size(); }

 private:
  std::map<uid_t, std::shared_ptr<user_account>> accounts_;
};

}  // namespace roombridge::local
