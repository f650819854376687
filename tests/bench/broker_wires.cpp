// SPDX-License-Identifier: MIT
// Message brokers: the load publishes into them what a bridge would.
#include <charconv>
#include <cstdint>

#include "tests/bench/wire.hpp"

namespace bench {
namespace {

// Where the events of `reservation` are published; empty: all events.
std::string channel_of(std::string_view reservation, char separator) {
  std::string out = "reservation_update";
  if (!reservation.empty()) (out += separator).append(reservation);
  return out;
}

// MQTT 3.1.1 at quality of service 0.
class mqtt_wire final : public wire {
 public:
  std::string greeting() const override { return connect("source"); }
  std::string publication(std::string_view reservation, std::string_view payload) const override {
    return packet(0x30, text(channel_of(reservation, '/')).append(payload));
  }
  std::string subscription(std::size_t number, std::string_view reservation) const override {
    return connect("s" + std::to_string(number)) +
           packet(0x82, std::string("\0\1", 2) + text(channel_of(reservation, '/')) + '\0');
  }

  std::size_t consume(std::string_view bytes, receiver& to) const override {
    std::size_t at = 0;
    for (;;) {
      std::size_t length = 0;
      std::size_t body = at + 1;
      for (unsigned shift = 0;; shift += 7, ++body) {
        if (body >= bytes.size()) return at;
        length |= static_cast<std::size_t>(bytes[body] & 0x7F) << shift;
        if ((bytes[body] & 0x80) == 0) break;
      }
      ++body;
      if (bytes.size() - body < length) return at;
      on_packet(bytes[at], bytes.substr(body, length), to);
      at = body + length;
    }
  }

 private:
  static void on_packet(char type, std::string_view body, receiver& to) {
    if (type == '\x30') {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(body[i]); };
      to.on_event(body.data() + 2 + (byte(0) << 8 | byte(1)));
    } else if (type == '\x90') {  // SUBACK
      to.on_ready();
    }
  }

  static std::string text(std::string_view value) {
    return std::string{static_cast<char>(value.size() >> 8), static_cast<char>(value.size())}.append(value);
  }

  static std::string packet(unsigned char type, std::string_view body) {
    std::string out(1, static_cast<char>(type));
    std::size_t length = body.size();
    do {
      out += static_cast<char>((length & 0x7F) | (length > 0x7F ? 0x80 : 0));
    } while ((length >>= 7) != 0);
    return out.append(body);
  }

  // A clean session without keep-alive.
  static std::string connect(std::string_view client) {
    return packet(0x10, text("MQTT") + std::string("\4\2\0\0", 4) + text(client));
  }
};

// The line at `at` without its end, which is \r\n; `at` moves behind it. False: it is not whole.
bool take_line(std::string_view bytes, std::size_t& at, std::string_view& line) {
  const std::size_t end = bytes.find("\r\n", at);
  if (end == std::string_view::npos) return false;
  line = bytes.substr(at, end - at);
  at = end + 2;
  return true;
}

std::size_t number_of(std::string_view digits) {
  std::size_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

class redis_wire final : public wire {
 public:
  std::string greeting() const override { return command({"CLIENT", "REPLY", "OFF"}); }
  std::string publication(std::string_view reservation, std::string_view payload) const override {
    return command({"PUBLISH", channel_of(reservation, '-'), payload});
  }
  std::string subscription(std::size_t, std::string_view reservation) const override {
    return command({"SUBSCRIBE", channel_of(reservation, '-')});
  }

  // All that comes are arrays of three: "message" or "subscribe", the channel, and the payload or a number.
  std::size_t consume(std::string_view bytes, receiver& to) const override {
    std::size_t at = 0;
    for (;;) {
      std::size_t next = at;
      std::string_view line;
      std::string_view parts[3];
      if (!take_line(bytes, next, line)) return at;
      for (auto& part : parts) {
        if (!take_line(bytes, next, line)) return at;
        if (line.front() != '$') continue;
        const std::size_t size = number_of(line.substr(1));
        if (bytes.size() - next < size + 2) return at;
        part = bytes.substr(next, size);
        next += size + 2;
      }
      at = next;
      if (parts[0] == "message") {
        to.on_event(parts[2].data());
      } else {
        to.on_ready();
      }
    }
  }

 private:
  static std::string command(std::initializer_list<std::string_view> words) {
    std::string out = "*" + std::to_string(words.size()) + "\r\n";
    for (const auto word : words) {
      out.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
    }
    return out;
  }
};

class nats_wire final : public wire {
 public:
  std::string greeting() const override { return "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n"; }
  std::string publication(std::string_view reservation, std::string_view payload) const override {
    std::string out = "PUB ";
    out.append(channel_of(reservation, '.')).append(" ").append(std::to_string(payload.size())).append("\r\n");
    return out.append(payload).append("\r\n");
  }
  std::string subscription(std::size_t, std::string_view reservation) const override {
    return greeting() + "SUB " + channel_of(reservation, '.') + " 1\r\nPING\r\n";
  }

  std::size_t consume(std::string_view bytes, receiver& to) const override {
    std::size_t at = 0;
    for (;;) {
      std::size_t next = at;
      std::string_view line;
      if (!take_line(bytes, next, line)) return at;
      if (line.starts_with("MSG ")) {
        const std::size_t size = number_of(line.substr(line.rfind(' ') + 1));
        if (bytes.size() - next < size + 2) return at;
        to.on_event(bytes.data() + next);
        next += size + 2;
      } else if (line == "PONG") {
        to.on_ready();
      }
      at = next;
    }
  }
};

}  // namespace

std::unique_ptr<wire> make_broker_wire(std::string_view program) {
  if (program == "mosquitto") return std::make_unique<mqtt_wire>();
  if (program == "redis") return std::make_unique<redis_wire>();
  if (program == "nats") return std::make_unique<nats_wire>();
  return nullptr;
}

}  // namespace bench
