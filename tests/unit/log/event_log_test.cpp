// SPDX-License-Identifier: MIT
#include "support.hpp"

#include <roombridge/proto/event_head.hpp>

namespace roombridge::log {
namespace {

using strings = std::vector<std::string>;

TEST(event_log, begins_empty) {
  event_log log{2u << 20, 7};
  EXPECT_EQ(log.epoch(), 7u);
  EXPECT_EQ(log.newest(), 0u);
  EXPECT_EQ(log.first(), 1u);
  EXPECT_EQ(log.bytes(), 0u);
  EXPECT_GE(log.capacity(), 2u << 20);
}

TEST(event_log, writes_the_frame_of_the_protocol) {
  event_log log{small_log, 7};
  test_sink sink{log};
  sink.subscribe(1);
  const std::vector<std::string_view> topics{"shop-7", "a\"b"};
  const std::string raw = "xyz";
  const std::span<const std::byte> bytes = std::as_bytes(std::span{raw});
  const std::vector<std::span<const std::byte>> attachments{bytes, {}};
  EXPECT_EQ(log.append({.time = 5,
                        .name = "e",
                        .topics = topics,
                        .unexpected = true,
                        .arguments = R"({"n":1}, "\ud800" )",
                        .attachments = attachments}),
            1u);
  log.cursors().wake();
  sink.send();

  proto::event head{.seq = 1, .time = 5, .name = "e", .topics = {"shop-7", "a\"b"}, .attachments = {3, 0}};
  head.unexpected = true;
  const std::string payload = R"([{"n":1}, "\ud800" ]xyz)";
  EXPECT_EQ(sink.out, proto::encode(head, std::as_bytes(std::span{payload})));
  EXPECT_EQ(log.bytes(), sink.out.size());
}

TEST(event_log, leaves_out_topics_beyond_what_it_can_match) {
  event_log log{geometry::for_capacity(2u << 20), 7};
  test_sink last{log};
  test_sink beyond{log};
  strings names;
  for (int i = 0; i < 70; ++i) names.push_back(std::to_string(i));
  const std::vector<std::string_view> topics{names.begin(), names.end()};
  last.subscribe(1, {}, {"63"});
  beyond.subscribe(1, {}, {"64"});
  log.append({.name = "e", .topics = topics});
  log.cursors().wake();
  last.send();
  beyond.send();
  EXPECT_EQ(tell(last.out), strings{"1"});
  EXPECT_EQ(tell(beyond.out), strings{});
}

TEST(event_log, an_event_at_the_limit_fits_and_one_beyond_is_told) {
  event_log log{small_log, 7};
  test_sink all{log};
  test_sink topic{log};
  test_sink other{log};
  all.subscribe(1);
  topic.subscribe(1, {}, {"t"});
  other.subscribe(1, {}, {"u"});
  const std::vector<std::string_view> topics{"t"};
  const std::size_t head = proto::event_head_size({.seq = 1, .time = 0, .event = "e", .topics = topics});
  const std::string fits(small_log.max_body - head - 2, '1');
  EXPECT_EQ(log.append({.name = "e", .topics = topics, .arguments = fits}), 1u);
  EXPECT_EQ(log.append({.name = "e", .topics = topics, .arguments = fits + "1"}), 2u);
  log.cursors().wake();
  for (auto* sink : {&all, &topic, &other}) sink->send();
  EXPECT_EQ(tell(all.out), (strings{"1", "gap 2-2 1 oversize"}));
  EXPECT_EQ(all.out, topic.out);
  EXPECT_EQ(other.out, "");
  const auto gap = proto::gap{2, 2, 1, "oversize", "e", fits.size() + 3, {}, {}};
  EXPECT_TRUE(all.out.ends_with(proto::encode(gap)));
}

// The largest event of the protocol must find room in the smallest log.
TEST(event_log, the_smallest_log_holds_the_largest_event) {
  event_log log{0, 7};
  test_sink sink{log};
  sink.subscribe(1);
  strings names;
  for (std::size_t i = 0; i < max_topics; ++i) names.push_back(std::to_string(i) + std::string(800, 'x'));
  const std::vector<std::string_view> topics{names.begin(), names.end()};
  const std::string name(256, 'n');
  for (sequence seq = 1; seq <= 3; ++seq) {
    const std::size_t head = proto::event_head_size({.seq = seq, .time = 0, .event = name, .topics = topics});
    const std::string arguments(proto::max_body - head - 2, '1');
    log.append({.name = name, .topics = topics, .arguments = arguments});
    EXPECT_EQ(log.newest(), seq);
    log.cursors().wake();
    sink.send();
  }
  EXPECT_EQ(tell(sink.out), (strings{"1", "2", "3"}));
  EXPECT_EQ(sink.out.size(), 3 * (proto::header_size + proto::max_body));
}

TEST(event_log, a_head_that_does_not_fit_is_oversize_too) {
  event_log log{2u << 20, 7};
  test_sink sink{log};
  sink.subscribe(1, {}, {"a*"});
  const std::string topic(70'000, 'a');
  const std::vector<std::string_view> topics{topic};
  log.append({.name = "e", .topics = topics, .arguments = "1"});
  log.cursors().wake();
  sink.send();
  EXPECT_EQ(tell(sink.out), strings{"gap 1-1 1 oversize"});
}

TEST(event_log, an_upstream_gap_is_for_everyone_who_subscribed) {
  event_log log{small_log, 7};
  test_sink narrow{log};
  test_sink nobody{log};
  narrow.subscribe(1, {"x"}, {"y"});
  EXPECT_EQ(log.append_upstream_gap(10, 20), 1u);
  log.cursors().wake();
  narrow.send();
  EXPECT_EQ(narrow.out, proto::encode(proto::gap{1, 1, {}, "upstream", "", {}, 10, 20}));
  EXPECT_FALSE(nobody.woken);
}

TEST(event_log, a_new_epoch_is_for_everyone_and_ends_what_was_before) {
  event_log log{small_log, 7};
  test_sink behind{log};
  test_sink narrow{log};
  behind.subscribe(1, {"a"});
  narrow.subscribe(1, {"x"});
  log.append({.name = "a", .arguments = "1"});
  log.append({.name = "a", .arguments = "1"});
  log.cursors().wake();
  EXPECT_EQ(log.start_epoch(0x2a), 3u);
  EXPECT_EQ(log.epoch(), 0x2au);
  EXPECT_EQ(log.first(), 3u);
  EXPECT_EQ(log.beginning(), 3u);
  EXPECT_EQ(log.append({.name = "a", .arguments = "1"}), 4u);
  log.cursors().wake();
  behind.send();
  narrow.send();
  EXPECT_EQ(tell(behind.out), (strings{"gap 1-2 2 slow", "gap 3-3 null epoch anew", "4"}));
  EXPECT_EQ(narrow.out, proto::encode(proto::gap{3, 3, {}, "epoch", "", {}, {}, {}, "000000000000002a"}));
}

// A record of an earlier life, made by another log.
std::string frame_of(sequence seq) {
  const proto::event head{.seq = seq, .time = 5, .name = "e", .topics = {"t"}, .attachments = {}};
  const std::string payload = "[1]";
  return proto::encode(head, std::as_bytes(std::span{payload}));
}

void restore(event_log& log, sequence seq) {
  const std::string frame = frame_of(seq);
  const std::vector<std::string_view> topics{"t"};
  log.restore({.seq = seq, .name = "e", .topics = topics, .frame = std::as_bytes(std::span{frame})});
}

TEST(event_log, goes_on_where_an_earlier_life_ended) {
  event_log log{small_log, 7};
  for (sequence seq = 5; seq <= 7; ++seq) restore(log, seq);
  log.go_on_from(8);
  EXPECT_EQ(log.first(), 5u);
  test_sink sink{log};
  sink.subscribe_after(4, 1, {}, {"t"});
  EXPECT_EQ(log.append({.name = "e", .arguments = "1"}), 8u);
  EXPECT_EQ(log.append({.name = "e", .topics = std::vector<std::string_view>{"t"}, .arguments = "1"}), 9u);
  log.cursors().wake();
  sink.send();
  EXPECT_EQ(tell(sink.out), (strings{"5", "6", "7", "9"}));
  EXPECT_TRUE(sink.out.starts_with(frame_of(5)));
}

TEST(event_log, what_is_missing_between_the_records_of_a_life_is_told_to_everyone) {
  event_log log{small_log, 7};
  restore(log, 5);
  restore(log, 9);
  log.go_on_from(1'000);
  EXPECT_EQ(log.newest(), 999u);
  for (const auto& [after, expected] :
       {std::pair{4u, strings{"5", "gap 6-8 null crash 5..5", "9", "gap 10-999 null crash"}},
        {5u, {"gap 6-8 null crash 5..5", "9", "gap 10-999 null crash"}},
        {7u, {"gap 6-8 null crash 5..5", "9", "gap 10-999 null crash"}},
        {8u, {"9", "gap 10-999 null crash"}},
        {500u, {"gap 10-999 null crash"}},
        {999u, {}}}) {
    test_sink sink{log};
    sink.subscribe_after(after, 1, {"e"});
    sink.send();
    EXPECT_EQ(tell(sink.out), expected) << after;
  }
  EXPECT_EQ(log.append({.name = "e", .arguments = "1"}), 1'000u);
}

TEST(event_log, a_hole_says_between_which_times_it_lies) {
  const auto event_at = [](sequence seq, std::int64_t time) {
    return proto::encode(proto::event{.seq = seq, .time = time, .name = "e", .topics = {}, .attachments = {}}, {});
  };
  const auto times = [](event_log& log) {
    test_sink sink{log};
    sink.subscribe_after(4, 1, {"e"});
    sink.send();
    proto::frame_decoder decoder;
    decoder.feed(std::as_bytes(std::span{sink.out}));
    std::vector<std::pair<std::int64_t, std::int64_t>> out;
    while (const auto frame = decoder.next()) {
      if (frame->type != proto::frame_type::gap) continue;
      const auto gap = proto::parse<proto::gap>(frame->head);
      out.emplace_back(gap->from.value_or(0), gap->until.value_or(0));
    }
    return out;
  };
  using pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;
  for (const auto& [until, last] :
       {std::pair<std::int64_t, std::pair<std::int64_t, std::int64_t>>{50, {20, 50}}, {0, {0, 0}}, {19, {0, 0}}}) {
    event_log log{small_log, 7};
    for (const auto& frame : {event_at(5, 10), event_at(9, 20)}) {
      const auto seq = frame == event_at(5, 10) ? 5u : 9u;
      log.restore({.seq = seq, .name = "e", .frame = std::as_bytes(std::span{frame})});
    }
    log.go_on_from(1'000, until);
    EXPECT_EQ(times(log), (pairs{{10, 20}, last})) << until;
  }
}

TEST(event_log, without_a_record_before_them_missing_numbers_are_no_hole) {
  event_log log{small_log, 7};
  log.go_on_from(1'000);
  EXPECT_EQ(log.first(), 1'000u);
  EXPECT_EQ(log.newest(), 999u);
  EXPECT_EQ(log.bytes(), 0u);
}

TEST(event_log, leaves_out_records_that_are_not_newer_or_too_large) {
  event_log log{small_log, 7};
  restore(log, 5);
  restore(log, 5);
  restore(log, 4);
  const std::string large(small_log.segment_bytes, 'x');
  log.restore({.seq = 6, .frame = std::as_bytes(std::span{large})});
  EXPECT_EQ(log.newest(), 5u);
}

TEST(event_log, a_hole_that_a_slow_one_passes_makes_its_loss_uncountable) {
  event_log log{small_log, 7};
  restore(log, 5);
  log.go_on_from(1'000);
  test_sink sink{log};
  sink.subscribe_after(5, 1, {"e"});
  while (log.first() <= 1'001) log.append({.name = "e", .arguments = "1"});
  sink.send();
  EXPECT_EQ(tell(sink.out).front(), "gap 6-" + std::to_string(log.first() - 1) + " null slow");
}

// A retained event of an earlier life, as the journal has kept it.
kept_record kept(sequence seq, std::string_view frame, std::string_view key) {
  return {.seq = seq, .name = "e", .frame = std::as_bytes(std::span{frame}), .retain_key = key};
}

TEST(event_log, has_the_retained_events_of_an_earlier_life_as_they_were) {
  struct observer final : log_observer {
    void on_append(const record& what, std::string_view key) override {
      frames.emplace_back(reinterpret_cast<const char*>(what.frame.data()), what.frame.size());
      keys.emplace_back(key);
    }
    std::vector<std::string> frames;
    strings keys;
  } told;
  const retention limits{.keys = 10, .bytes = 10'000};
  event_log before{small_log, 7};
  before.retained().configure(limits);
  before.observe(told);
  const std::vector<std::string_view> topics{"t"};
  before.append({.time = 5, .name = "e", .topics = topics, .arguments = "[]", .retain_key = "a"});
  before.append({.time = 6, .name = "e", .arguments = "1", .retain_key = "b"});
  before.append({.time = 7, .name = "e", .arguments = "2"});
  EXPECT_EQ(told.keys, (strings{"a", "b", ""}));

  event_log after{small_log, 7};
  after.retained().configure(limits);
  auto first = kept(1, told.frames[0], "a");
  first.topics = topics;
  after.recall(first);
  after.restore(kept(2, told.frames[1], "b"));
  after.restore(kept(3, told.frames[2], ""));
  EXPECT_EQ(after.first(), 2u);
  for (sequence seq = 1; seq <= 2; ++seq) {
    const auto there = before.retained().next(seq - 1);
    const auto here = after.retained().next(seq - 1);
    ASSERT_TRUE(there && here);
    EXPECT_EQ(here->seq, seq);
    EXPECT_TRUE(std::equal(here->frame.begin(), here->frame.end(), there->frame.begin(), there->frame.end()));
    EXPECT_EQ(here->topics.size(), there->topics.size());
  }
  EXPECT_FALSE(after.retained().next(2));
}

TEST(event_log, recalls_only_what_is_newer_and_is_an_event) {
  event_log log{small_log, 7};
  log.retained().configure({.keys = 10, .bytes = 10'000});
  const std::string frame = frame_of(5);
  log.recall(kept(5, frame, "a"));
  log.recall(kept(5, frame, "b"));
  log.recall(kept(4, frame, "b"));
  std::string no_object;
  ASSERT_TRUE(proto::append_frame(no_object, proto::frame_type::event, "[1]", {}));
  log.recall(kept(6, no_object, "b"));
  auto gap = kept(7, frame, "b");
  gap.kind = record_kind::oversize;
  log.recall(gap);
  EXPECT_EQ(log.retained().size(), 1u);
  auto anew = kept(8, frame, "");
  anew.kind = record_kind::new_epoch;
  log.recall(anew);
  EXPECT_EQ(log.beginning(), 8u);
}

// Byte for byte what one would write who knows from the start that it is a retained one.
TEST(event_log, marks_what_it_retains) {
  event_log log{small_log, 1};
  log.retained().configure({.keys = 10, .bytes = 10'000});
  const std::string_view topics[] = {"shop-7"};
  log.append(
      {.time = 5, .name = "e", .topics = topics, .unexpected = true, .arguments = R"({"a":"}"})", .retain_key = "k"});
  std::string head;
  proto::append_event_head(head,
                           {.seq = 1, .time = 5, .event = "e", .topics = topics, .unexpected = true, .retained = true});
  std::string expected;
  ASSERT_TRUE(proto::append_frame(expected, proto::frame_type::event, head,
                                  std::as_bytes(std::span{std::string_view{R"([{"a":"}"}])"}})));
  const auto kept = log.retained().next(0)->frame;
  EXPECT_EQ((std::string_view{reinterpret_cast<const char*>(kept.data()), kept.size()}), expected);
}

TEST(event_log, a_key_that_is_too_long_retains_nothing) {
  event_log log{geometry::for_capacity(2u << 20), 7};
  log.retained().configure({.keys = 10, .bytes = 10'000});
  const std::string key(max_retain_key, 'k');
  log.append({.name = "e", .arguments = "1", .retain_key = key});
  EXPECT_EQ(log.retained().size(), 1u);
  log.append({.name = "e", .arguments = "1", .retain_key = key + "k"});
  EXPECT_EQ(log.retained().size(), 1u);
}

TEST(event_log, tells_its_observer_of_every_record) {
  struct observer final : log_observer {
    void on_append(const record& what, std::string_view) override { seen.push_back(what.seq); }
    std::vector<sequence> seen;
  } observer;
  event_log log{small_log, 7};
  log.observe(observer);
  for (int i = 0; i < 30; ++i) log.append({.name = "e", .arguments = "1"});
  log.append_upstream_gap(1, 2);
  log.start_epoch(8);
  log.append({.name = "e", .arguments = std::string(2 * small_log.max_body, '1')});
  std::vector<sequence> expected;
  for (sequence seq = 1; seq <= 33; ++seq) expected.push_back(seq);
  EXPECT_EQ(observer.seen, expected);
}

TEST(event_log, gives_up_the_oldest_segment_whole) {
  event_log log{small_log, 7};
  const std::string arguments(50, '1');
  sequence before = log.first();
  std::size_t moves = 0;
  for (int i = 0; i < 200; ++i) {
    log.append({.name = "e", .arguments = arguments});
    EXPECT_LE(log.bytes(), log.capacity());
    if (log.first() == before) continue;
    ++moves;
    EXPECT_GT(log.first(), before + 4) << "a segment holds several events";
    before = log.first();
  }
  EXPECT_GT(moves, 10u);
  EXPECT_GT(log.newest() - log.first(), 10u);
}

}  // namespace
}  // namespace roombridge::log
