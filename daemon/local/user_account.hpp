// SPDX-License-Identifier: MIT
// What the connections of one user make the daemon keep outside the log. Pure.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace roombridge::local {

// `bytes` is the sum of its charges.
struct user_account {
  std::size_t bytes = 0;
};

// One connection's share of its user's account; returned when destroyed.
class charge {
 public:
  explicit charge(std::shared_ptr<user_account> account) : account_(std::move(account)) {}
  ~charge() { set(0); }
  charge(const charge&) = delete;
  charge& operator=(const charge&) = delete;

  void set(std::size_t amount) {
    account_->bytes = account_->bytes - amount_ + amount;
    amount_ = amount;
  }
  [[nodiscard]] std::size_t amount() const { return amount_; }
  [[nodiscard]] const user_account& account() const { return *account_; }

 private:
  std::shared_ptr<user_account> account_;
  std::size_t amount_ = 0;
};

// The accounts of the users that have connections.
class user_accounts {
 public:
  [[nodiscard]] std::shared_ptr<user_account> of(uid_t user) {
    std::erase_if(accounts_, [](const auto& each) { return each.second.expired(); });
    auto& known = accounts_[user];
    auto account = known.lock();
    if (!account) known = account = std::make_shared<user_account>();
    return account;
  }

  // Those that hold more than `limit`.
  [[nodiscard]] std::vector<std::shared_ptr<const user_account>> above(std::size_t limit) const {
    std::vector<std::shared_ptr<const user_account>> out;
    for (const auto& [user, known] : accounts_) {
      if (auto account = known.lock(); account && account->bytes > limit) out.push_back(std::move(account));
    }
    return out;
  }

 private:
  std::map<uid_t, std::weak_ptr<user_account>> accounts_;
};

}  // namespace roombridge::local
