// SPDX-License-Identifier: MIT
// Reads a head's fields into a struct and remembers the first mistake. Boost.JSON stays inside this and the messages'
// sources.
//
// A field that is absent leaves its target as it is, which is an error if it was required.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include <roombridge/proto/frame.hpp>
#include <roombridge/proto/parsed.hpp>

namespace roombridge::proto {

struct range {
  std::uint64_t least = 0;
  std::uint64_t most = max_integer;
};

class head_reader {
 public:
  // `field_error`: the code for a field that is wrong, for frames that a RESULT answers bad_request, for the others
  // bad_head.
  head_reader(std::string_view head, error_code field_error);
  head_reader(const head_reader&) = delete;
  head_reader& operator=(const head_reader&) = delete;

  // The field `id`; without a usable one nothing can be answered, hence bad_head.
  head_reader& id(std::uint64_t& out);

  enum class need { required, optional };
  head_reader& text(std::string_view name, std::string& out, need needed = need::required, std::size_t most = max_body);
  head_reader& boolean(std::string_view name, bool& out, need needed = need::optional);
  head_reader& texts(std::string_view name, std::vector<std::string>& out);
  head_reader& sizes(std::string_view name, std::vector<std::uint32_t>& out);

  template <class Integer>
  head_reader& number(std::string_view name, Integer& out, need needed = need::required, range allowed = {}) {
    if (const auto value = integer(name, needed, allowed)) out = static_cast<Integer>(*value);
    return *this;
  }
  template <class Integer>
  head_reader& number(std::string_view name, std::optional<Integer>& out, range allowed = {}) {
    if (const auto value = integer(name, need::optional, allowed)) out = static_cast<Integer>(*value);
    return *this;
  }

  // The value itself; null when it is absent, null in JSON, or there was a mistake before.
  [[nodiscard]] const boost::json::value* find(std::string_view name);
  [[nodiscard]] const boost::json::object* object(std::string_view name, need needed);
  [[nodiscard]] const boost::json::array* array(std::string_view name, need needed);

  // Reads from `inner` until leave(): for an object within the head.
  void enter(const boost::json::object& inner) { current_ = &inner; }
  void leave() { current_ = outer_; }

  void fail(error_code code, std::string text);
  void expected(std::string_view name, std::string_view what);
  [[nodiscard]] bool failed() const { return error_.has_value(); }

  template <class T>
  parsed<T> finish(T value) {
    if (error_) return std::move(*error_);
    return value;
  }

 private:
  [[nodiscard]] std::optional<std::uint64_t> integer(std::string_view name, need needed, range allowed);
  [[nodiscard]] const boost::json::value* find(std::string_view name, need needed, std::string_view what);

  error_code field_error_;
  std::array<unsigned char, 2048> storage_;
  boost::json::monotonic_resource resource_;
  boost::json::value head_;
  const boost::json::object* outer_ = nullptr;
  const boost::json::object* current_ = nullptr;
  std::optional<std::uint64_t> id_;
  std::optional<parse_error> error_;
};

// A JSON number written as an integer within `allowed`.
[[nodiscard]] std::optional<std::uint64_t> integer_of(const boost::json::value& value, range allowed);

}  // namespace roombridge::proto
