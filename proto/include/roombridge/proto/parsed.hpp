// SPDX-License-Identifier: MIT
// What reading a head gives: its struct, or which rule of the protocol the sender broke. Pure.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <roombridge/proto/error.hpp>

namespace roombridge::proto {

struct parse_error {
  error_code code = error_code::bad_head;
  std::string text;                 // names the field and what was expected; holds nothing that the peer wrote
  std::optional<std::uint64_t> id;  // of the request, when code is one that a RESULT can answer
};

template <class T>
class [[nodiscard]] parsed {
 public:
  parsed(T value) : content_(std::move(value)) {}
  parsed(parse_error error) : content_(std::move(error)) {}

  [[nodiscard]] explicit operator bool() const { return std::holds_alternative<T>(content_); }

  // Precondition: there is a value.
  [[nodiscard]] const T& operator*() const { return held<T>(content_); }
  [[nodiscard]] T& operator*() { return held<T>(content_); }
  [[nodiscard]] const T* operator->() const { return &held<T>(content_); }
  [[nodiscard]] T* operator->() { return &held<T>(content_); }

  // Precondition: there is none.
  [[nodiscard]] const parse_error& error() const { return held<parse_error>(content_); }

 private:
  template <class U, class Variant>
  static auto& held(Variant& content) {
    auto* value = std::get_if<U>(&content);
    assert(value != nullptr);
    return *value;
  }

  std::variant<T, parse_error> content_;
};

}  // namespace roombridge::proto
