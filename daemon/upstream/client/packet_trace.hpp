// SPDX-License-Identifier: MIT
// Packets as lines of a trace: the outside whole, of the inside the shape. Pure.
//
// Invariant: no value of an argument, no sid, no pid, and nothing at all of what authentication sends and gets. An
// event's name and a namespace are the server's words: they are made printable, but may be anything.
#pragma once

#include <span>
#include <vector>

#include "daemon/upstream/options.hpp"
#include "daemon/upstream/trace.hpp"
#include "daemon/upstream/wire/engineio.hpp"
#include "daemon/upstream/wire/socketio.hpp"

namespace roombridge::upstream {

// Any packet but a message. Of the open packet it says what concerns heartbeat, sizes and upgrades.
[[nodiscard]] trace_line describe_packet(const engineio::packet& packet);

// `attachments`: their sizes. `auth`: which events' arguments are left out whole.
[[nodiscard]] trace_line describe_packet(const socketio::packet& packet, std::vector<std::uint32_t> attachments,
                                         const auth_options& auth);

// The text of one Engine.IO packet of ours, whatever it is, and the attachments behind it.
[[nodiscard]] trace_line describe_text(std::string_view text, std::vector<std::uint32_t> attachments,
                                       const auth_options& auth);

// The sizes of things that have a size.
template <class Attachments>
[[nodiscard]] std::vector<std::uint32_t> sizes_of(const Attachments& attachments) {
  std::vector<std::uint32_t> out;
  out.reserve(attachments.size());
  for (const auto& one : attachments) out.push_back(static_cast<std::uint32_t>(one.size()));
  return out;
}

}  // namespace roombridge::upstream
