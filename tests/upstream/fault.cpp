// SPDX-License-Identifier: MIT
#include "tests/upstream/fault.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "tests/upstream/words.hpp"

namespace test_upstream {
namespace {

using kind = fault::kind;

constexpr std::array<std::pair<step, std::string_view>, 7> steps{{{step::accepted, "accepted"},
                                                                  {step::handshake, "handshake"},
                                                                  {step::open, "open"},
                                                                  {step::connect, "connect"},
                                                                  {step::authenticate, "authenticate"},
                                                                  {step::join, "join"},
                                                                  {step::established, "established"}}};
constexpr std::array<std::pair<kind, std::string_view>, 10> kinds{{{kind::silence, "silence"},
                                                                   {kind::half_open, "half_open"},
                                                                   {kind::close, "close"},
                                                                   {kind::fin, "fin"},
                                                                   {kind::reset, "reset"},
                                                                   {kind::slow, "slow"},
                                                                   {kind::bytes, "bytes"},
                                                                   {kind::text, "text"},
                                                                   {kind::before, "before"},
                                                                   {kind::twice, "twice"}}};

template <typename Table>
auto named(const Table& table, std::string_view name) {
  return std::ranges::find(table, name, [](const auto& entry) { return entry.second; });
}

// Whether `arg` is what this kind wants; taken over.
bool take_argument(fault& into, std::string_view arg) {
  switch (into.what) {
    case kind::slow: {
      const auto pace = to_number(arg);
      into.pace = std::chrono::milliseconds{pace.value_or(0)};
      return pace && *pace > 0;
    }
    case kind::bytes: {
      auto bytes = from_hex(arg);
      if (bytes) into.text = std::move(*bytes);
      return bytes && !into.text.empty();
    }
    case kind::text:
    case kind::before:
      into.text = arg;
      return true;
    default:
      return arg.empty();
  }
}

}  // namespace

std::string_view to_string(step value) {
  return steps[static_cast<std::size_t>(value)].second;
}

std::string_view to_string(fault::kind value) {
  return kinds[static_cast<std::size_t>(value)].second;
}

bool applies(fault::kind what, step at) {
  switch (what) {
    case kind::close:
    case kind::text:
    case kind::before:
    case kind::twice:
      return at >= step::open;
    default:
      return true;
  }
}

std::optional<fault> parse_fault(std::string_view words) {
  const auto at = named(steps, take_word(words));
  const auto count = take_word(words);
  const auto times = count == "*" ? std::optional(0u) : to_number(count);
  const auto what = named(kinds, take_word(words));
  if (at == steps.end() || what == kinds.end() || !times || (*times == 0 && count != "*")) return std::nullopt;
  fault result{.what = what->first, .at = at->first, .times = *times};
  if (!applies(result.what, result.at) || !take_argument(result, words)) return std::nullopt;
  return result;
}

void fault_plan::set(std::optional<fault> what) {
  assert(!what || applies(what->what, what->at));
  fault_ = std::move(what);
  left_ = fault_ ? fault_->times : 0;
}

std::optional<fault> fault_plan::take(step at) {
  if (!fault_ || fault_->at != at) return std::nullopt;
  if (fault_->times == 0 || --left_ > 0) return fault_;
  return std::exchange(fault_, std::nullopt);
}

}  // namespace test_upstream
