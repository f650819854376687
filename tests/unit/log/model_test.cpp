// SPDX-License-Identifier: MIT
// Random subscribers, whose rights and filters change, on a small log against a model that keeps every event and
// decides by the protocol's words: each stream must be the model's, frame by frame, and each gap must account exactly
// for what is missing of what the subscriber may see.
#include "support.hpp"

#include <memory>
#include <optional>
#include <random>

namespace roombridge::log {
namespace {

struct model_event {
  enum { plain, oversize, upstream, epoch } kind = plain;
  std::string name;
  std::vector<std::string> topics;
  std::vector<std::string> fields;
  bool unexpected = false;
  std::int64_t from = 0, until = 0;
};

bool pattern_matches(const std::string& pattern, const std::string& text) {
  if (pattern.back() != '*') return pattern == text;
  return text.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
}

bool any(const std::vector<std::string>& patterns, const std::vector<std::string>& texts) {
  if (patterns.empty()) return true;
  for (const auto& pattern : patterns) {
    for (const auto& text : texts) {
      if (pattern_matches(pattern, text)) return true;
    }
  }
  return false;
}

// One subscriber beside its model.
class subject {
 public:
  explicit subject(event_log& log) : sink(log) {}

  struct filter {
    std::uint64_t id;
    std::vector<std::string> events, topics;
    std::vector<std::vector<std::string>> fields;
    sequence from;
  };

  [[nodiscard]] bool may_see(const model_event& what) const {
    if (!grants || what.kind >= model_event::upstream) return true;
    return std::any_of(grants->begin(), grants->end(), [&](const visibility::grant& each) {
      const bool any_topic = std::find(each.topics.begin(), each.topics.end(), "*") != each.topics.end();
      return any(each.events, {what.name}) && (any_topic || (!what.unexpected && any(each.topics, what.topics)));
    });
  }

  [[nodiscard]] bool matches(const std::vector<model_event>& all, sequence seq) const {
    const model_event& what = all[seq - 1];
    if (!may_see(what)) return false;
    return std::any_of(filters.begin(), filters.end(), [&](const filter& each) {
      if (seq < each.from) return false;
      if (what.kind >= model_event::upstream) return true;
      return any(each.events, {what.name}) && any(each.topics, what.topics) &&
             std::all_of(each.fields.begin(), each.fields.end(),
                         [&what](const auto& values) { return any(values, what.fields); });
    });
  }

  // The log has given up what lies before `first`.
  void lose(const std::vector<model_event>& all, sequence first) {
    for (; next < first; ++next) {
      if (!matches(all, next)) continue;
      if (!lost) lost.emplace().first = next;
      lost->last = next;
      if (all[next - 1].kind == model_event::epoch) {
        lost->new_epoch = true;
      } else if (all[next - 1].kind != model_event::upstream) {
        ++lost->events;
      } else {
        if (!lost->upstream) lost->upstream = {all[next - 1].from, all[next - 1].until};
        lost->upstream->until = all[next - 1].until;
      }
    }
  }

  // What must be sent next; nothing when there is nothing.
  std::optional<std::string> take_next(const std::vector<model_event>& all) {
    if (lost) {
      std::string text = "gap " + std::to_string(lost->first) + "-" + std::to_string(lost->last) + " " +
                         std::to_string(lost->events) + " slow" + (lost->new_epoch ? " anew" : "");
      if (lost->upstream) {
        text += " " + std::to_string(lost->upstream->from) + ".." + std::to_string(lost->upstream->until);
      }
      lost.reset();
      return text;
    }
    while (next <= all.size() && !matches(all, next)) ++next;
    if (next > all.size()) return std::nullopt;
    const std::string seq = std::to_string(next);
    const model_event& what = all[next++ - 1];
    if (what.kind == model_event::oversize) return "gap " + seq + "-" + seq + " 1 oversize";
    if (what.kind == model_event::plain) return seq;
    if (what.kind == model_event::epoch) return "gap " + seq + "-" + seq + " null epoch anew";
    return "gap " + seq + "-" + seq + " null upstream " + std::to_string(what.from) + ".." + std::to_string(what.until);
  }

  // Frames of which something has gone out.
  std::size_t begun() {
    while (frame_end_ < sink.out.size()) {
      ++begun_;
      if (sink.out.size() - frame_end_ < proto::header_size) {
        // The length is not out yet; look again once it is.
        const std::size_t now = begun_--;
        return now;
      }
      const auto header = std::as_bytes(std::span{sink.out}).subspan(frame_end_).first<proto::header_size>();
      frame_end_ += proto::header_size + proto::decode_header(header).body_length;
    }
    return begun_;
  }

  test_sink sink;
  std::vector<filter> filters;
  std::optional<std::vector<visibility::grant>> grants;  // nothing: it may see everything
  std::vector<std::string> expected;
  sequence next = 1;
  std::optional<loss> lost;

