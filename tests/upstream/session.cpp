// SPDX-License-Identifier: MIT
#include "tests/upstream/session.hpp"

#include <array>
#include <cstdio>
#include <utility>

namespace test_upstream {

session::session(boost::asio::io_context& context, std::unique_ptr<web_socket> socket, std::uint64_t id,
                 const session_options& options, strike_function strike, packet_function on_packet, end_function on_end)
    : id_(id),
      options_(options),
      strike_(std::move(strike)),
      on_packet_(std::move(on_packet)),
      on_end_(std::move(on_end)),
      ping_timer_(context),
      connect_timer_(context),
      socket_(std::move(socket)) {}

void session::start() {
  socket_->start([this](std::string_view data, bool binary) { on_message(data, binary); },
                 [weak = weak_from_this()](std::string_view why) {
                   if (const auto self = weak.lock()) self->on_closed(why);
                 });
  connect_timer_.expires_after(options_.connect_timeout);
  connect_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    if (const auto self = weak.lock(); self && !error) self->close("no namespace was joined in time");
  });
  ping();
  std::array<char, 200> text{};
  const int size =
      std::snprintf(text.data(), text.size(),
                    R"(0{"sid":"engine-%llu","upgrades":[],"pingInterval":%lld,"pingTimeout":%lld,"maxPayload":%zu})",
                    static_cast<unsigned long long>(id_), static_cast<long long>(options_.ping_interval.count()),
                    static_cast<long long>(options_.ping_timeout.count()), options_.max_payload);
  send(step::open, std::string(text.data(), static_cast<std::size_t>(size)));
}

// The timers' handlers hold the session weakly: one that is already due runs even when the session has ended meanwhile.
void session::ping() {
  ping_timer_.expires_after(options_.ping_interval);
  ping_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    if (const auto self = weak.lock(); self && !error) self->expect_pong();
  });
}

void session::expect_pong() {
  socket_->send("2");
  ping_timer_.expires_after(options_.ping_timeout);
  ping_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    if (const auto self = weak.lock(); self && !error) self->drop("ping timeout");
  });
}

void session::on_closed(std::string_view why) {
  ping_timer_.cancel();
  connect_timer_.cancel();
  on_end_(closing_.empty() ? why : std::string_view{closing_});
}

void session::on_message(std::string_view data, bool binary) {
  if (!closing_.empty()) return;
  if (binary) return on_attachment(data);
  on_text(data);
}

void session::on_text(std::string_view text) {
  if (text == "3") return ping();
  if (text == "1") return close("the client closed the session");
  if (text.empty() || text.front() != '4') return close("illegal Engine.IO packet");
  if (incomplete_) return close("a text packet between attachments");
  auto parsed = parse_packet(text.substr(1));
  if (!parsed) return close("illegal Socket.IO packet");
  if (parsed->attachments_expected == 0) return on_packet_(std::move(*parsed));
  incomplete_ = std::move(parsed);
}

void session::on_attachment(std::string_view data) {
  if (!incomplete_) return close("an attachment that no packet announced");
  incomplete_->attachments.emplace_back(data);
  if (incomplete_->attachments.size() < incomplete_->attachments_expected) return;
  on_packet_(std::move(*std::exchange(incomplete_, std::nullopt)));
}

void session::send(step at, const outgoing& what) {
  send(at, encode(what));
  for (const auto& attachment : what.attachments) socket_->send(attachment, true);
}

void session::send(step at, std::string message) {
  if (!closing_.empty()) return;
  if (const auto struck = strike_(at)) return commit(*struck, std::move(message));
  if (!message.empty()) socket_->send(std::move(message));
}

void session::commit(const fault& what, std::string due) {
  using kind = fault::kind;
  switch (what.what) {
    case kind::text:
      return socket_->send(what.text);
    case kind::twice:
      if (!due.empty()) socket_->send(due);
      break;
    case kind::before:
      socket_->send(what.text);
      break;
    case kind::close:
      return close("a fault");
    case kind::slow:
      socket_->commit(what);
      break;
    default:
      closing_ = "a fault";
      ping_timer_.cancel();
      connect_timer_.cancel();
      return socket_->commit(what);
  }
  if (!due.empty()) socket_->send(std::move(due));
}

void session::send_control(packet_type type, std::string_view nsp, std::string_view data) {
  socket_->send(encode_control(type, nsp, data));
}

void session::send_raw(std::span<const std::byte> frames, web_socket::written_function done) {
  socket_->send_raw(frames, std::move(done));
}

void session::close(std::string_view why) {
  if (!closing_.empty()) return;
  closing_ = why;
  ping_timer_.cancel();
  socket_->close();
}

void session::drop(std::string_view why) {
  if (closing_.empty()) closing_ = why;
  socket_->drop();
}

}  // namespace test_upstream
