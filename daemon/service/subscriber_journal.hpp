// SPDX-License-Identifier: MIT
// Named subscribers outlast the daemon in the journal's directory.
#pragma once

#include "daemon/journal/journal.hpp"
#include "daemon/local/named_subscribers.hpp"

namespace roombridge::service {

class subscriber_journal final : public local::subscriber_storage {
 public:
  // `kept` outlives this.
  explicit subscriber_journal(journal::journal& kept) : journal_(kept) {}

  // Gives `book`, which outlives the journal's work, what is there, and tells it of what becomes of changes from now
  // on. Once, when the journal is attached.
  void serve(local::named_subscribers& book) {
    for (const auto& [slot, what] : journal_.subscribers()) {
      book.restore(
          slot,
          {.key = {.user = what.user, .name = what.name}, .epoch = what.epoch, .seq = what.seq, .seen = what.seen});
    }
    journal_.on_kept([&book](ticket tried, ticket kept) { book.settled(tried, kept); });
  }

  ticket keep(std::size_t slot, const local::named_subscriber* what) override {
    if (what == nullptr) return journal_.keep(slot, std::nullopt);
    return journal_.keep(slot, journal::subscriber_record{.user = what->key.user,
                                                          .name = what->key.name,
                                                          .epoch = what->epoch,
                                                          .seq = what->seq,
                                                          .seen = what->seen});
  }

 private:
  static_assert(local::named_subscribers::most <= journal::subscriber_slots);

  journal::journal& journal_;
};

}  // namespace roombridge::service