 private:
  std::size_t frame_end_ = 0;
  std::size_t begun_ = 0;
};

class model {
 public:
  explicit model(std::uint32_t seed) : random_(seed) {
    for (int i = 0; i < 6; ++i) subjects_.push_back(std::make_unique<subject>(log_));
  }

  void step() {
    const auto dice = below(100);
    auto& one = *subjects_[below(subjects_.size())];
    if (dice < 55) {
      append();
    } else if (dice < 60) {
      log_.cursors().wake();
    } else if (dice < 62) {
      for (auto& each : subjects_) send(*each, SIZE_MAX);
    } else if (dice < 90) {
      send(one, below(4) == 0 ? SIZE_MAX : below(600));
    } else if (dice < 92) {
      change_rights(one);
    } else if (dice < 95) {
      subscribe(one, all_.size());
    } else if (dice < 96) {
      unsubscribe(one);
    } else if (dice < 97) {
      replace(one);
    } else if (dice < 99) {
      come_back(subjects_[below(subjects_.size())]);
    } else if (below(4) == 0) {
      start_epoch();
    }
  }

  void finish() {
    for (auto& one : subjects_) {
      send(*one, SIZE_MAX);
      ASSERT_EQ(tell(one->sink.out), one->expected);
      ASSERT_EQ(one->sink.at().behind(), 0u);
    }
  }

  [[nodiscard]] std::uint64_t lost() const {
    std::uint64_t sum = lost_before_;
    for (const auto& one : subjects_) sum += one->sink.at().lost_events();
    return sum;
  }

 private:
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_); }

  template <std::size_t Size>
  std::vector<std::string> some(const std::array<const char*, Size>& from, std::size_t most) {
    std::vector<std::string> out;
    const std::size_t wanted = below(most + 1);
    for (const char* text : from) {
      if (out.size() < wanted && below(3) == 0) out.emplace_back(text);
    }
    return out;
  }

  void append() {
    static constexpr std::array<const char*, 6> names{"a", "ab", "abc", "b", "ba", "c"};
    static constexpr std::array<const char*, 6> of_events{"shop-1", "shop-2", "shop-22", "user-1", "user-2", "t"};
    model_event what{.name = names[below(names.size())], .topics = some(of_events, 3), .fields = some(values, 3)};
    if (below(40) == 0) {
      what.kind = model_event::upstream;
      what.from = static_cast<std::int64_t>(below(1000));
      what.until = what.from + 5;
      all_.push_back(what);
      ASSERT_EQ(log_.append_upstream_gap(what.from, what.until), all_.size());
    } else {
      what.unexpected = below(10) == 0;
      const std::string arguments(below(30) == 0 ? 500 : below(150), '1');
      if (arguments.size() == 500) what.kind = model_event::oversize;
      all_.push_back(what);
      const std::vector<std::string_view> of_what{what.topics.begin(), what.topics.end()};
      const std::vector<std::string_view> with{what.fields.begin(), what.fields.end()};
      ASSERT_EQ(log_.append({.name = what.name,
                             .topics = of_what,
                             .fields = with,
                             .unexpected = what.unexpected,
                             .arguments = arguments}),
                all_.size());
    }
    for (auto& one : subjects_) one->lose(all_, log_.first());
  }

  void send(subject& one, std::size_t room) {
    log_.cursors().wake();
    const bool more = one.sink.send(room);
    const std::size_t begun = one.begun();
    while (one.expected.size() < begun) {
      const auto next = one.take_next(all_);
      ASSERT_TRUE(next) << "a frame that the model does not send";
      one.expected.push_back(*next);
    }
    if (more) return;
    ASSERT_EQ(one.take_next(all_), std::nullopt) << "a frame is missing";
  }

  void start_epoch() {
    for (auto& one : subjects_) one->lose(all_, all_.size() + 1);
    all_.push_back({.kind = model_event::epoch, .name = {}, .topics = {}, .fields = {}});
    ASSERT_EQ(log_.start_epoch(2), all_.size());
  }

  // A new connection in the place of one that has got everything, with subscriptions that begin at one place.
  void come_back(std::unique_ptr<subject>& one) {
    send(*one, SIZE_MAX);
    ASSERT_EQ(tell(one->sink.out), one->expected);
    lost_before_ += one->sink.at().lost_events();
    one = std::make_unique<subject>(log_);
    if (below(2) == 0) restrict_to(*one, some_grants());
    const sequence after = log_.first() - 1 + below(log_.newest() + 2 - log_.first());
    one->next = after + 1;
    for (std::size_t i = below(3) + 1; i > 0; --i) {
      subscribe(*one, after);
      if (below(2) == 0) append();
    }
  }

