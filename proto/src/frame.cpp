// SPDX-License-Identifier: MIT
#include <roombridge/proto/frame.hpp>

#include <algorithm>
#include <cassert>

namespace roombridge::proto {
namespace {

// A buffer of this size is kept between cut frames; a larger one is given back as soon as its frame is done with.
constexpr std::size_t kept_capacity = 16u << 10;

frame view_of(const header& value, std::span<const std::byte> body) {
  const auto head = body.first(value.head_length);
  return {value.type,
          value.flags,
          {reinterpret_cast<const char*>(head.data()), head.size()},
          body.subspan(value.head_length)};
}

}  // namespace

std::string_view to_string(frame_type type) noexcept {
  switch (type) {
    case frame_type::hello:
      return "HELLO";
    case frame_type::subscribe:
      return "SUBSCRIBE";
    case frame_type::unsubscribe:
      return "UNSUBSCRIBE";
    case frame_type::join:
      return "JOIN";
    case frame_type::leave:
      return "LEAVE";
    case frame_type::emit:
      return "EMIT";
    case frame_type::ack:
      return "ACK";
    case frame_type::call:
      return "CALL";
    case frame_type::ping:
      return "PING";
    case frame_type::pong:
      return "PONG";
    case frame_type::welcome:
      return "WELCOME";
    case frame_type::event:
      return "EVENT";
    case frame_type::status:
      return "STATUS";
    case frame_type::live:
      return "LIVE";
    case frame_type::gap:
      return "GAP";
    case frame_type::result:
      return "RESULT";
    case frame_type::error:
      return "ERROR";
    case frame_type::bye:
      return "BYE";
    case frame_type::trace:
      return "TRACE";
  }
  return "unknown";
}

bool append_frame(std::string& out, frame_type type, std::string_view head, std::span<const std::byte> payload) {
  if (head.size() > max_head || payload.size() > max_body - head.size()) return false;
  const auto bytes = encode_header(
      {static_cast<std::uint32_t>(head.size() + payload.size()), type, 0, static_cast<std::uint16_t>(head.size())});
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  out += head;
  out.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  return true;
}

void frame_decoder::feed(std::span<const std::byte> bytes) {
  assert(input_.empty() || error_ != error_code::none);
  if (!rest_.empty()) rest_ = std::vector<std::byte>{};
  input_ = bytes;
}

std::size_t frame_decoder::missing() const {
  if (delivered_ || collected_.size() < header_size) return 0;
  const header value = decode_header(std::span<const std::byte>{collected_}.first<header_size>());
  return header_size + value.body_length - collected_.size();
}

void frame_decoder::keep_rest() {
  release_delivered();
  if (!has_rest()) {
    rest_ = std::vector<std::byte>{};  // "= {}" would keep the memory
  } else if (rest_.empty()) {
    rest_.assign(input_.begin(), input_.end());
    input_ = rest_;
  }
}

std::optional<frame> frame_decoder::next() {
  release_delivered();
  if (error_ != error_code::none) return std::nullopt;
  if (!collected_.empty()) return next_collected();
  if (input_.size() >= header_size) {
    const header value = decode_header(input_.first<header_size>());
    if (!accept(value)) return std::nullopt;
    const std::size_t whole = header_size + value.body_length;
    if (input_.size() >= whole) {
      const auto body = input_.subspan(header_size, value.body_length);
      input_ = input_.subspan(whole);
      return view_of(value, body);
    }
  }
  collected_.assign(input_.begin(), input_.end());
  input_ = {};
  return std::nullopt;
}

std::optional<frame> frame_decoder::next_collected() {
  if (!collect(header_size)) return std::nullopt;
  const header value = decode_header(std::span<const std::byte>{collected_}.first<header_size>());
  if (!accept(value) || !collect(header_size + value.body_length)) return std::nullopt;
  delivered_ = true;
  return view_of(value, std::span<const std::byte>{collected_}.subspan(header_size));
}

// Moves input to the collected bytes until there are `wanted`; false: the input did not suffice.
bool frame_decoder::collect(std::size_t wanted) {
  if (collected_.size() < wanted) {
    const auto taken = input_.first(std::min(wanted - collected_.size(), input_.size()));
    const std::size_t needed = collected_.size() + taken.size();
    // Doubles as a vector would, but not past the frame's end: the header's word alone reserves nothing.
    if (needed > collected_.capacity()) collected_.reserve(std::clamp(2 * collected_.capacity(), needed, wanted));
    collected_.insert(collected_.end(), taken.begin(), taken.end());
    input_ = input_.subspan(taken.size());
  }
  return collected_.size() >= wanted;
}

bool frame_decoder::accept(const header& value) {
  error_ = check_header(value, body_limit_);
  if (error_ == error_code::none) return true;
  bad_header_ = value;
  return false;
}

void frame_decoder::release_delivered() {
  if (!delivered_) return;
  delivered_ = false;
  if (collected_.capacity() > kept_capacity) {
    collected_ = std::vector<std::byte>{};  // "= {}" would keep the memory
  } else {
    collected_.clear();
  }
}

}  // namespace roombridge::proto
