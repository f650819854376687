// SPDX-License-Identifier: MIT
#include "daemon/log/retained_events.hpp"

#include <utility>

namespace roombridge::log {

void retained_events::configure(const retention& limits) {
  limits_ = limits;
  keep_limits();
}

void retained_events::put(std::string_view key, sequence seq, std::string_view name,
                          std::span<const std::string_view> topics, bool unexpected, std::string frame) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
  entry kept{std::string(key),   std::string(name.substr(0, max_matched_text)),
             pack_texts(topics), topics.size(),
             unexpected,         std::move(frame)};
  if (limits_.keys == 0 || kept.size() > limits_.bytes) return;
  bytes_ += kept.size();
  const auto made = by_seq_.emplace_hint(by_seq_.end(), seq, std::move(kept));
  by_key_.emplace(made->second.key, made);
  keep_limits();
}

void retained_events::clear() {
  by_key_.clear();
  by_seq_.clear();
  bytes_ = 0;
}

std::optional<record> retained_events::next(sequence after) const {
  const auto found = by_seq_.upper_bound(after);
  if (found == by_seq_.end()) return std::nullopt;
  const entry& kept = found->second;
  return record{.seq = found->first,
                .kind = record_kind::event,
                .frame = std::as_bytes(std::span{kept.frame}),
                .name = kept.name,
                .topics = {reinterpret_cast<const std::byte*>(kept.topics.data()), kept.topic_count},
                .fields = {},
                .unexpected = kept.unexpected,
                .received = 0,
                .entry_size = 0};
}

void retained_events::drop(entries::iterator which) {
  bytes_ -= which->second.size();
  by_key_.erase(which->second.key);
  by_seq_.erase(which);
}

void retained_events::keep_limits() {
  while (by_seq_.size() > limits_.keys || bytes_ > limits_.bytes) drop(by_seq_.begin());
}

}  // namespace roombridge::log
