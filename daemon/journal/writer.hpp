// SPDX-License-Identifier: MIT
// The journal's I/O thread around a keeper, and the queue before it.
//
// Invariants: the queue is one buffer of at most queue_limit bytes; what does not fit is dropped and counted. However
// much has come while a write was under way is the next write. All functions but the thread's own are called on the
// event thread, and none of them waits for the disk but stop().
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "daemon/journal/keeper.hpp"

namespace roombridge::journal {

class writer {
 public:
  static constexpr std::size_t queue_limit = 4u << 20;

  // Called on the I/O thread when state().book or state().trouble has changed, and where the policy is `always`
  // state().settled; it must neither block nor call the writer.
  using news_function = std::function<void()>;

  // `on_news` is not called any more once stop() has returned.
  writer(std::unique_ptr<keeper> what, news_function on_news);
  // Precondition: stopped.
  ~writer();
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  // Hands over `count` whole records, the last one being `last`; leaves an empty buffer to fill. False: they were
  // dropped, the queue is full.
  bool submit(std::vector<std::byte>& records, std::uint64_t count, log::sequence last);
  // `book` is to be written before any record that is submitted from now on. Of another epoch: what is queued is void.
  void submit(const ledger& book);

  // As of the last turn.
  [[nodiscard]] keeper_state state() const;

  // Works the queue off, then writes `last`, syncs and ends the thread. False: the disk did not answer within
  // `patience`; the thread is left to itself.
  [[nodiscard]] bool stop(const ledger& last, std::chrono::milliseconds patience);

 private:
  struct shared;
  static void run(const std::shared_ptr<shared>& with);

  std::shared_ptr<shared> shared_;
  std::thread thread_;
};

}  // namespace roombridge::journal