  std::vector<visibility::grant> some_grants() {
    std::vector<visibility::grant> out(below(3));
    for (auto& each : out) each = {some(events, 3), some(topics, 3)};
    // For the model an empty list is everything, for the rules nothing.
    std::erase_if(out, [](const auto& each) { return each.events.empty() || each.topics.empty(); });
    return out;
  }

  // More rights concern what has not been looked at, which is anybody's guess unless all has been.
  void change_rights(subject& one) {
    if (below(2) == 0) {
      send(one, SIZE_MAX);
      restrict_to(one, below(3) == 0 ? std::optional<std::vector<visibility::grant>>{} : some_grants());
    } else if (!one.grants) {
      restrict_to(one, some_grants());
    } else if (!one.grants->empty()) {
      one.grants->pop_back();
      restrict_to(one, one.grants);
    }
  }

  // Those of the same rights share them, as in the daemon.
  void restrict_to(subject& one, std::optional<std::vector<visibility::grant>> grants) {
    one.grants = std::move(grants);
    if (!one.grants) return one.sink.at().restrict_to(nullptr);
    const auto known =
        std::find_if(shared_.begin(), shared_.end(), [&](const auto& each) { return each->grants() == *one.grants; });
    const auto made = known == shared_.end() ? std::make_shared<const visibility>(*one.grants) : *known;
    if (known == shared_.end() && made->grants() == *one.grants) shared_.push_back(made);
    one.sink.at().restrict_to(made);
  }

  static constexpr std::array<const char*, 6> events{"a", "a*", "ab*", "b", "c", "*"};
  static constexpr std::array<const char*, 7> topics{"shop-1", "shop-*", "shop-2*", "user-1", "t", "*", "nobody"};

  static constexpr std::array<const char*, 5> values{"f=1", "f=2", "f=3", "g=1", "g=2"};

  subject::filter some_filter(sequence after) {
    subject::filter out{next_id_++, some(events, 2), some(topics, 3), {}, after + 1};
    for (std::size_t i = below(4) == 0 ? 1 + below(2) : 0; i > 0; --i) {
      out.fields.push_back(some(values, 3));
      if (out.fields.back().empty()) out.fields.back().emplace_back("f=1");
    }
    // Many ask for what somebody else has asked for.
    if (const auto& other = *subjects_[below(subjects_.size())]; below(2) == 0 && !other.filters.empty()) {
      out.events = other.filters.back().events;
      out.topics = other.filters.back().topics;
      out.fields = other.filters.back().fields;
    }
    return out;
  }
  static subscription made_of(const subject::filter& what) {
    return {.id = what.id,
            .events = what.events,
            .topics = what.topics,
            .fields = {what.fields.begin(), what.fields.end()}};
  }

  void subscribe(subject& one, sequence after) {
    const auto& made = one.filters.emplace_back(some_filter(after));
    if (after == all_.size()) {
      one.sink.at().subscribe(made_of(made));
    } else {
      one.sink.at().subscribe(made_of(made), after);
    }
  }

  // The new filter decides what lies behind the cursor's place, which has passed nothing that the old one matched.
  void replace(subject& one) {
    if (one.filters.empty()) return;
    auto& old = one.filters[below(one.filters.size())];
    log_.cursors().wake();
    const sequence place = all_.size() + 1 - one.sink.at().behind();
    for (; one.next < place; ++one.next) ASSERT_FALSE(one.matches(all_, one.next)) << one.next;
    auto made = some_filter(old.from - 1);
    if (below(3) == 0) made.id = old.id;
    one.sink.at().replace(old.id, made_of(made));
    old = std::move(made);
  }

  void unsubscribe(subject& one) {
    if (one.filters.empty()) return;
    const std::size_t which = below(one.filters.size());
    ASSERT_TRUE(one.sink.at().unsubscribe(one.filters[which].id));
    one.filters.erase(one.filters.begin() + static_cast<std::ptrdiff_t>(which));
  }

  std::mt19937 random_;
  event_log log_{small_log, 1};
  std::vector<model_event> all_;
  std::vector<std::unique_ptr<subject>> subjects_;
  std::vector<std::shared_ptr<const visibility>> shared_;
  std::uint64_t next_id_ = 1;
  std::uint64_t lost_before_ = 0;
};

void run(std::uint32_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  model tried{seed};
  for (int i = 0; i < 3000 && !testing::Test::HasFatalFailure(); ++i) tried.step();
  if (testing::Test::HasFatalFailure()) return;
  tried.finish();
  EXPECT_GT(tried.lost(), 0u) << "nobody was slow: the test tried nothing";
}

TEST(log_model, every_stream_is_the_models) {
  const std::uint32_t fresh = std::random_device{}();
  std::cout << "seed " << fresh << "\n";
  for (std::uint32_t seed = 1; seed <= 30 && !HasFailure(); ++seed) run(seed);
  if (!HasFailure()) run(fresh);
}

}  // namespace
}  // namespace roombridge::log
