// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/ws_decoder.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace roombridge::upstream {
namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t compressed_bit = 0x40;
constexpr std::uint8_t opcode_bits = 0x0F;
constexpr std::uint8_t control_bit = 0x08;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t length_bits = 0x7F;
constexpr std::uint8_t whole_text = 0x81;
constexpr std::uint8_t whole_binary = 0x82;

bool is_control(ws_opcode opcode) {
  return (static_cast<std::uint8_t>(opcode) & control_bit) != 0;
}

bool begins_message(ws_opcode opcode) {
  return opcode == ws_opcode::text || opcode == ws_opcode::binary;
}

bool is_known(std::uint8_t opcode) {
  return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA);
}

ws_kind kind_of(ws_opcode opcode) {
  switch (opcode) {
    case ws_opcode::binary:
      return ws_kind::binary;
    case ws_opcode::ping:
      return ws_kind::ping;
    case ws_opcode::pong:
      return ws_kind::pong;
    case ws_opcode::close:
      return ws_kind::close;
    case ws_opcode::text:
    case ws_opcode::continuation:
      break;
  }
  return ws_kind::text;
}

std::uint64_t read_big_endian(const char* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

}  // namespace

void ws_decoder::feed(std::string_view bytes) {
  assert(input_.empty());
  if (!ended_) input_ = bytes;
}

std::optional<ws_item> ws_decoder::next() {
  if (handed_out_) release();
  while (!ended_) {
    if (!in_frame_) {
      if (auto item = take_whole_message()) return item;
      if (const ws_error error = read_header(); error != ws_error::none) return fail(error);
      if (!in_frame_) return std::nullopt;
    }
    const auto part = input_.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(frame_.left, input_.size())));
    input_.remove_prefix(part.size());
    frame_.left -= part.size();
    if (is_control(frame_.opcode)) {
      if (auto item = take_control(part)) return item;
    } else if (auto item = take_data(part)) {
      return item;
    }
    if (in_frame_) return std::nullopt;
  }
  return std::nullopt;
}

// What nearly every frame is, a short unfragmented message that lies whole in the input, at a quarter of the
// instructions. Everything else, and everything doubtful, is left to the general way.
std::optional<ws_item> ws_decoder::take_whole_message() {
  if (header_size_ != 0 || message_opcode_ || input_.size() < 4) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(input_[0]);
  const auto second = static_cast<std::uint8_t>(input_[1]);
  if (first != whole_text && first != whole_binary) return std::nullopt;
  std::size_t header = 2;
  std::size_t length = second;
  if (second == 126) {
    header = 4;
    length = static_cast<std::size_t>(read_big_endian(input_.data() + 2, 2));
    if (length < 126) return std::nullopt;
  } else if (second > 126) {
    return std::nullopt;
  }
  if (length > receive_limit_ || length > input_.size() - header) return std::nullopt;
  const std::string_view data{input_.data() + header, length};
  input_.remove_prefix(header + length);
  return ws_item{.kind = first == whole_text ? ws_kind::text : ws_kind::binary, .data = data};
}

// Leaves in_frame_ false when the header is not whole yet.
ws_error ws_decoder::read_header() {
  if (header_size_ == 0) {
    const std::size_t size = header_length(input_);
    if (size <= input_.size()) {
      const ws_error error = parse_header(input_.substr(0, size));
      input_.remove_prefix(size);
      return error;
    }
  }
  while (!input_.empty()) {
    header_[header_size_++] = input_.front();
    input_.remove_prefix(1);
    const std::string_view header{header_.data(), header_size_};
    if (header_length(header) == header_size_) {
      header_size_ = 0;
      return parse_header(header);
    }
  }
  return ws_error::none;
}

// At least 2; more than `bytes` has when the header is not whole.
std::size_t ws_decoder::header_length(std::string_view bytes) {
  if (bytes.size() < 2) return 2;
  const auto second = static_cast<std::uint8_t>(bytes[1]);
  // A masked frame is refused for its second byte: what follows does not matter.
  if ((second & mask_bit) != 0) return 2;
  return (second & length_bits) < 126 ? 2 : (second & length_bits) == 126 ? 4 : header_limit;
}

ws_error ws_decoder::parse_header(std::string_view header) {
  const auto first = static_cast<std::uint8_t>(header[0]);
  const auto second = static_cast<std::uint8_t>(header[1]);
  if ((second & mask_bit) != 0) return ws_error::masked;
  if (!is_known(first & opcode_bits)) return ws_error::unknown_opcode;

  frame_.fin = (first & fin_bit) != 0;
  frame_.opcode = static_cast<ws_opcode>(first & opcode_bits);
  frame_.compressed = compression_ && begins_message(frame_.opcode) && (first & compressed_bit) != 0;
  if ((first & reserved_bits & ~(frame_.compressed ? compressed_bit : 0)) != 0) return ws_error::reserved_bits;
  const std::uint8_t short_length = second & length_bits;
  if (is_control(frame_.opcode)) {
    if (!frame_.fin) return ws_error::control_fragmented;
    if (short_length > ws_control_limit) return ws_error::control_too_long;
  }
  frame_.left = header.size() == 2 ? short_length : read_big_endian(header.data() + 2, header.size() - 2);
  if (header.size() == 4 && frame_.left < 126) return ws_error::length_not_minimal;
  if (header.size() == header_limit) {
    if (frame_.left <= 0xFFFF) return ws_error::length_not_minimal;
    if (frame_.left >> 63 != 0) return ws_error::length_too_large;
  }
  in_frame_ = true;
  return is_control(frame_.opcode) ? ws_error::none : check_data_frame();
}

