// SPDX-License-Identifier: MIT
#include "daemon/service/intake.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "daemon/service/crash_session.hpp"
#include "daemon/service/random_epoch.hpp"

namespace roombridge::service {
namespace {

template <class Clock, class Unit>
std::int64_t now() {
  return std::chrono::duration_cast<Unit>(Clock::now().time_since_epoch()).count();
}

std::string and_more(std::uint64_t suppressed) {
  return suppressed == 0 ? std::string() : " (and " + std::to_string(suppressed) + " more since the last such line)";
}

}  // namespace

intake::intake(events::parser& parser, log::event_log& log, journal::journal* journal, logger& diagnostics,
               status_function on_status_change)
    : parser_(parser),
      log_(log),
      journal_(journal),
      diagnostics_(diagnostics),
      on_status_change_(std::move(on_status_change)),
      acknowledger_(journal, diagnostics) {
  if (journal_ == nullptr) return;
  owner_ = journal_->owner();
  journal_->on_settled([this] { acknowledger_.answer(); });
}

void intake::on_identity(const upstream::identity_digest& whose, std::string_view who) {
  if (owner_ && *owner_ != whose) {
    diagnostics_.warning(
        "the events until now are erased, as they are another's: " +
            (owner_words_.empty() ? "they are of an earlier run of the daemon with another user or server"
                                  : "they are of " + owner_words_) +
            ", and now the connection is of " + std::string(who),
        {{"CAUSE", "identity_changed"}});
    log_.start_epoch(random_epoch());
    parser_.forget();
    acknowledger_.forget();
  }
  owner_ = whose;
  owner_words_ = who;
  if (journal_ != nullptr) journal_->set_owner(whose);
}

void intake::on_status(const upstream::client_status& status) {
  const upstream::state before = std::exchange(last_state_, status.state);
  const bool entered = status.state != before;
  if (entered && status.state == upstream::state::authenticated && status.lost) {
    log_.append_upstream_gap(status.lost->time_since_epoch().count(), status.since.time_since_epoch().count());
  }
  // What the last life left, too: its file is gone by now. And from CONNECT's answer on offsets may be another
  // session's.
  const bool another =
      entered && (status.state == upstream::state::connected || status.state == upstream::state::authenticated ||
                  before == upstream::state::authenticated);
  keep_session(!std::exchange(session_kept_, true) || another);
  on_status_change_(status);
  write();
}

// `another`: unless it is another one, only a logout changes what is kept; the disk is not to be written to for its
// time.
void intake::keep_session(bool another) {
  if (journal_ == nullptr) return;
  auto left = client_->left_by_a_crash();
  if (left && !another) return;
  kept_session now = to_kept(std::move(left));
  journal_->keep_session(now.id, std::move(now.text));
}

void intake::on_event(std::string_view data, std::span<const upstream::bytes_view> attachments,
                      std::optional<upstream::ack_ticket> wanted) {
  events::parsed_event event;
  if (const auto fault = parser_.parse(data, event); fault != events::parse_fault::none) {
    report_malformed(fault, data.size());
    return;
  }
  if (!event.repeat_key.empty() && parser_.repeats(event.repeat_key, std::chrono::steady_clock::now())) {
    ++counters_.repeated;
  } else if (event.what == events::disposition::deliver) {
    ++counters_.events;
    if (!event.unexpected.empty()) report_unexpected(event);
    if (!received_)
      received_ = {now<std::chrono::system_clock, std::chrono::microseconds>(),
                   now<std::chrono::steady_clock, std::chrono::nanoseconds>()};
    if (journal_ != nullptr) journal_->set_offset(client_->offset());
    log_.append({.time = received_->wall,
                 .received = received_->steady,
                 .name = event.name,
                 .topics = event.topics,
                 .fields = event.fields,
                 .unexpected = !event.unexpected.empty(),
                 .arguments = event.arguments,
                 .attachments = attachments,
                 .retain_key = event.retain_key});
  } else if (event.what == events::disposition::unwanted) {
    ++counters_.unwanted;
  }
  if (wanted && event.what != events::disposition::reserved) acknowledger_.take(event, *wanted, log_.newest());
}

void intake::on_burst_end() {
  received_.reset();
  write();
}

void intake::write() {
  if (journal_ != nullptr) {
    journal_->flush();
    if (journal_->exhausted()) {
      diagnostics_.error("the journal can reserve no more sequence numbers: a new epoch begins, which is not on disk",
                         {{"CAUSE", "journal_failed"}});
      log_.start_epoch(random_epoch());
    }
  }
  server_->flush();
  acknowledger_.answer();
}

void intake::report_malformed(events::parse_fault fault, std::size_t size) {
  ++counters_.malformed;
  if (const auto more = malformed_limit_.occurred(std::chrono::steady_clock::now())) {
    diagnostics_.warning("dropped an event of " + std::to_string(size) + " bytes from the server: " +
                             std::string(to_string(fault)) + "; the connection is kept" + and_more(*more),
                         {{"CAUSE", "malformed_event"}});
  }
}

void intake::report_unexpected(const events::parsed_event& event) {
  ++counters_.unexpected;
  if (const auto more = unexpected_limit_.occurred(std::chrono::steady_clock::now())) {
    diagnostics_.warning("event '" + std::string(event.name) + "' is not what events.rules expects: field '" +
                             std::string(event.unexpected) + "' is missing or unusable; delivered and marked" +
                             and_more(*more),
                         {{"CAUSE", "unexpected_event"}, {"EVENT", event.name}});
  }
}

}  // namespace roombridge::service
