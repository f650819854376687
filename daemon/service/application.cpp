// SPDX-License-Identifier: MIT
#include "daemon/service/application.hpp"

#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstring>
#include <exception>
#include <optional>
#include <roombridge/proto/error.hpp>

#include "daemon/base/io.hpp"
#include "daemon/base/timer.hpp"
#include "daemon/base/wipe.hpp"
#include "daemon/config/load.hpp"
#include "daemon/events/parser.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/local/access_changes.hpp"
#include "daemon/local/server.hpp"
#include "daemon/log/event_log.hpp"
#include "daemon/service/composition.hpp"
#include "daemon/service/crash_session.hpp"
#include "daemon/service/file_guard.hpp"
#include "daemon/service/hiding_logger.hpp"
#include "daemon/service/host_objections.hpp"
#include "daemon/service/intake.hpp"
#include "daemon/service/random_epoch.hpp"
#include "daemon/service/reload_report.hpp"
#include "daemon/service/reloader.hpp"
#include "daemon/service/report.hpp"
#include "daemon/service/requests.hpp"
#include "daemon/service/subscriber_journal.hpp"
#include "daemon/service/systemd.hpp"
#include "daemon/upstream/client/client.hpp"
#include "daemon/upstream/exposure.hpp"

namespace roombridge::service {
namespace {

namespace asio = boost::asio;
using signals = asio::basic_signal_set<io::executor>;

// How long local programs may take to read what they have been sent when the daemon stops.
constexpr std::chrono::milliseconds drain_time{1000};

// Of a config that is reloaded: far more than a name service takes that answers at all.
constexpr std::chrono::milliseconds longest_preparation{30'000};

// Of a room (PROTOCOL.md section 7).
constexpr std::size_t shown_holders = 16;

upstream::wall_time now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

// Thousands of local connections must not fail at the shell's soft limit. A token command does not inherit it.
void raise_descriptor_limit(logger& diagnostics) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    diagnostics.warning(std::string("cannot raise the limit of open files: ") + std::strerror(errno));
}

void check_descriptor_limit(const config::settings& value, logger& diagnostics) {
  constexpr rlim_t others = 128;  // upstream, the journal, what is kept for root, and some
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || value.local.connections + others <= limit.rlim_cur) return;
  diagnostics.warning("local.connections allows " + std::to_string(value.local.connections) +
                      ", but this process may have only " + std::to_string(limit.rlim_cur) + " open files, and needs " +
                      std::to_string(others) +
                      " for other things; raise LimitNOFILE= in the unit, or lower local.connections");
}

}  // namespace

class application::impl {
 public:
  impl(config::settings initial, secret_files guarded, std::string config_path, system_logger& diagnostics)
      : config_(std::move(initial)),
        config_path_(std::move(config_path)),
        system_logger_(diagnostics),
        diagnostics_(diagnostics),
        parser_(event_profile(config_)),
        journal_(open_journal()),
        log_(config_.log_capacity, journal_ ? journal_->epoch() : random_epoch()),
        intake_(parser_, log_, journal_.get(), diagnostics_,
                [this](const upstream::client_status&) { publish_status(); }),
        client_(context_, config_.upstream, intake_, diagnostics_),
        requests_(client_, parser_,
                  {.status = [this](const local::call_request& by) { return status(by); },
                   .rooms = [this](const local::call_request& by) { return rooms_json(rooms(by)); },
                   .reload = [this](local::answer_function done) { reloader_.reload(std::move(done)); },
                   .forget = [this](local::answer_function done) { forget(std::move(done)); },
                   .trace = [this](local::peer_token who, std::chrono::milliseconds time,
                                   local::answer_function done) { trace(who, time, std::move(done)); }}),
        subscribers_kept_(journal_ ? std::make_optional<subscriber_journal>(*journal_) : std::nullopt),
        named_(subscribers_kept_ ? &*subscribers_kept_ : nullptr,
               [] {
                 return wall_watch::reading{std::chrono::steady_clock::now(), now()};
               }),
        server_(context_, local_options(config_), server_name(), log_, requests_, named_, diagnostics_),
        stop_signals_(context_.get_executor(), SIGTERM, SIGINT),
        reload_signals_(context_.get_executor(), SIGHUP),
        reloader_(
            context_, diagnostics_, [path = config_path_] { return prepare_config(path); },
            [this](prepared_config prepared) { return take(std::move(prepared)); }, longest_preparation),
        watchdog_(context_.get_executor()) {
    diagnostics_.hide_by([this](std::string_view text) { return client_.hidden(text); });
    log_.retained().configure(config_.retained);
    intake_.attach(server_);
    intake_.attach(client_);
    intake_.tell_opened([this](const std::string& path, const file_facts& facts) { guard_.opened(path, facts); });
    guard_.watch_over(std::move(guarded));
    intake_.answer_by([this](const upstream::ack_ticket& wanted) { client_.acknowledge(wanted); });
    if (journal_) journal_->attach(log_);
    if (journal_ && journal_->crashed()) {
      if (auto left = after_crash(*journal_->crashed())) client_.resume(*std::move(left));
    }
    if (subscribers_kept_) subscribers_kept_->serve(named_);
    publish_status();
  }

