// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/binary_assembler.hpp"

#include <cassert>

namespace roombridge::upstream::socketio {

std::optional<error> binary_assembler::begin(const packet& head) {
  assert(head.attachments > 0 && head.attachments <= attachment_limit);
  if (waiting_) return fail(error::attachments_missing);
  clear();
  if (head.data.size() > limit_) return fail(error::packet_too_large);
  nsp_ = head.nsp;
  bytes_.append(head.data);
  data_size_ = head.data.size();
  head_ = head;
  head_.nsp = {};
  head_.data = {};
  waiting_ = true;
  return std::nullopt;
}

std::optional<error> binary_assembler::add(std::string_view message) {
  if (!waiting_) return fail(error::unexpected_binary);
  if (message.size() > limit_ - bytes_.size()) return fail(error::packet_too_large);
  bytes_.append(message);
  sizes_[received_++] = message.size();
  if (received_ == head_.attachments) finish();
  return std::nullopt;
}

packet binary_assembler::assembled() const {
  assert(complete_);
  packet whole = head_;
  whole.nsp = nsp_;
  whole.data = bytes_.view().substr(0, data_size_);
  return whole;
}

std::span<const std::span<const std::byte>> binary_assembler::attachments() const {
  assert(complete_);
  return std::span{attachments_}.first(received_);
}

void binary_assembler::clear() {
  bytes_.clear();
  received_ = 0;
  waiting_ = false;
  complete_ = false;
}

// Only now: the buffer may have moved with every attachment before.
void binary_assembler::finish() {
  auto rest = std::as_bytes(std::span{bytes_.view()}).subspan(data_size_);
  for (std::size_t i = 0; i < received_; ++i) {
    attachments_[i] = rest.first(sizes_[i]);
    rest = rest.subspan(sizes_[i]);
  }
  waiting_ = false;
  complete_ = true;
}

std::optional<error> binary_assembler::fail(error why) {
  clear();
  return why;
}

}  // namespace roombridge::upstream::socketio
