// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/padded_buffer.hpp"

#include <string.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace roombridge::upstream {

void padded_buffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (bytes.size() > capacity_ - size_) {
    const std::size_t capacity = std::max(size_ + bytes.size(), 2 * capacity_);
    auto grown = std::make_unique_for_overwrite<char[]>(capacity + read_padding);
    if (size_ != 0) std::memcpy(grown.get(), bytes_.get(), size_);
    bytes_ = std::move(grown);
    capacity_ = capacity;
  }
  std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  // Readers load the padding together with the content: it must not be uninitialised.
  std::memset(bytes_.get() + size_, 0, read_padding);
}

void padded_buffer::clear(std::size_t keep) {
  if (size_ != 0) ::explicit_bzero(bytes_.get(), size_);
  size_ = 0;
  if (capacity_ > keep) {
    bytes_.reset();
    capacity_ = 0;
  }
}

}  // namespace roombridge::upstream
