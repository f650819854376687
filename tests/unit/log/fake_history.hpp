// SPDX-License-Identifier: MIT
// A disk that keeps what the log appends, and answers when the test says so.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/log/event_log.hpp"
#include "daemon/log/history.hpp"

namespace roombridge::log {

class fake_history final : public log_observer, public history {
 public:
  explicit fake_history(event_log& log) : log_(log) {
    log.observe(*this);
    log.look_back_into(*this);
  }

  // What is appended from now on gets nowhere.
  void fail() { failing_ = true; }
  void heal() { failing_ = false; }
  void erase_until(sequence seq) {
    while (!records_.empty() && records_.front()->what.seq <= seq) records_.pop_front();
  }

  [[nodiscard]] std::size_t requests() const { return requests_.size(); }
  // Answers the oldest request.
  void answer() {
    request next = std::move(requests_.front());
    requests_.pop_front();
    next.done(read(next));
  }
  std::size_t most_records = SIZE_MAX;  // in one chunk

  [[nodiscard]] sequence oldest() const override { return records_.empty() ? 0 : records_.front()->what.seq; }

 private:
  struct kept {
    explicit kept(const record& from)
        : frame(from.frame.begin(), from.frame.end()),
          name(from.name),
          topics(copy(from.topics)),
          fields(copy(from.fields)),
          what(from) {
      what.frame = frame;
      what.name = name;
      what.topics = {topics.data(), from.topics.size()};
      what.fields = {fields.data(), from.fields.size()};
      what.received = 0;
    }
    static std::vector<std::byte> copy(const packed_texts& texts) {
      std::vector<matched_text> all;
      (void)texts.any_of([&all](std::string_view text) {
        all.emplace_back(text);
        return false;
      });
      std::vector<std::byte> out(packed_size(all));
      put_packed(out.data(), all);
      return out;
    }
    kept(const kept&) = delete;
    kept& operator=(const kept&) = delete;

    std::vector<std::byte> frame;
    std::string name;
    std::vector<std::byte> topics;
    std::vector<std::byte> fields;
    record what;
  };
  struct chunk : history_chunk {
    std::vector<std::shared_ptr<const kept>> owned;
  };
  struct request {
    history_place from;
    std::size_t max_bytes;
    std::uint64_t epoch;
    answer_function done;
  };

  void on_append(const record& what, std::string_view) override {
    if (what.kind == record_kind::new_epoch) records_.clear();
    if (!failing_) records_.push_back(std::make_shared<const kept>(what));
  }

  void read(const history_place& from, std::size_t max_bytes, answer_function done) override {
    requests_.push_back({from, max_bytes, log_.epoch(), std::move(done)});
  }

  [[nodiscard]] std::shared_ptr<const history_chunk> read(const request& what) const {
    auto out = std::make_shared<chunk>();
    out->oldest = oldest();
    out->next = what.from;
    std::size_t bytes = 0;
    auto next = std::find_if(records_.begin(), records_.end(),
                             [&](const auto& each) { return each->what.seq > what.from.after; });
    if (what.epoch != log_.epoch()) next = records_.end();
    for (; next != records_.end() && bytes < what.max_bytes && out->records.size() < most_records; ++next) {
      out->owned.push_back(*next);
      out->records.push_back((*next)->what);
      out->next.after = (*next)->what.seq;
      bytes += (*next)->frame.size();
    }
    out->bytes.resize(bytes);
    out->at_end = next == records_.end();
    return out;
  }

  event_log& log_;
  std::deque<std::shared_ptr<const kept>> records_;
  std::deque<request> requests_;
  bool failing_ = false;
};

}  // namespace roombridge::log
