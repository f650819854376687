// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/json_shape.hpp"

#include <algorithm>
#include <utility>

namespace roombridge::upstream {
namespace {

constexpr int deepest = 3;
constexpr std::size_t longest_name = 32;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_plain(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && !is_digit(name.front()) && name.front() != '-' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

// Reads what is left of a text, and writes its shape. After a fault, and when the shape has become long, `over_` ends
// all loops.
class shaper {
 public:
  explicit shaper(std::string_view text) : rest_(text) {}

  // False: something else comes next.
  bool take(char wanted) {
    skip_blanks();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // What stands between the quotes; nothing: no string comes next.
  std::optional<std::string_view> take_string() {
    if (!take('"')) return std::nullopt;
    for (std::size_t at = rest_.find_first_of("\"\\"); at < rest_.size(); at = rest_.find_first_of("\"\\", at + 2)) {
      if (rest_[at] == '\\') continue;
      const std::string_view text = rest_.substr(0, at);
      rest_.remove_prefix(at + 1);
      return text;
    }
    return std::nullopt;
  }

  // The elements of an array whose bracket has been taken, to its end. `first`: no comma stands before the next one.
  std::string elements(bool first) {
    out_ = "[";
    for (bool any = false; !over_ && !take(']'); first = false) {
      if (!first && !take(',')) {
        fail();
      } else {
        if (std::exchange(any, true)) out_ += ',';
        value(deepest);
      }
    }
    if (!over_) out_ += ']';
    return std::move(out_);
  }

 private:
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  void fail() {
    if (!std::exchange(over_, true)) out_ += '?';
  }

  void value(int depth) {
    if (over_) return;
    if (out_.size() >= shape_length) {
      out_ += "…";
      over_ = true;
      return;
    }
    skip_blanks();
    const char next = rest_.empty() ? '\0' : rest_.front();
    if (next == '{') return object(depth);
    if (next == '[') return array(depth);
    if (next == '"') {
      if (!take_string()) return fail();
      out_ += "string";
    } else {
      scalar(next);
    }
  }

  void scalar(char first) {
    const std::size_t size = std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size());
    const std::string_view word = rest_.substr(0, size);
    if (first == '-' || is_digit(first)) {
      out_ += "number";
    } else if (word == "true" || word == "false") {
      out_ += "boolean";
    } else if (word == "null") {
      out_ += "null";
    } else {
      return fail();
    }
    rest_.remove_prefix(size);
  }

  void object(int depth) {
    take('{');
    out_ += '{';
    if (depth == 0) return leave_out('}');
    for (bool first = true; !take('}'); first = false) {
      if (!first && !take(',')) return fail();
      const auto name = take_string();
      if (!name || !take(':')) return fail();
      if (!first) out_ += ',';
      out_ += is_plain(*name) ? *name : "…";
      out_ += ':';
      value(depth - 1);
      if (over_) return;
    }
    out_ += '}';
  }

  void array(int depth) {
    take('[');
    out_ += '[';
    if (depth == 0) return leave_out(']');
    if (take(']')) {
      out_ += ']';
      return;
    }
    value(depth - 1);
    if (over_) return;
    if (take(']')) {
      out_ += ']';
    } else {
      out_ += ',';
      leave_out(']');
    }
  }

  // To the end of the array or the object that one is in.
  void leave_out(char close) {
    for (std::size_t open = 1; open > 0;) {
      rest_.remove_prefix(std::min(rest_.find_first_of("\"[]{}"), rest_.size()));
      if (rest_.empty()) return fail();
      if (rest_.front() == '"') {
        if (!take_string()) return fail();
        continue;
      }
      const bool opens = rest_.front() == '[' || rest_.front() == '{';
      open = opens ? open + 1 : open - 1;
      rest_.remove_prefix(1);
    }
    out_.append("…").append(1, close);
  }

  std::string_view rest_;
  std::string out_;
  bool over_ = false;
};

}  // namespace

std::string json_shape(std::string_view array) {
  shaper reading(array);
  return reading.take('[') ? reading.elements(true) : "?";
}

std::optional<event_shape> shape_of_event(std::string_view array) {
  shaper reading(array);
  if (!reading.take('[')) return std::nullopt;
  const auto name = reading.take_string();
  if (!name) return std::nullopt;
  return event_shape{*name, reading.elements(false)};
}

}  // namespace roombridge::upstream
