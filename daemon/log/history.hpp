// SPDX-License-Identifier: MIT
// Records of the present epoch further back than memory reaches. To read them takes a while, for which nobody waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/log/segment_ring.hpp"
#include "daemon/log/sequence.hpp"

namespace roombridge::log {

// Where to read on: behind the record `after`. The rest is the history's own, which begins with zeros.
struct history_place {
  sequence after = 0;
  std::uint64_t file = 0;
  std::uint64_t offset = 0;
};

// Records in their order, and the bytes in which they lie.
struct history_chunk {
  std::vector<std::byte> bytes;
  std::vector<record> records;  // views into `bytes`; none of them was received in this life
  history_place next;
  sequence oldest = 0;  // of the first record that there is; 0: there is none
  bool at_end = false;  // nothing that was appended before read() was called lies behind `records`

  // Bytes that it has allocated; the texts of the records' index, which are packed, are some more.
  [[nodiscard]] std::size_t held() const { return bytes.capacity() + records.capacity() * sizeof(record); }
};

class history {
 public:
  using answer_function = std::function<void(std::shared_ptr<const history_chunk>)>;

  // The oldest record that can be read; 0: there is none. What is erased meanwhile is not there any more.
  [[nodiscard]] virtual sequence oldest() const = 0;

  // Reads records that take about `max_bytes`, one at least if there is any; `done` is called later, on the thread of
  // the log, or never where the history is closed.
  virtual void read(const history_place& from, std::size_t max_bytes, answer_function done) = 0;

 protected:
  ~history() = default;
};

}  // namespace roombridge::log
