// SPDX-License-Identifier: MIT
// One template describes the head's layout; counting and writing are two sinks of it, so that they cannot disagree.
#include <roombridge/proto/event_head.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include <roombridge/proto/json_text.hpp>

namespace roombridge::proto {
namespace {

constexpr auto powers_of_ten = [] {
  std::array<std::uint64_t, 20> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

constexpr std::size_t decimal_digits(std::uint64_t value) {
  // 1233 / 4096 is a little above log10(2): an estimate that is right or one too low.
  const auto estimate = static_cast<std::size_t>(std::bit_width(value | 1)) * 1233 >> 12;
  return estimate + (value >= powers_of_ten[estimate] || estimate == 0 ? 1 : 0);
}
static_assert(decimal_digits(0) == 1 && decimal_digits(9) == 1 && decimal_digits(10) == 2 && decimal_digits(99) == 2);

struct size_sink {
  std::size_t size = 0;

  void raw(std::string_view text) { size += text.size(); }
  void text(std::string_view value) { size += json_text_size(value); }
  void number(std::uint64_t value) { size += decimal_digits(value); }
};

struct write_sink {
  char* out;

  void raw(std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    out += text.size();
  }
  void text(std::string_view value) { out = write_json_text(out, value); }
  void number(std::uint64_t value) {
    out = std::to_chars(out, out + std::numeric_limits<std::uint64_t>::digits10 + 1, value).ptr;
  }
};

template <class Sink>
void put_head(Sink& sink, const event_fields& fields) {
  sink.raw(R"({"seq":)");
  sink.number(fields.seq);
  sink.raw(R"(,"time":)");
  sink.number(static_cast<std::uint64_t>(fields.time));
  sink.raw(R"(,"event":")");
  sink.text(fields.event);
  sink.raw("\"");
  if (!fields.topics.empty()) {
    std::string_view before = R"(,"topics":[")";
    for (const auto topic : fields.topics) {
      sink.raw(before);
      sink.text(topic);
      before = R"(",")";
    }
    sink.raw(R"("])");
  }
  if (!fields.attachments.empty()) {
    std::string_view before = R"(,"attachments":[)";
    for (const auto size : fields.attachments) {
      sink.raw(before);
      sink.number(size);
      before = ",";
    }
    sink.raw("]");
  }
  if (fields.unexpected) sink.raw(R"(,"unexpected":true)");
  if (fields.retained) sink.raw(R"(,"retained":true)");
  sink.raw("}");
}

}  // namespace

std::size_t event_head_size(const event_fields& fields) noexcept {
  size_sink sink;
  put_head(sink, fields);
  return sink.size;
}

char* write_event_head(char* out, const event_fields& fields) noexcept {
  write_sink sink{out};
  put_head(sink, fields);
  return sink.out;
}

void append_event_head(std::string& out, const event_fields& fields) {
  const std::size_t before = out.size();
  out.resize(before + event_head_size(fields));
  write_event_head(out.data() + before, fields);
}

}  // namespace roombridge::proto
