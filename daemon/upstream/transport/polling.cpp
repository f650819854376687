// SPDX-License-Identifier: MIT
#include "daemon/upstream/transport/polling.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "daemon/base/as_result.hpp"
#include "daemon/base/duration_text.hpp"
#include "daemon/base/timer.hpp"
#include "daemon/upstream/net/cookie_jar.hpp"
#include "daemon/upstream/net/http_channel.hpp"
#include "daemon/upstream/transport/polling_answer.hpp"
#include "daemon/upstream/wire/padded_buffer.hpp"
#include "daemon/upstream/wire/polling_payload.hpp"

namespace roombridge::upstream {
namespace {

using clock = std::chrono::steady_clock;
using io::timer;

using io::as_result;

// Bytes of one POST that holds several packets, however much more the server takes.
constexpr std::uint64_t max_batch = 1u << 20;

}  // namespace

class polling::impl : public std::enable_shared_from_this<polling::impl> {
 public:
  impl(io::context& context, tracer& trace, endpoint where, const tls_options& tls, std::size_t receive_limit)
      : context_(context),
        where_(std::move(where)),
        receive_limit_(receive_limit),
        polls_(context, trace, where_, tls),
        posts_(context, trace, where_, tls),
        cookies_(where_),
        post_deadline_(context),
        close_deadline_(context),
        idle_(context) {}

  io::task<std::optional<failure>> open(std::chrono::milliseconds patience) {
    patience_ = patience;
    const auto failed = co_await poll();
    if (failed) co_return failed;
    auto opening = read_opening(unread_, where_);
    if (auto* instead = std::get_if<failure>(&opening)) co_return std::move(*instead);
    opened_ = std::get<engineio::open>(std::move(opening));
    fresh_ = true;
    co_return std::nullopt;
  }

  io::task<burst> read() {
    if (!unread_.empty()) {
      // A response may be as large as receive_limit: between its pieces others have their turn.
      if (!std::exchange(fresh_, false)) co_await boost::asio::post(context_, as_result);
    } else if (usable() && !closing_) {
      auto failed = co_await poll();
      if (failed) fail(*failed);
    }
    if (closing_) co_await idle();
    co_return closing_ || !usable() ? ended() : next_piece();
  }
  bool all_read() const { return unread_.empty(); }

  void queue(std::string_view message, void (*append)(std::string&, std::string_view)) {
    if (!usable() || closing_) return;
    append(waiting_, message);
    if (queued() <= max_queued) return;
    fail({cause::send_stalled,
          where_.name + " does not take what is sent: " + std::to_string(queued()) + " bytes wait"});
  }

  void flush() {
    if (posting_ || !has_batch()) return;
    posting_ = true;
    boost::asio::co_spawn(context_, post_all(shared_from_this()), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
  }

  void close(std::chrono::milliseconds patience) {
    closing_ = true;
    resume();
    close_deadline_.expires_after(patience);
    close_deadline_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
      const auto alive = self.lock();
      if (!error && alive) alive->abort();
    });
  }

  void abort() {
    aborted_ = true;
    polls_.abort();
    posts_.abort();
    post_deadline_.cancel();
    close_deadline_.cancel();
    idle_.cancel();
  }

  std::size_t queued() const { return waiting_.size() + under_way_.size(); }

  const engineio::open& opened() const { return opened_; }
  engine_session session() const { return {opened_.sid, cookies_.header()}; }

  io::task<bool> pause() {
    paused_ = true;
    co_await idle();
    co_return paused_&& usable();
  }
  void resume() {
    paused_ = false;
    flush();
  }
  std::string take_waiting() { return std::exchange(waiting_, {}); }

 private:
  bool usable() const { return !aborted_ && broken_.why == cause::none; }

  // Until no POST is under way. One at a time awaits it.
  io::task<> idle() {
    idle_.expires_at(timer::time_point::max());
    while (posting_ && usable()) co_await idle_.async_wait(as_result);
  }

  // One poll; its body is in unread_ afterwards.
  io::task<std::optional<failure>> poll() {
    http_response response(receive_limit_);
    std::string request = request_head("GET", where_, transport_kind::polling, session()) + "\r\n";
    auto failed = co_await polls_.exchange(std::move(request), patience_, response);
    if (!failed) failed = check(response, 0);
    if (!failed) {
      body_ = response.take_body();
      unread_ = body_.append(read_padding, '\0');
      unread_.remove_suffix(read_padding);
    }
    co_return failed;
  }

  // Its argument keeps this alive while it runs.
  io::task<> post_all(std::shared_ptr<impl>) {
    while (has_batch()) {
      take_batch();
      auto failed = co_await post();
      under_way_.clear();
      if (failed) fail(*failed);
    }
    posting_ = false;
    idle_.cancel();
  }

  bool has_batch() const { return !paused_ && usable() && (!waiting_.empty() || (closing_ && !parted_)); }

