// SPDX-License-Identifier: MIT
// The daemon's WebSocket codec by itself, for ws_agreement.js. Records on standard input are a little-endian u32
// length, a kind and so many bytes.
//
// usage: ws_mirror request   the handshake's request
//        ws_mirror read      h: the server's answer to it; s: what the server sends then. A line of JSON for each s:
//                            what is read of it, when it comes at once, byte by byte, and cut in two anywhere
//        ws_mirror write     t text, b binary, o pong, c close (two bytes of code, and a reason): the frame of each,
//                            led by its length like the records
#include <boost/json.hpp>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "daemon/upstream/transport/upgrade.hpp"
#include "daemon/upstream/wire/ws_decoder.hpp"
#include "daemon/upstream/wire/ws_frame.hpp"
#include "daemon/upstream/wire/ws_inflater.hpp"

namespace {

namespace json = boost::json;
using namespace roombridge::upstream;

constexpr std::size_t receive_limit = 1 << 20;

upgrade handshake() {
  return {std::get<endpoint>(make_endpoint("http://localhost", "/socket.io/")), {}, {}, true};
}

struct item {
  std::string kind;
  std::string data;
  bool operator==(const item&) const = default;
};

// One reading of a stream, in whatever pieces.
class reading {
 public:
  explicit reading(const std::optional<deflate_parameters>& deflate) {
    if (!deflate) return;
    decoder_.allow_compressed();
    inflater_.emplace(*deflate, receive_limit);
  }

  // From a buffer that ends where the contract says, so that a sanitizer sees a read too far.
  void feed(std::string_view piece) {
    const auto buffer = std::make_unique<char[]>(piece.size() + read_padding);
    if (!piece.empty()) std::memcpy(buffer.get(), piece.data(), piece.size());
    decoder_.feed({buffer.get(), piece.size()});
    while (const auto got = decoder_.next()) items.push_back(describe(*got));
  }

  std::vector<item> items;

 private:
  item describe(const ws_item& got) {
    std::string_view data = got.data;
    if (got.compressed) {
      if (const ws_error failed = inflater_->inflate(data); failed != ws_error::none)
        return {"error", std::string(to_string(failed))};
      data = inflater_->view();
    }
    switch (got.kind) {
      case ws_kind::text:
        return {"text", std::string(data)};
      case ws_kind::binary:
        return {"binary", std::string(data)};
      case ws_kind::ping:
        return {"ping", std::string(data)};
      case ws_kind::pong:
        return {"pong", std::string(data)};
      case ws_kind::close:
        return {"close " + std::to_string(got.code), std::string(data)};
      case ws_kind::error:
        break;
    }
    return {"error", std::string(to_string(got.error))};
  }

  ws_decoder decoder_{receive_limit};
  std::optional<ws_inflater> inflater_;
};

// Everywhere in a short stream; in a long one wherever its first frames begin and its last ones end, and here and
// there.
std::vector<std::size_t> cuts(std::size_t size) {
  constexpr std::size_t dense = 16;
  const std::size_t stride = size > 700 ? size / 8 : 1;
  std::vector<std::size_t> out;
  for (std::size_t at = 1; at < size; ++at) {
    if (at <= dense || at + dense >= size || at % stride == 0) out.push_back(at);
  }
  return out;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

json::object read(std::string_view stream, const std::optional<deflate_parameters>& deflate) {
  reading whole(deflate);
  whole.feed(stream);
  json::object out;
  json::array& items = out["items"].emplace_array();
  for (const item& one : whole.items) items.push_back(json::array{one.kind, hex(one.data)});

  reading bytes(deflate);
  for (std::size_t i = 0; i < stream.size(); ++i) bytes.feed(stream.substr(i, 1));
  if (bytes.items != whole.items) out["differs"] = "byte by byte";
  for (const std::size_t at : cuts(stream.size())) {
    reading halves(deflate);
    halves.feed(stream.substr(0, at));
    halves.feed(stream.substr(at));
    if (halves.items != whole.items) out["differs"] = "cut at " + std::to_string(at);
  }
  return out;
}

struct record {
  char kind;
  std::string_view bytes;
};

std::vector<record> records(std::string_view input) {
  std::vector<record> out;
  while (input.size() >= 5) {
    std::uint32_t size = 0;
    std::memcpy(&size, input.data(), sizeof size);
    out.push_back({input[4], input.substr(5, size)});
    input.remove_prefix(5 + out.back().bytes.size());
  }
  return out;
}

void read_all(const std::vector<record>& input) {
  std::optional<deflate_parameters> deflate;
  for (const auto& [kind, bytes] : input) {
    if (kind == 's') {
      std::cout << read(bytes, deflate) << '\n';
      continue;
    }
    upgrade shaken = handshake();
    if (!shaken.feed(bytes) || shaken.result() || !shaken.surplus().empty()) {
      std::cerr << "ws_mirror: the handshake: " << (shaken.result() ? shaken.result()->text : bytes) << '\n';
      std::exit(1);
    }
    deflate = shaken.deflate();
  }
}

void write_all(const std::vector<record>& input) {
  std::mt19937 random{20261};  // of masks
  for (const auto& [kind, bytes] : input) {
    ws_mask mask;
    for (auto& byte : mask) byte = static_cast<std::uint8_t>(random());
    std::string frame;
    if (kind == 'c') {
      const auto code =
          static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]));
      append_close(frame, code, bytes.substr(2), mask);
    } else if (kind == 'o') {
      append_pong(frame, bytes, mask);
    } else {
      append_frame(frame, kind == 't' ? ws_opcode::text : ws_opcode::binary, bytes, mask);
    }
    const auto size = static_cast<std::uint32_t>(frame.size());
    std::cout.write(reinterpret_cast<const char*>(&size), sizeof size) << 'f' << frame;
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const std::string_view mode = argc == 2 ? argv[1] : "";
  if (mode == "request") {
    std::cout << handshake().request();
    return 0;
  }
  const std::string input{std::istreambuf_iterator<char>{std::cin}, {}};
  if (mode == "read") {
    read_all(records(input));
  } else if (mode == "write") {
    write_all(records(input));
  } else {
    std::cerr << "usage: ws_mirror request | read | write\n";
    return 2;
  }
  return 0;
}
