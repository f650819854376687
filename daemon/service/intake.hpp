// SPDX-License-Identifier: MIT
// From upstream to the log: every event is parsed once, appended once, and the local side is told to write. Counts what
// is dropped and says so in the log at a bounded rate.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "daemon/base/log_limiter.hpp"
#include "daemon/base/logger.hpp"
#include "daemon/base/secret_file.hpp"
#include "daemon/events/parser.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/local/server.hpp"
#include "daemon/log/event_log.hpp"
#include "daemon/service/acknowledger.hpp"
#include "daemon/upstream/client/client.hpp"

namespace roombridge::service {

struct intake_counters {
  std::uint64_t events = 0;      // appended to the log
  std::uint64_t unexpected = 0;  // of these: not what the profile expects
  std::uint64_t malformed = 0;   // dropped: the text is no event
  std::uint64_t unwanted = 0;    // dropped: the config does not list them and says so
  std::uint64_t repeated = 0;    // dropped: they came already
};

class intake final : public upstream::client_handler {
 public:
  using status_function = std::function<void(const upstream::client_status&)>;

  // All references outlive the intake, and `journal`, which may be null; `server` is set before the client runs.
  // `on_status_change` comes after the log has got its record of an outage.
  intake(events::parser& parser, log::event_log& log, journal::journal* journal, logger& diagnostics,
         status_function on_status_change);

  // Both, before the client runs.
  void attach(local::server& server) { server_ = &server; }
  void attach(const upstream::client& client) { client_ = &client; }
  // What answers the events that want an acknowledgement; before the client runs.
  void answer_by(acknowledger::answer_function answer) { acknowledger_.answer_by(std::move(answer)); }

  // Who wants to know of files with secrets that are read; before the client runs.
  void tell_opened(file_opened told) { file_opened_ = std::move(told); }

  void on_identity(const upstream::identity_digest& whose, std::string_view who) override;
  void on_status(const upstream::client_status& status) override;
  void on_event(std::string_view data, std::span<const upstream::bytes_view> attachments,
                std::optional<upstream::ack_ticket> wanted) override;
  void on_burst_end() override;
  void on_secret_file(const std::string& path, const file_facts& facts) override {
    if (file_opened_) file_opened_(path, facts);
  }

  [[nodiscard]] const intake_counters& counters() const { return counters_; }
  [[nodiscard]] const acknowledger& acknowledgements() const { return acknowledger_; }

 private:
  void write();
  void keep_session(bool another);
  void report_malformed(events::parse_fault fault, std::size_t size);
  void report_unexpected(const events::parsed_event& event);

  events::parser& parser_;
  log::event_log& log_;
  journal::journal* const journal_;
  logger& diagnostics_;
  status_function on_status_change_;
  file_opened file_opened_;
  local::server* server_ = nullptr;
  const upstream::client* client_ = nullptr;
  std::optional<upstream::identity_digest> owner_;  // of what is in the log
  std::string owner_words_;                         // the same; empty: of an earlier life
  upstream::state last_state_ = upstream::state::offline;
  bool session_kept_ = false;
  struct receipt {
    std::int64_t wall;    // microseconds since the Unix epoch
    std::int64_t steady;  // nanoseconds
  };
  std::optional<receipt> received_;  // the burst under way, once it had an event
  intake_counters counters_;
  acknowledger acknowledger_;
  log_limiter malformed_limit_;
  log_limiter unexpected_limit_;
};

}  // namespace roombridge::service
