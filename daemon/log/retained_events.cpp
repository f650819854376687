// SPDX-License-Identifier: MIT
#include "daemon/log/retained_events.hpp"

#include <span>
#include <utility>

#include "daemon/base/wipe.hpp"

namespace roombridge::log {
namespace {

// Before `size` bytes are put there: its memory serves again, unless it does not suffice, or a much larger text has
// left it. What is given back is overwritten.
void make_ready(std::string& text, std::size_t size) {
  if (text.capacity() >= size && text.capacity() <= 2 * size + 64) return;
  wipe(text);
  text = std::string{};
}

}  // namespace

void retained_events::configure(const retention& limits) {
  limits_ = limits;
  keep_limits();
}

retained_events::entry::~entry() {
  for (std::string* one : {&key, &name, &texts, &frame}) wipe(*one);
}

void retained_events::entry::fill(const index_entry& what, std::string_view its_frame) {
  const auto put = [](std::string& out, std::string_view text) {
    make_ready(out, text.size());
    out = text;
  };
  put(name, what.name.text);
  name_hash = what.name.hash;
  topics_size = packed_size(what.topics);
  make_ready(texts, topics_size + packed_size(what.fields));
  texts.resize(topics_size + packed_size(what.fields));
  put_packed(put_packed(reinterpret_cast<std::byte*>(texts.data()), what.topics), what.fields);
  topics = what.topics.size();
  fields = what.fields.size();
  unexpected = what.unexpected;
  put(frame, its_frame);
}

// A key that is there keeps its memory: in steady state nothing is allocated.
std::optional<position> retained_events::put(std::string_view key, sequence seq, const std::optional<position>& where,
                                             const index_entry& what, std::string_view frame) {
  const auto known = by_key_.find(key);
  auto node = known == by_key_.end() ? make_node(key) : take_out(known->second);
  const auto older = std::exchange(node.mapped().where, where);
  node.key() = seq;
  node.mapped().fill(what, frame);
  const std::size_t size = node.mapped().size();
  if (limits_.keys == 0 || size > limits_.bytes) {
    if (known != by_key_.end()) by_key_.erase(known);
    return older;
  }
  bytes_ += size;
  const auto placed = by_seq_.insert(by_seq_.end(), std::move(node));
  if (known == by_key_.end()) {
    by_key_.emplace(placed->second.key, placed);
  } else {
    known->second = placed;
  }
  keep_limits();
  return older;
}

retained_events::entries::node_type retained_events::make_node(std::string_view key) {
  entries one;
  const auto made = one.try_emplace(0).first;
  made->second.key = key;
  return one.extract(made);
}

retained_events::entries::node_type retained_events::take_out(entries::iterator which) {
  bytes_ -= which->second.size();
  return by_seq_.extract(which);
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
  const auto* const topics = reinterpret_cast<const std::byte*>(kept.texts.data());
  return record{.seq = found->first,
                .kind = record_kind::event,
                .frame = std::as_bytes(std::span{kept.frame}),
                .name = kept.name,
                .topics = {topics, kept.topics},
                .fields = {topics + kept.topics_size, kept.fields},
                .unexpected = kept.unexpected,
                .received = 0,
                .name_hash = kept.name_hash,
                .entry_size = 0};
}

void retained_events::drop(entries::iterator which) {
  by_key_.erase(which->second.key);
  take_out(which);
}

void retained_events::keep_limits() {
  while (by_seq_.size() > limits_.keys || bytes_ > limits_.bytes) drop(by_seq_.begin());
}

}  // namespace roombridge::log
