// SPDX-License-Identifier: MIT
// The journal's I/O thread around a keeper, and the queue before it.
//
// Invariants: the queue is one buffer of at most queue_limit bytes; what does not fit is dropped and counted. However
// much has come while a write was under way is the next write; of a subscriber, the newest. Whoever reads waits for
// what is to be written, and gets one part in turn with the others. All functions but the thread's own are called on
// the event thread, and none of them waits for the disk but stop().
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/journal/keeper.hpp"

namespace roombridge::journal {

class writer {
 public:
  static constexpr std::size_t queue_limit = 4u << 20;

  // Called on the I/O thread when state().book, state().trouble or what is told of subscribers has changed, and where
  // the policy is `always` state().settled; it must neither block nor call the writer.
  using news_function = std::function<void()>;
  // What was read for the request of this id; likewise.
  using read_function = std::function<void(std::uint64_t id, std::shared_ptr<const log::history_chunk>)>;

  // Neither is called any more once stop() has returned.
  writer(std::unique_ptr<keeper> what, news_function on_news, read_function on_read);
  // Precondition: stopped.
  ~writer();
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  // Hands over `count` whole records, the last one being `last`; leaves an empty buffer to fill. False: they were
  // dropped, the queue is full.
  bool submit(std::vector<std::byte>& records, std::uint64_t count, log::sequence last);
  // `book` is to be written before any record that is submitted from now on. Of another epoch: what is queued is void.
  void submit(const ledger& book);
  // The same, and what earlier lives have left need not be kept for a later one (see keeper).
  void forget(const ledger& book);
  // The place has `what` from now on; nothing: nobody. Returns the change's ticket.
  std::uint64_t submit(std::size_t slot, std::optional<subscriber_record> what);

  // As of the last turn, up to where records are settled (see keeper_state); news come when there is more, until `seq`.
  [[nodiscard]] log::sequence await(log::sequence seq);

  // Reads what is asked for, behind what has been submitted until now. After stop() begins it is not answered.
  void read(const read_request& what);

  // As of the last turn.
  [[nodiscard]] keeper_state state() const;

  // Works the queue off, then writes `last`, syncs and ends the thread. False: the disk did not answer within
  // `patience`; the thread is left to itself.
  [[nodiscard]] bool stop(const ledger& last, std::chrono::milliseconds patience);

 private:
  struct shared;
  static void run(const std::shared_ptr<shared>& with);
  static void read_some(shared& with, std::unique_lock<std::mutex>& lock);

  std::shared_ptr<shared> shared_;
  std::thread thread_;
};

}  // namespace roombridge::journal
