// SPDX-License-Identifier: MIT
// From a WebSocket's bytes to the messages for `inbound`: frames are decoded, pings answered, and what ends the stream
// is named. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/upstream/transport/inbound.hpp"
#include "daemon/upstream/wire/ws_decoder.hpp"
#include "daemon/upstream/wire/ws_inflater.hpp"

namespace roombridge::upstream {

class ws_reader {
 public:
  // `receive_limit`: bytes of one message. `name`: of the server, for words. `on_ping` gets a ping's payload, which
  // lives for the call.
  ws_reader(std::size_t receive_limit, std::string name, std::function<void(std::string_view)> on_ping);

  // The handshake has settled permessage-deflate; before the first feed().
  void allow_compressed(deflate_parameters settled);

  // Takes what one read brought, with read_padding readable bytes behind it.
  void feed(std::string_view bytes, inbound& to);

 private:
  void hand_over(const ws_item& item, inbound& to);
  void inflate(ws_item& item);

  std::size_t receive_limit_;
  std::string name_;
  std::function<void(std::string_view)> on_ping_;
  ws_decoder decoder_;
  std::optional<ws_inflater> inflater_;
  bool begun_ = false;
};

}  // namespace roombridge::upstream