  // What is said from here on is said by those who may outlive the client.
  ~impl() { diagnostics_.hide_by(nullptr); }
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  void run() {
    raise_descriptor_limit(diagnostics_);
    check_descriptor_limit(config_, diagnostics_);
    spawn(client_.run());
    spawn(server_.run());
    wait_for_stop();
    wait_for_reload();
    feed_watchdog();
    diagnostics_.info("serving local programs on " + config_.local.socket + ", upstream " + config_.upstream.url);
    systemd::ready();
    context_.run();
    if (journal_) journal_->stop();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  // The loop ends with the last of the top-level coroutines. One that fails takes the service down: the manager starts
  // it afresh, which beats half a service.
  void spawn(io::task<> task) {
    ++running_;
    asio::co_spawn(context_, std::move(task), [this](const std::exception_ptr& failure) {
      if (failure && !failure_) failure_ = failure;
      if (--running_ == 0 || failure) context_.stop();
    });
  }

  void wait_for_stop() {
    stop_signals_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      diagnostics_.info(number == SIGINT ? "stopping on SIGINT" : "stopping on SIGTERM");
      systemd::stopping();
      client_.stop();  // first: what programs still wait for is answered before they are told goodbye
      server_.stop(drain_time);
    });
  }

  void wait_for_reload() {
    reload_signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      reloader_.reload([](const local::answer&) {});
      wait_for_reload();
    });
  }

  void feed_watchdog() {
    const auto interval = systemd::alive_interval();
    if (!interval) return;
    systemd::alive();
    watchdog_.expires_after(*interval);
    watchdog_.async_wait([this](const boost::system::error_code& error) {
      if (!error) feed_watchdog();
    });
  }

  // All or nothing: what was prepared is good as a whole, or nothing of it counts.
  local::answer take(prepared_config prepared) {
    auto& [errors, warnings] = prepared.against;
    const bool good = prepared.loaded.value && errors.empty();
    if (good) {
      for (const local::objection& each : local::opened_to_everyone(config_.local, prepared.loaded.value->local))
        warnings.push_back(prepared.loaded.places.error_of(each.key, each.text));
    }
    for (const config::error& each : warnings) diagnostics_.warning(each.to_string());
    if (!good) return refuse(prepared.loaded.value ? errors : prepared.loaded.errors);
    guard_.watch_over(std::move(prepared.guarded));
    return apply(*std::move(prepared.loaded.value), *std::move(prepared.access), warnings);
  }

  local::answer refuse(const std::vector<config::error>& errors) {
    local::answer verdict;
    verdict.error = static_cast<int>(proto::error_code::config_invalid);
    for (const config::error& error : errors) {
      const std::string text = error.to_string();
      diagnostics_.error("reload refused, nothing changed: " + text, {{"CAUSE", "config_invalid"}});
      verdict.text += (verdict.text.empty() ? "" : "\n") + text;
    }
    return verdict;
  }

  // `warnings` are told with the answer.
  local::answer apply(config::settings changed, local::access_rules access,
                      const std::vector<config::error>& warnings) {
    reload_report report = report_reload(started_with_, config_, changed);
    for (const config::error& each : warnings) report.warnings.push_back(each.to_string());
    parser_.configure(event_profile(changed));
    log_.retained().configure(changed.retained);
    system_logger_.set_level(changed.level);
    server_.reconfigure(local_options(changed), std::move(access));
    config_ = std::move(changed);
    report.trouble = server_.look_after_socket();
    check_descriptor_limit(config_, diagnostics_);
    using upstream::connection_use;
    client_.reconfigure(config_.upstream,
                        report.new_connection.empty() ? connection_use::keep : connection_use::make_anew);
    publish_status();
    server_.flush();
    if (report.restart_needed.empty()) {
      diagnostics_.info(report.to_string());
    } else {
      diagnostics_.warning(report.to_string());
    }
    if (!report.trouble.empty())
      diagnostics_.error("no local program can connect: " + report.trouble, {{"CAUSE", "socket_lost"}});
    return {.payload = report.to_json()};
  }

  void trace(local::peer_token who, std::chrono::milliseconds time, local::answer_function done) {
    server_.trace(who, time, std::move(done));
    client_.trace([this](const upstream::trace_line& line) { return server_.publish_trace(trace_frame(line, now())); });
  }

  std::unique_ptr<journal::journal> open_journal() {
    if (config_.journal.directory.empty()) return nullptr;
    return std::make_unique<journal::journal>(context_, config_.journal, random_epoch(), diagnostics_, files_);
  }

  void forget(local::answer_function done) {
    diagnostics_.info("all events until now are forgotten, as was asked for");
    log_.start_epoch(random_epoch());
    parser_.forget();
    asio::post(context_, wipe_stack);  // from the event loop itself: above it are only its own frames
    server_.flush();
    if (!journal_) return done({.payload = "{}"});
    journal_->when_erased([done = std::move(done)](const journal::fault& wrong) {
      local::answer answer{.payload = "{}"};
      if (wrong) {
        answer = {.error = static_cast<int>(proto::error_code::internal),
                  .text = "nobody is given the events until now any more, but they are still on the disk: " + *wrong +
                          "; they are erased as soon as that works"};
      }
      done(std::move(answer));
    });
  }

  void publish_status() {
    const upstream::client_status& status = client_.status();
    if (status.state == upstream::state::authenticated) {
      away_since_.reset();
    } else if (!away_since_) {
      away_since_ = status.lost.value_or(status.since);
    }
    const auto hide = [this](std::string_view text) { return client_.hidden(text); };
    server_.publish_status(status_frame(status, client_.rooms(), hide));
    const std::string line = manager_line(status, server_.socket_trouble());
    // Which rooms are joined changes as often as local programs wish, and is no concern of the manager's.
    if (line != manager_told_) systemd::status(hide(manager_told_ = line));
  }

  std::vector<room_report> rooms(const local::call_request& by) const {
    std::vector<room_report> out;
    for (upstream::room_status& room : client_.rooms()) {
      if (!by.may->may_know(room.room.text)) continue;
      auto held =
          room.room.number ? local::room_holders::held{} : server_.holders().of(room.room.text, by.sees, shown_holders);
      // The words may be the server's: they are for who has asked for the room.
      if (by.sees && held.holders == 0) room.text.clear();
      // A program, or the answer to the authentication, may have named it after a secret.
      room.room.text = client_.hidden(room.room.text);
      room.text = client_.hidden(room.text);
      out.push_back({std::move(room), std::move(held)});
    }
    return out;
  }

  // What an operator should know for as long as it is so.
  std::vector<std::string> warnings() {
    std::vector<std::string> out = guard_.look();
    if (const auto exposed = upstream::find_exposure(config_.upstream))
      out.push_back(exposed->key + ": " + exposed->allowed());
    return out;
  }

  std::string status(const local::call_request& by) {
    const auto rooms = this->rooms(by);
    const auto counts = server_.counts(by.sees);
    if (by.sees) {
      return status_json(user_facts{.started = started_,
                                    .away_since = away_since_,
                                    .epoch = log_.epoch(),
                                    .upstream = client_.status(),
                                    .rooms = rooms,
                                    .local = counts,
                                    .named_subscribers = named_.size(by.sees)});
    }
    return status_json({.config_path = config_path_,
                        .url = config_.upstream.url,
                        .started = started_,
                        .away_since = away_since_,
                        .log = log_,
                        .journal = journal_ ? std::optional(journal_->state()) : std::nullopt,
                        .journal_capacity = started_with_.journal.capacity,
                        .upstream = client_.status(),
                        .rooms = rooms,
                        .upstream_counters = client_.counters(),
                        .recovery_offered = client_.recovery_offered(),
                        .held = client_.held(),
                        .intake = intake_.counters(),
                        .acknowledgements = intake_.acknowledgements(),
                        .local = server_.counters(),
                        .socket_trouble = server_.socket_trouble(),
                        .latency = server_.latency(),
                        .connections = counts,
                        .named_subscribers = named_.size(),
                        .memory = read_memory_use(),
                        .log_dropped = system_logger_.dropped(),
                        .warnings = warnings()});
  }

  config::settings config_;
  const config::settings started_with_ = config_;  // a change of these may need a restart
  std::string config_path_;
  system_logger& system_logger_;
  hiding_logger diagnostics_;
  file_guard guard_{diagnostics_};
  upstream::wall_time started_ = now();
  std::optional<upstream::wall_time> away_since_ = started_;  // not authenticated since; across the states of an outage
  io::context context_{1};
  events::parser parser_;
  journal::file_system files_;
  std::unique_ptr<journal::journal> journal_;  // null: the config wants none
  log::event_log log_;
  intake intake_;
  upstream::client client_;
  requests requests_;
  std::optional<subscriber_journal> subscribers_kept_;
  local::named_subscribers named_;
  local::server server_;
  signals stop_signals_;
  signals reload_signals_;
  reloader reloader_;
  io::timer watchdog_;
  std::string manager_told_;  // systemd
  int running_ = 0;
  std::exception_ptr failure_;
};

application::application(config::settings initial, secret_files guarded, std::string config_path,
                         system_logger& diagnostics)
    : impl_(std::make_unique<impl>(std::move(initial), std::move(guarded), std::move(config_path), diagnostics)) {}
application::~application() = default;
void application::run() {
  impl_->run();
}

}  // namespace roombridge::service
