// SPDX-License-Identifier: MIT
#include "daemon/upstream/transport/upgradable.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <random>

#include "daemon/base/as_result.hpp"
#include "daemon/base/timer.hpp"
#include "daemon/upstream/transport/polling.hpp"
#include "daemon/upstream/transport/probe_answer.hpp"
#include "daemon/upstream/transport/websocket.hpp"
#include "daemon/upstream/wire/polling_payload.hpp"

namespace roombridge::upstream {
namespace {

using clock = std::chrono::steady_clock;
using io::timer;

using io::as_result;

}  // namespace

class upgradable::impl : public std::enable_shared_from_this<upgradable::impl> {
 public:
  impl(io::context& context, tracer& trace, endpoint where, tls_options tls, std::size_t receive_limit, plan probes)
      : context_(context),
        trace_(trace),
        where_(std::move(where)),
        tls_(std::move(tls)),
        receive_limit_(receive_limit),
        plan_(std::move(probes)),
        random_(std::random_device{}()),
        delay_(context),
        deadline_(context),
        polling_(std::make_unique<polling>(context, trace, where_, tls_, receive_limit)),
        current_(polling_.get()) {}

  transport& current() const { return *current_; }

  io::task<std::optional<failure>> open(std::chrono::milliseconds patience) {
    patience_ = patience;
    auto failed = co_await polling_->open(patience);
    if (!failed && polling_->opened().offers_websocket) start_probing();
    co_return failed;
  }

  io::task<burst> read() { return polling_ ? read_polling() : current_->read(); }

  void close(std::uint16_t code, std::chrono::milliseconds patience) {
    give_up_probing();
    current_->close(code, patience);
  }

  void abort() {
    give_up_probing();
    current_->abort();
  }

 private:
  void start_probing() {
    boost::asio::co_spawn(context_, probe(shared_from_this()), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
  }

  // Until one was answered well. Its argument keeps this alive while it runs.
  io::task<> probe(std::shared_ptr<impl>) {
    while (!over_ && !ready_) {
      const auto wait =
          std::exchange(plan_.at_once, false) ? std::chrono::milliseconds{0} : plan_.delays.next(random_());
      delay_.expires_after(wait + std::exchange(pause_, std::chrono::milliseconds{0}));
      co_await delay_.async_wait(as_result);
      if (over_) co_return;
      candidate_ = std::make_unique<websocket>(context_, trace_, where_, polling_->session(), tls_, receive_limit_,
                                               plan_.compression);
      trace_.step("upgrade", "asking over a WebSocket, beside the polling");
      arm_deadline();
      const bool answered = co_await ask();
      ++attempt_;
      deadline_.cancel();
      ready_ = answered && !over_;
      if (ready_) trace_.step("upgrade", "answered: the session moves when the poll under way ends");
      if (!ready_) candidate_.reset();
    }
  }

  io::task<bool> ask() {
    const auto failed = co_await candidate_->open(patience_);
    if (failed) {
      trace_.step("upgrade", "not now: " + in_general(failed->why));
      if (failed->retry_after) {
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        pause_ = std::min<std::chrono::milliseconds>(length_of(*failed->retry_after, now), plan_.longest_pause);
      }
      co_return false;
    }
    probe_answer answer(receive_limit_, where_.name);
    candidate_->send_text(probe_answer::question);
    candidate_->flush();
    while (!answer.good() && !answer.bad()) {
      const burst got = co_await candidate_->read();
      if (got.bytes.empty()) {
        trace_.step("upgrade", "not answered: " + in_general(got.ended.why));
        co_return false;
      }
      candidate_->deliver(got.bytes, answer.to());
      candidate_->flush();  // pongs
    }
    co_return answer.good();
  }

  void arm_deadline() {
    deadline_.expires_after(patience_);
    deadline_.async_wait([self = weak_from_this(), attempt = attempt_](const boost::system::error_code& error) {
      const auto alive = self.lock();
      // The number tells a late call from a timely one.
      if (!error && alive && alive->attempt_ == attempt) alive->candidate_->abort();
    });
  }

  void give_up_probing() {
    over_ = true;
    ready_ = false;
    delay_.cancel();
    if (polling_ && candidate_) candidate_->abort();
  }

  // A poll has ended, and what it brought has been delivered: the moment to move over.
  io::task<burst> read_polling() {
    if (ready_ && polling_->all_read()) {
      const bool paused = co_await polling_->pause();
      if (paused && ready_) {
        if (candidate_->quiet()) {
          move_over();
          co_return co_await current_->read();
        }
        probe_again();
      }
    }
    co_return co_await polling_->read();
  }

  void move_over() {
    std::string waiting = polling_->take_waiting();
    polling_.reset();
    over_ = true;
    candidate_->send_text("5");
    for (std::string_view rest = waiting; !rest.empty();) {
      const std::string_view packet = polling_payload::take_packet(rest);
      if (polling_payload::is_binary(packet)) {
        candidate_->send_binary(*polling_payload::decode_binary(packet));
      } else {
        candidate_->send_text(packet);
      }
    }
    candidate_->flush();
    current_ = candidate_.get();
    trace_.step("upgrade", "the session has moved to the WebSocket");
    plan_.on_upgrade();
  }

  // The WebSocket has ended while the poll did.
  void probe_again() {
    ready_ = false;
    trace_.step("upgrade", "the WebSocket has ended before the session could move");
    candidate_.reset();
    polling_->resume();
    start_probing();
  }

  io::context& context_;
  tracer& trace_;
  endpoint where_;
  tls_options tls_;
  std::size_t receive_limit_;
  plan plan_;
  std::chrono::milliseconds pause_{0};  // that the answer to the last probe asked for
  std::mt19937_64 random_;
  std::chrono::milliseconds patience_{0};
  timer delay_;
  timer deadline_;  // of a probe
  unsigned attempt_ = 0;
  std::unique_ptr<polling> polling_;      // null: the session has moved over
  std::unique_ptr<websocket> candidate_;  // asked, or moved to
  transport* current_;
  bool ready_ = false;  // the candidate answered well
  bool over_ = false;   // no more probes
};

upgradable::upgradable(io::context& context, tracer& trace, endpoint where, tls_options tls, std::size_t receive_limit,
                       plan probes)
    : impl_(
          std::make_shared<impl>(context, trace, std::move(where), std::move(tls), receive_limit, std::move(probes))) {}
upgradable::~upgradable() {
  impl_->abort();
}

io::task<std::optional<failure>> upgradable::open(std::chrono::milliseconds patience) {
  return impl_->open(patience);
}
io::task<burst> upgradable::read() {
  return impl_->read();
}
void upgradable::deliver(std::string_view bytes, inbound& to) {
  impl_->current().deliver(bytes, to);
}
void upgradable::send_text(std::string_view message) {
  impl_->current().send_text(message);
}
void upgradable::send_binary(std::string_view message) {
  impl_->current().send_binary(message);
}
void upgradable::flush() {
  impl_->current().flush();
}
void upgradable::close(std::uint16_t code, std::chrono::milliseconds patience) {
  impl_->close(code, patience);
}
void upgradable::abort() {
  impl_->abort();
}
std::size_t upgradable::queued() const {
  return impl_->current().queued();
}

}  // namespace roombridge::upstream
