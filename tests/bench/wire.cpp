// SPDX-License-Identifier: MIT
// The programs that are fed by a Socket.IO server, or by its bytes.
#include "tests/bench/wire.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <roombridge/proto/frame.hpp>

#include "tests/upstream/web_socket.hpp"

namespace bench {
namespace {

namespace proto = roombridge::proto;

// What precedes the payload in an event's packet, and in the place of the payload's first byte.
constexpr std::string_view packet_begin = R"(42["reservation_update",)";

class socketio_wire : public wire {
 public:
  // ["name",{…}] where the payload is [{…}].
  std::string publication(std::string_view, std::string_view payload) const override {
    return test_upstream::text_frame(std::string(packet_begin).append(payload.substr(1)));
  }
};

class daemon_wire final : public socketio_wire {
 public:
  std::string subscription(std::size_t, std::string_view reservation) const override {
    std::string head = R"({"id":1,"events":["reservation_update"])";
    if (!reservation.empty()) head.append(R"(,"topics":["reservation-)").append(reservation).append(R"("])");
    std::string out;
    if (!proto::append_frame(out, proto::frame_type::hello, R"({"versions":[1],"client":"bench"})") ||
        !proto::append_frame(out, proto::frame_type::subscribe, head + "}"))
      std::abort();
    return out;
  }

  std::size_t consume(std::string_view bytes, receiver& to) const override {
    std::size_t at = 0;
    while (bytes.size() - at >= proto::header_size) {
      proto::header_bytes raw;
      std::memcpy(raw.data(), bytes.data() + at, raw.size());
      const proto::header header = proto::decode_header(raw);
      if (bytes.size() - at < proto::header_size + header.body_length) break;
      on_frame(header, bytes.substr(at + proto::header_size, header.body_length), to);
      at += proto::header_size + header.body_length;
    }
    return at;
  }

 private:
  static void on_frame(const proto::header& header, std::string_view body, receiver& to) {
    switch (header.type) {
      case proto::frame_type::event:
        return to.on_event(body.data() + header.head_length);
      case proto::frame_type::live:
        return to.on_ready();
      case proto::frame_type::gap:
      case proto::frame_type::error:
      case proto::frame_type::bye:
        std::fprintf(stderr, "load: the run is void: a subscriber got %.*s\n", static_cast<int>(body.size()),
                     body.data());
        std::exit(1);
      default:
        return;
    }
  }
};

// Whoever connects gets the source's bytes: WebSocket frames.
class copier_wire final : public socketio_wire {
 public:
  std::string subscription(std::size_t, std::string_view) const override { return {}; }

  std::size_t consume(std::string_view bytes, receiver& to) const override {
    constexpr std::size_t header = 4;
    std::size_t at = 0;
    while (bytes.size() - at >= header) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[at + i]); };
      const std::size_t size = header + static_cast<std::size_t>(byte(2) << 8 | byte(3));
      if (byte(1) != 126 || bytes.size() - at < size) break;
      to.on_event(bytes.data() + at + header + packet_begin.size() - 1);
      at += size;
    }
    return at;
  }
};

// One line of JSON an event, after one that greets.
class node_wire final : public socketio_wire {
 public:
  std::string subscription(std::size_t, std::string_view) const override { return {}; }

  std::size_t consume(std::string_view bytes, receiver& to) const override {
    constexpr std::string_view begin = R"(["reservation_update",)";
    std::size_t at = 0;
    for (std::size_t end; (end = bytes.find('\n', at)) != std::string_view::npos; at = end + 1) {
      if (end == at) {
        to.on_ready();
      } else {
        to.on_event(bytes.data() + at + begin.size() - 1);
      }
    }
    return at;
  }
};

}  // namespace

std::unique_ptr<wire> make_wire(std::string_view program) {
  if (program == "daemon") return std::make_unique<daemon_wire>();
  if (program == "copier") return std::make_unique<copier_wire>();
  if (program == "node") return std::make_unique<node_wire>();
  return make_broker_wire(program);
}

}  // namespace bench
