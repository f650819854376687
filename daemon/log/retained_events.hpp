// SPDX-License-Identifier: MIT
// The newest event of each key: what a program that starts now wants to know first. Copies of their own, which live on
// when the log has given the event up. Pure.
//
// Invariants: within both limits, the oldest give way; a key's newer event takes the place of its older one, so that
// numbers are only ever added behind the newest.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/base/keyed_hash.hpp"
#include "daemon/log/retention.hpp"
#include "daemon/log/segment_ring.hpp"

namespace roombridge::log {

class retained_events {
 public:
  explicit retained_events(const retention& limits) : limits_(limits) {}
  void configure(const retention& limits);

  // `frame`: as it goes out, with the mark of a retained event. `key` is not empty. `where`: of the record, if the log
  // has it. Returns where the key's older event was.
  std::optional<position> put(std::string_view key, sequence seq, const std::optional<position>& where,
                              const index_entry& what, std::string_view frame);
  void clear();

  // The oldest one newer than `after`; nothing: there is none. The views live until the next call of put(),
  // configure() or clear().
  [[nodiscard]] std::optional<record> next(sequence after) const;

  [[nodiscard]] std::size_t size() const { return by_seq_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct entry {
    std::string key;
    std::optional<position> where;
    std::string name;
    std::uint32_t name_hash = 0;
    std::string texts;  // topics and fields, as packed_texts reads them
    std::size_t topics_size = 0;
    std::size_t topics = 0;
    std::size_t fields = 0;
    bool unexpected = false;
    std::string frame;

    entry() = default;
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    ~entry();  // overwrites them: what is forgotten is not to be found in freed memory

    void fill(const index_entry& what, std::string_view its_frame);
    [[nodiscard]] std::size_t size() const { return key.size() + name.size() + texts.size() + frame.size(); }
  };
  using entries = std::map<sequence, entry>;

  [[nodiscard]] static entries::node_type make_node(std::string_view key);
  entries::node_type take_out(entries::iterator which);
  void drop(entries::iterator which);
  void keep_limits();

  retention limits_;
  entries by_seq_;
  std::unordered_map<std::string_view, entries::iterator, keyed_text_hash> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace roombridge::log
