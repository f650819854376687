// SPDX-License-Identifier: MIT
// A value, or why there is none: what peers, networks and limits do is returned, never thrown. Pure.
#pragma once

#include <cassert>
#include <utility>
#include <variant>

namespace roombridge::proto {

// `Error` differs from `T`.
template <class T, class Error>
class [[nodiscard]] expected {
 public:
  expected(T value) : content_(std::move(value)) {}
  expected(Error error) : content_(std::move(error)) {}

  [[nodiscard]] explicit operator bool() const { return std::holds_alternative<T>(content_); }

  // Precondition: there is a value.
  [[nodiscard]] const T& operator*() const { return held<T>(content_); }
  [[nodiscard]] T& operator*() { return held<T>(content_); }
  [[nodiscard]] const T* operator->() const { return &held<T>(content_); }
  [[nodiscard]] T* operator->() { return &held<T>(content_); }

  // Precondition: there is none.
  [[nodiscard]] const Error& error() const { return held<Error>(content_); }

 private:
  template <class U, class Variant>
  static auto& held(Variant& content) {
    auto* value = std::get_if<U>(&content);
    assert(value != nullptr);
    return *value;
  }

  std::variant<T, Error> content_;
};

}  // namespace roombridge::proto
