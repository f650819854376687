// SPDX-License-Identifier: MIT
// Writes a head field by field, in the order of the calls. Names are literals that need no escape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <roombridge/proto/json_text.hpp>

namespace roombridge::proto {

class head_writer {
 public:
  head_writer& text(std::string_view name, std::string_view value) {
    append_json_string(begin(name), value);
    return *this;
  }
  template <class Integer>
  head_writer& number(std::string_view name, Integer value) {
    begin(name) += std::to_string(value);
    return *this;
  }
  head_writer& boolean(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }

  // `json` is a whole JSON value.
  head_writer& raw(std::string_view name, std::string_view json) {
    begin(name) += json;
    return *this;
  }
  head_writer& list(std::string_view name, const std::vector<std::string>& values) {
    return items(name, values, [this](const std::string& value) { append_json_string(out_, value); });
  }
  template <class Integer>
  head_writer& list(std::string_view name, const std::vector<Integer>& values) {
    return items(name, values, [this](Integer value) { out_ += std::to_string(value); });
  }

  [[nodiscard]] std::string finish() {
    out_ += '}';
    return std::move(out_);
  }

 private:
  std::string& begin(std::string_view name) {
    out_ += out_.size() == 1 ? "\"" : ",\"";
    out_ += name;
    out_ += "\":";
    return out_;
  }
  template <class Values, class Append>
  head_writer& items(std::string_view name, const Values& values, const Append& append) {
    begin(name) += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) out_ += ',';
      append(values[i]);
    }
    out_ += ']';
    return *this;
  }

  std::string out_ = "{";
};

}  // namespace roombridge::proto
