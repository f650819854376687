// SPDX-License-Identifier: MIT
#include "head_reader.hpp"

#include <limits>

namespace roombridge::proto {
namespace json = boost::json;

head_reader::head_reader(std::string_view head, error_code field_error)
    : field_error_(field_error), resource_(storage_.data(), storage_.size()) {
  json::parse_options options;
  options.max_depth = max_head_depth;
  json::error_code failure;
  head_ = json::parse(head.empty() ? std::string_view{"{}"} : head, failure, &resource_, options);
  if (failure || !head_.is_object()) {
    fail(error_code::bad_head,
         "the head is not one JSON object in UTF-8 of at most " + std::to_string(max_head_depth) + " levels");
    head_ = json::value(json::object_kind, &resource_);
  }
  outer_ = current_ = &head_.get_object();
}

void head_reader::fail(error_code code, std::string text) {
  if (error_) return;
  error_ = parse_error{code, std::move(text), is_fatal(code) ? std::nullopt : id_};
}

void head_reader::expected(std::string_view name, std::string_view what) {
  fail(field_error_, "`" + std::string{name} + "`: expected " + std::string{what});
}

const json::value* head_reader::find(std::string_view name) {
  if (error_) return nullptr;
  const auto* value = current_->if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::value* head_reader::find(std::string_view name, need needed, std::string_view what) {
  const auto* value = find(name);
  if (value == nullptr && needed == need::required) expected(name, what);
  return value;
}

head_reader& head_reader::id(std::uint64_t& out) {
  if (error_) return *this;
  const auto* value = current_->if_contains("id");
  id_ = value == nullptr ? std::nullopt : integer_of(*value, {});
  if (!id_) fail(error_code::bad_head, "`id`: expected an integer from 0 to 2^53-1");
  out = id_.value_or(0);
  return *this;
}

head_reader& head_reader::text(std::string_view name, std::string& out, need needed, std::size_t most) {
  const auto* value = find(name, needed, "a string");
  if (value == nullptr) return *this;
  const auto* text = value->if_string();
  if (text == nullptr || text->size() > most) {
    expected(name, most < max_body ? "a string of at most " + std::to_string(most) + " bytes" : "a string");
  } else {
    out.assign(text->data(), text->size());
  }
  return *this;
}

head_reader& head_reader::boolean(std::string_view name, bool& out, need needed) {
  const auto* value = find(name, needed, "true or false");
  if (value == nullptr) return *this;
  if (!value->is_bool()) {
    expected(name, "true or false");
  } else {
    out = value->get_bool();
  }
  return *this;
}

head_reader& head_reader::texts(std::string_view name, std::vector<std::string>& out) {
  const auto* list = array(name, need::optional);
  if (list == nullptr) return *this;
  out.reserve(list->size());
  for (const auto& item : *list) {
    const auto* text = item.if_string();
    if (text == nullptr) {
      expected(name, "a list of strings");
      return *this;
    }
    out.emplace_back(text->data(), text->size());
  }
  return *this;
}

head_reader& head_reader::sizes(std::string_view name, std::vector<std::uint32_t>& out) {
  const auto* list = array(name, need::optional);
  if (list == nullptr) return *this;
  if (list->size() > max_attachments) {
    expected(name, "at most " + std::to_string(max_attachments) + " sizes");
    return *this;
  }
  for (const auto& item : *list) {
    const auto size = integer_of(item, {0, max_body});
    if (!size) {
      expected(name, "a list of sizes in bytes");
      return *this;
    }
    out.push_back(static_cast<std::uint32_t>(*size));
  }
  return *this;
}

const json::object* head_reader::object(std::string_view name, need needed) {
  const auto* value = find(name, needed, "an object");
  if (value == nullptr) return nullptr;
  if (!value->is_object()) expected(name, "an object");
  return value->if_object();
}

const json::array* head_reader::array(std::string_view name, need needed) {
  const auto* value = find(name, needed, "a list");
  if (value == nullptr) return nullptr;
  if (!value->is_array()) expected(name, "a list");
  return value->if_array();
}

std::optional<std::uint64_t> head_reader::integer(std::string_view name, need needed, range allowed) {
  const auto what = [allowed] {
    return "an integer from " + std::to_string(allowed.least) + " to " +
           (allowed.most == max_integer ? "2^53-1" : std::to_string(allowed.most));
  };
  const auto* value = find(name);
  if (value == nullptr) {
    if (needed == need::required) expected(name, what());
    return std::nullopt;
  }
  const auto number = integer_of(*value, allowed);
  if (!number) expected(name, what());
  return number;
}

std::optional<std::uint64_t> integer_of(const json::value& value, range allowed) {
  // Boost.JSON keeps what fits into an int64 as that, what needs the last bit as uint64, and the rest as double.
  if (!value.is_int64() || value.get_int64() < 0) return std::nullopt;
  const auto number = static_cast<std::uint64_t>(value.get_int64());
  if (number < allowed.least || number > allowed.most) return std::nullopt;
  return number;
}

}  // namespace roombridge::proto
