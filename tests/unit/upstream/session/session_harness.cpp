// SPDX-License-Identifier: MIT
#include "tests/unit/upstream/session/session_harness.hpp"

#include <algorithm>

namespace roombridge::upstream::test {

options plain_options() {
  options out;
  out.rooms.declared = {"shop-1", "admin-general"};
  return out;
}

harness::harness(options settings, std::uint64_t seed) : machine(std::move(settings)), random_(seed) {}

moment harness::at() {
  return {now, random_ += 0x9e3779b97f4a7c15, wall_start + now.time_since_epoch()};
}

void harness::start() {
  machine.start(at());
  settle();
}

// All that the machine wants first, then the server's next answer, as a network would bring it.
void harness::settle() {
  for (;;) {
    for (auto actions = machine.take_actions(); !actions.empty(); actions = machine.take_actions()) {
      for (const auto& one : actions) {
        std::visit([this](const auto& what) { perform(what); }, one);
      }
    }
    if (reactions_.empty()) return;
    const auto next = std::move(reactions_.front());
    reactions_.pop_front();
    next();
  }
}

// A step of the server's: the answer, or the fault in its place; nothing once the connection is gone.
void harness::react(std::function<void()> reaction) {
  reactions_.push_back([this, reaction = std::move(reaction), connection = connections] {
    if (!open || connection != connections) return;
    if (fault_at == steps++) {
      fault(*this);
    } else {
      machine.on_heard(now);
      reaction();
    }
  });
}

void harness::advance(milliseconds by) {
  const auto until = now + by;
  for (auto next = machine.next_deadline(); next && *next <= until; next = machine.next_deadline()) {
    now = std::max(now, *next);
    machine.on_time(at());
    settle();
  }
  now = until;
}

bool harness::advance_to_deadline() {
  const auto next = machine.next_deadline();
  if (!next) return false;
  now = std::max(now, *next);
  machine.on_time(at());
  settle();
  return true;
}

bool harness::reach(state wanted, int turns) {
  for (; turns > 0 && status().state != wanted; --turns) {
    if (!advance_to_deadline()) return false;
  }
  return status().state == wanted;
}

void harness::event(std::string_view name, std::string_view arguments) {
  machine.on_heard(now);
  machine.on_event("[\"" + std::string(name) + '"' + (arguments.empty() ? "" : ",") + std::string(arguments) + ']',
                   at());
  settle();
}

void harness::engine(std::string_view text) {
  input(text);
  settle();
}

void harness::input(std::string_view text) {
  machine.on_heard(now);
  const auto packet = *engineio::decode(text);
  if (packet.type == engineio::packet_type::message) {
    machine.on_packet(*socketio::decode(packet.data), at());
  } else {
    machine.on_engine_packet(packet, at());
  }
}

void harness::put_token(std::optional<std::string> fresh) {
  token = std::move(fresh);
  machine.on_token(reading(), at());
  settle();
}

void harness::lose(cause why) {
  open = false;
  machine.on_transport_end({why, "test"}, at());
  settle();
}

token_reading harness::reading() const {
  if (token) return {token, {}};
  return {std::nullopt, {without_token, "no token"}};
}

int harness::count_sent(std::string_view begin) const {
  return static_cast<int>(
      std::count_if(sent.begin(), sent.end(), [&](const auto& text) { return text.starts_with(begin); }));
}

void harness::perform(const action::read_token&) {
  machine.on_token(reading(), at());
}

void harness::perform(const action::connect& what) {
  ++connections;
  extras = what.extras;
  turn = what.turn;
  over.push_back(what.over);
  sent.clear();
  rooms.clear();
  open = true;
  if (!reachable) {
    open = false;
    reactions_.push_back([this] { machine.on_transport_end({cause::tcp_refused, "nothing listens"}, at()); });
    return;
  }
  react([this] {
    machine.on_transport_open(at());
    react([this] {
      input(R"(0{"sid":"e","upgrades":)" + upgrades +
            R"(,"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000})");
    });
  });
}

void harness::perform(const action::close& what) {
  closes.push_back(what.code);
  open = false;
}

void harness::perform(const action::send& what) {
  sent.push_back(what.text);
  if (open) serve(what.text);
}

void harness::serve(const std::string& text) {
  if (!answers) return;
  const bool good = std::any_of(accepted.begin(), accepted.end(), [&](const auto& one) {
    return text.find(R"("token":")" + one + '"') != std::string::npos ||
           text.find(R"(,")" + one + "\"]") != std::string::npos;
  });
  if (text.starts_with(R"(40{"token")") && !good) {
    return react([this] { input(R"(44{"message":"jwt expired"})"); });
  }
  if (text == "40" || text.starts_with("40{")) {
    return react(
        [this] { input(offers_pid.empty() ? R"(40{"sid":"s"})" : R"(40{"sid":"s","pid":")" + offers_pid + R"("})"); });
  }
  if (text.starts_with(R"(42["authenticate")")) {
    return react([this, good] {
      const std::string arguments = answer.empty() ? "" : ',' + answer;
      machine.on_event(good ? R"(["auth_success")" + arguments + ']' : R"(["auth_error",{"message":"jwt expired"}])",
                       at());
    });
  }
  const auto room_of = [&text] {
    const auto begin = text.find(R"("roomId":")") + 10;
    return text.substr(begin, text.find('"', begin) - begin);
  };
  if (text.find(R"(["join_room")") < 8) rooms.insert(room_of());
  if (text.starts_with(R"(42["leave_room")")) rooms.erase(room_of());
  react([] {});  // no answer, but a place for a fault
}

}  // namespace roombridge::upstream::test