  // The close packet goes by itself: a server handles it before a DISCONNECT that comes with it.
  void take_batch() {
    if (waiting_.empty()) {
      engineio::append_packet(under_way_, engineio::packet_type::close);
      parted_ = true;
      return;
    }
    under_way_ = polling_payload::first_packets(waiting_, std::min(opened_.payload_limit(), max_batch));
    waiting_.erase(0, under_way_.size() + 1);
  }

  io::task<std::optional<failure>> post() {
    arm_post_deadline();
    http_response response(receive_limit_);
    std::string request = request_head("POST", where_, transport_kind::polling, session());
    request += "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: " + std::to_string(under_way_.size());
    request += "\r\n\r\n" + under_way_;
    auto failed = co_await posts_.exchange(std::move(request), patience_, response);
    post_deadline_.cancel();
    if (!failed) failed = check(response, under_way_.size());
    co_return failed;
  }

  void arm_post_deadline() {
    const auto limit = opened_.ping_interval + opened_.ping_timeout;
    post_deadline_.expires_after(limit);
    post_deadline_.async_wait([self = weak_from_this(), limit](const boost::system::error_code& error) {
      const auto alive = self.lock();
      if (error || !alive || !alive->posting_) return;
      alive->fail({cause::send_stalled, alive->where_.name + " did not answer a POST within " + duration_text(limit)});
    });
  }

  std::optional<failure> check(const http_response& response, std::size_t posted) {
    for (const std::string_view one : response.lines("Set-Cookie")) cookies_.take(one);
    return judge_answer(response, where_, posted);
  }

  void fail(const failure& why) {
    if (!usable()) return;
    broken_ = why;
    polls_.abort();
    posts_.abort();
    idle_.cancel();
  }

  burst next_piece() {
    const std::string_view piece = polling_payload::take_piece(unread_, stream::burst_size);
    return {piece, {}, false};
  }

  burst ended() const {
    if (broken_.why != cause::none) return {{}, broken_, false};
    return {{}, {cause::connection_lost, "the connection to " + where_.name + " was given up"}, closing_ && !aborted_};
  }

  io::context& context_;
  endpoint where_;
  std::size_t receive_limit_;
  std::chrono::milliseconds patience_{0};
  http_channel polls_;
  http_channel posts_;
  cookie_jar cookies_;
  engineio::open opened_;
  std::string body_;         // of the last poll, and read_padding bytes
  std::string_view unread_;  // the rest of it that read() has not handed out
  bool fresh_ = false;       // it is open()'s, of which nothing was handed out
  std::string waiting_;      // a payload
  std::string under_way_;    // of the POST
  timer post_deadline_;
  timer close_deadline_;
  timer idle_;  // never expires; cancelled when no POST is under way any more
  failure broken_;
  bool posting_ = false;
  bool paused_ = false;
  bool closing_ = false;
  bool parted_ = false;  // the close packet was sent
  bool aborted_ = false;
};

polling::polling(io::context& context, tracer& trace, endpoint where, const tls_options& tls, std::size_t receive_limit)
    : impl_(std::make_shared<impl>(context, trace, std::move(where), tls, receive_limit)) {}
polling::~polling() {
  impl_->abort();
}

io::task<std::optional<failure>> polling::open(std::chrono::milliseconds patience) {
  return impl_->open(patience);
}
io::task<burst> polling::read() {
  return impl_->read();
}

void polling::deliver(std::string_view bytes, inbound& to) {
  while (!bytes.empty() && to.wants_more()) {
    const std::string_view packet = polling_payload::take_packet(bytes);
    if (!polling_payload::is_binary(packet)) {
      to.on_text(packet);
    } else if (auto message = polling_payload::decode_binary(packet)) {
      const std::size_t size = message->size();
      message->append(read_padding, '\0');
      to.on_binary(std::string_view(*message).substr(0, size));
    } else {
      to.on_malformed("a binary packet over polling is not base64");
    }
  }
}

void polling::send_text(std::string_view message) {
  impl_->queue(message, polling_payload::append_text);
}
void polling::send_binary(std::string_view message) {
  impl_->queue(message, polling_payload::append_binary);
}
void polling::flush() {
  impl_->flush();
}
void polling::close(std::uint16_t, std::chrono::milliseconds patience) {
  impl_->close(patience);
}
void polling::abort() {
  impl_->abort();
}
std::size_t polling::queued() const {
  return impl_->queued();
}
const engineio::open& polling::opened() const {
  return impl_->opened();
}
engine_session polling::session() const {
  return impl_->session();
}
bool polling::all_read() const {
  return impl_->all_read();
}
io::task<bool> polling::pause() {
  return impl_->pause();
}
void polling::resume() {
  impl_->resume();
}
std::string polling::take_waiting() {
  return impl_->take_waiting();
}

}  // namespace roombridge::upstream
