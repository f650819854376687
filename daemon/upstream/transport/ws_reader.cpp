// SPDX-License-Identifier: MIT
#include "daemon/upstream/transport/ws_reader.hpp"

#include "daemon/upstream/wire/ws_handshake.hpp"

namespace roombridge::upstream {

ws_reader::ws_reader(std::size_t receive_limit, std::string name, std::function<void(std::string_view)> on_ping)
    : receive_limit_(receive_limit), name_(std::move(name)), on_ping_(std::move(on_ping)), decoder_(receive_limit) {}

void ws_reader::allow_compressed(deflate_parameters settled) {
  inflater_.emplace(settled, receive_limit_);
  decoder_.allow_compressed();
}

void ws_reader::feed(std::string_view bytes, inbound& to) {
  if (!std::exchange(begun_, true)) {
    if (const std::string line = http_status_line(bytes); !line.empty()) {
      to.on_broken({cause::engine_refused, name_ + " refused the Engine.IO session behind the handshake: " + line},
                   ws_close_protocol_error);
      return;
    }
  }
  decoder_.feed(bytes);
  while (to.wants_more()) {
    auto item = decoder_.next();
    if (!item) return;
    const bool compressed = item->compressed;
    if (compressed) inflate(*item);
    hand_over(*item, to);
    if (compressed) inflater_->clear();
  }
}

void ws_reader::inflate(ws_item& item) {
  const ws_error failed = inflater_->inflate(item.data);
  item.data = inflater_->view();
  if (failed == ws_error::none) return;
  item.kind = ws_kind::error;
  item.error = failed;
}

void ws_reader::hand_over(const ws_item& item, inbound& to) {
  switch (item.kind) {
    case ws_kind::text:
      return to.on_text(item.data);
    case ws_kind::binary:
      return to.on_binary(item.data);
    case ws_kind::ping:
      return on_ping_(item.data);
    case ws_kind::pong:
      return;
    case ws_kind::close:
      return to.on_broken(describe_close(item.code, item.data), item.code);
    case ws_kind::error:
      break;
  }
  if (item.error == ws_error::message_too_big) {
    to.on_broken({cause::message_too_large, "a message from " + name_ + " is larger than upstream.receive_limit (" +
                                                std::to_string(receive_limit_) + " bytes)"},
                 close_code_for(item.error));
  } else {
    to.on_broken(
        {cause::protocol_error, name_ + " broke the WebSocket protocol: " + std::string(to_string(item.error))},
        close_code_for(item.error));
  }
}

}  // namespace roombridge::upstream