ws_error ws_decoder::check_data_frame() const {
  const bool continues = frame_.opcode == ws_opcode::continuation;
  if (continues && !message_opcode_) return ws_error::unexpected_continuation;
  if (!continues && message_opcode_) return ws_error::expected_continuation;
  if (frame_.left > receive_limit_ - message_.size()) return ws_error::message_too_big;
  return ws_error::none;
}

std::optional<ws_item> ws_decoder::take_data(std::string_view part) {
  const bool whole = frame_.left == 0;
  if (frame_.opcode != ws_opcode::continuation && whole && frame_.fin && message_.empty()) {
    in_frame_ = false;
    return ws_item{.kind = kind_of(frame_.opcode), .compressed = frame_.compressed, .data = part};
  }
  if (!message_opcode_) message_compressed_ = frame_.compressed;
  message_.append(part);
  if (!whole) return std::nullopt;
  in_frame_ = false;
  const ws_opcode opcode = message_opcode_.value_or(frame_.opcode);
  if (!frame_.fin) {
    message_opcode_ = opcode;
    return std::nullopt;
  }
  message_opcode_.reset();
  handed_out_ = &message_;
  return ws_item{.kind = kind_of(opcode), .compressed = message_compressed_, .data = message_.view()};
}

std::optional<ws_item> ws_decoder::take_control(std::string_view part) {
  std::string_view payload = part;
  if (frame_.left != 0 || !control_.empty()) {
    control_.append(part);
    if (frame_.left != 0) return std::nullopt;
    payload = control_.view();
    handed_out_ = &control_;
  }
  in_frame_ = false;
  if (frame_.opcode == ws_opcode::close) return finish_close(payload);
  return ws_item{.kind = kind_of(frame_.opcode), .data = payload};
}

ws_item ws_decoder::finish_close(std::string_view payload) {
  ws_item item{.kind = ws_kind::close, .code = ws_close_no_code, .data = payload};
  if (payload.size() == 1) return fail(ws_error::close_truncated);
  if (payload.size() >= 2) {
    item.code = static_cast<std::uint16_t>(read_big_endian(payload.data(), 2));
    item.data.remove_prefix(2);
    if (!close_code_allowed(item.code)) return fail(ws_error::close_code);
    if (!simdjson::validate_utf8(item.data.data(), item.data.size())) return fail(ws_error::close_reason);
  }
  end();
  return item;
}

ws_item ws_decoder::fail(ws_error error) {
  end();
  return ws_item{.kind = ws_kind::error, .error = error, .data = {}};
}

void ws_decoder::end() {
  ended_ = true;
  input_ = {};
}

void ws_decoder::release() {
  handed_out_->clear();
  handed_out_ = nullptr;
}

std::string_view to_string(ws_error error) {
  switch (error) {
    case ws_error::none:
      return "no error";
    case ws_error::masked:
      return "the server sent a masked frame";
    case ws_error::reserved_bits:
      return "the server sent a frame with reserved bits set";
    case ws_error::unknown_opcode:
      return "the server sent a frame with an unknown opcode";
    case ws_error::control_fragmented:
      return "the server sent a fragmented control frame";
    case ws_error::control_too_long:
      return "the server sent a control frame of more than 125 bytes";
    case ws_error::unexpected_continuation:
      return "the server sent a continuation frame while no message was under way";
    case ws_error::expected_continuation:
      return "the server began a message before the fragmented one had ended";
    case ws_error::length_not_minimal:
      return "the server sent a frame whose length is not in its shortest form";
    case ws_error::length_too_large:
      return "the server sent a frame length with its top bit set";
    case ws_error::deflate_data:
      return "the server sent a compressed message that cannot be inflated";
    case ws_error::message_too_big:
      return "the server sent a message beyond the receive limit";
    case ws_error::close_truncated:
      return "the server sent a close frame of one byte";
    case ws_error::close_code:
      return "the server sent a close code that must not be sent";
    case ws_error::close_reason:
      return "the server sent a close reason that is not UTF-8";
  }
  return "unknown error";
}

std::uint16_t close_code_for(ws_error error) {
  if (error == ws_error::message_too_big) return ws_close_too_big;
  if (error == ws_error::close_reason || error == ws_error::deflate_data) return ws_close_bad_data;
  return ws_close_protocol_error;
}

}  // namespace roombridge::upstream
