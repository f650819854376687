// SPDX-License-Identifier: MIT
#include "daemon/local/hub.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <roombridge/proto/messages.hpp>

#include "daemon/local/costs.hpp"

namespace roombridge::local {
namespace {

// Connections, and descriptors for them, beyond what programs may have: for those who come to see what has used them
// up. Root and the daemon's user get in even where administrators have taken theirs.
constexpr std::size_t kept_for_root = 16;
constexpr std::size_t kept_for_admins = 8;

// In which everybody gets what is there, before BYE.
constexpr int last_turns = 200;

std::size_t kept_for(const credentials& who, const rights& may) {
  if (who.uid == 0 || who.uid == ::geteuid()) return kept_for_root;
  return may.control() ? kept_for_admins : 0;
}

// Whether this descriptor is one of the last, which the upstream connection, the token and a reload must still get, and
// those who have fewer than the most connections kept for them must leave to the others.
bool is_reserved(int fd, std::size_t kept) {
  const rlim_t reserve = 32 + kept_for_root - kept;
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && static_cast<rlim_t>(fd) + reserve >= limit.rlim_cur;
}

std::string and_more(std::uint64_t suppressed) {
  return suppressed == 0 ? std::string{} : " (and " + std::to_string(suppressed) + " more since the last such line)";
}

}  // namespace

// While one exists, no peer is destroyed.
class hub::call_scope {
 public:
  explicit call_scope(hub& owner) : owner_(owner) { ++owner_.calls_; }
  ~call_scope() {
    if (--owner_.calls_ == 0) owner_.reap();
  }
  call_scope(const call_scope&) = delete;
  call_scope& operator=(const call_scope&) = delete;

 private:
  hub& owner_;
};

hub::hub(io::context& context, const options& initial, std::string server_name, log::event_log& events,
         request_handler& handler, named_subscribers& named, logger& log, clock now, identifier identify)
    : config_(initial),
      server_name_(std::move(server_name)),
      events_(events),
      handler_(handler),
      named_(named),
      log_(log),
      now_(std::move(now)),
      identify_(std::move(identify)),
      access_(config_, ::geteuid()),
      executor_(context.get_executor()),
      self_(std::make_shared<hub*>(this)),
      poller_(context, [this](std::span<const epoll_event> ready) { on_ready(ready); }),
      deadlines_(executor_, [this] { expire(); }) {
  named_.configure(config_.user_subscribers, config_.subscriber_expiry);
}

hub::~hub() {
  *self_ = nullptr;
}

void hub::adopt(unique_fd fd) {
  const auto who = identify_(fd.get());
  if (!who) return log_.warning("a local connection could not be taken up: the kernel does not tell whose it is");
  const auto may = access_.of(*who);
  const auto account = accounts_.of(who->uid, now_());
  if (const std::string why = no_room_for(*who, *may, *account, fd.get()); !why.empty())
    return refuse(std::move(fd), *who, *may, why);
  const peer_token token = last_token_ + 1;
  if (!poller_.add(fd.get(), token, EPOLLIN)) return log_.warning("a local connection could not be watched");
  last_token_ = token;
  ++counters_.accepted;
  if (log_.enabled(log_level::debug)) {
    log_.debug("a local program connected: pid " + std::to_string(who->pid) + ", uid " + std::to_string(who->uid));
  }
  connections_.take(who->uid, 1);
  by_user_.emplace(who->uid, token);
  peers_.emplace(token, std::make_unique<peer>(*this, token, std::move(fd), who->uid, who->pid, may, account));
}

// Which limit refuses a new connection; empty: none does.
std::string hub::no_room_for(const credentials& who, const rights& may, const user_account& account, int fd) const {
  const std::size_t kept = kept_for(who, may);
  if (peers_.size() >= config_.connections + kept)
    return "local.connections allows " + std::to_string(config_.connections) + ", and " +
           std::to_string(peers_.size()) + " are taken";
  if (account.connections >= config_.user_connections + kept)
    return "local.user_connections allows " + std::to_string(config_.user_connections) + " of one user";
  if (const share_holder user{who.uid, kept > 0}; !connections_.fits(config_.connections + kept, user, 1))
    return connections_.objection(config_.connections, user, "connections (local.connections)");
  if (is_reserved(fd, kept))
    return "the limit of open files leaves no room; raise LimitNOFILE= or lower local.connections";
  return {};
}

// Too many connections: one attempt to say so, no more. Who else is connected is for the log and administrators.
void hub::refuse(unique_fd fd, const credentials& who, const rights& may, const std::string& why) {
  ++counters_.refused;
  const auto suppressed = refusals_.occurred(now_());
  std::string told =
      "no room for more: " + why + "; your user has " + std::to_string(accounts_.of(who.uid, now_())->connections);
  if (suppressed || may.control()) {
    const auto [user, most] = accounts_.busiest();
    const std::string holder =
        "uid " + std::to_string(user) + " holds " + std::to_string(most) + " of " + std::to_string(peers_.size());
    if (may.control()) told += "; " + holder;
    if (suppressed) {
      log_.warning("a local connection of uid " + std::to_string(who.uid) + ", pid " + std::to_string(who.pid) +
                   ", was refused: " + why + "; " + holder + and_more(*suppressed));
    }
  }
  discard_input(fd.get(), read_buffer_);
  const std::string bye = proto::encode(bye_for(end_reason::too_many_connections, told));
  [[maybe_unused]] const auto sent = ::send(fd.get(), bye.data(), bye.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

peer* hub::find(peer_token token) {
  const auto found = peers_.find(token);
  return found == peers_.end() ? nullptr : found->second.get();
}

void hub::on_ready(std::span<const epoll_event> events) {
  const call_scope scope{*this};
  for (const auto& event : events) {
    peer* const who = find(event.data.u64);
    if (who == nullptr) continue;
    who->on_socket(event.events);
    turns_.add(*who);
  }
  if (!flush_posted_) flush();
}

void hub::schedule(peer& who) {
  turns_.add(who);
  if (!flushing_) post_flush();
}

void hub::watch(peer& who, std::uint32_t events) {
  poller_.change(who.fd(), who.token(), events);
}

void hub::post_flush() {
  if (std::exchange(flush_posted_, true)) return;
  boost::asio::post(executor_, [self = self_] {
    if (*self == nullptr) return;
    (*self)->flush_posted_ = false;
    (*self)->flush();
  });
}

void hub::flush() {
  if (std::exchange(flushing_, true)) {
    flush_again_ = true;
    return;
  }
  const call_scope scope{*this};
  serve_turn();
  for (const uid_t user : accounts_.above(config_.user_buffer)) shed(user);
  for (const peer_token token : std::exchange(waiting_for_room_, {})) {
    if (peer* const who = find(token)) who->offer_room();
  }
  flushing_ = false;
  if (std::exchange(flush_again_, false) || !turns_.empty()) post_flush();
}

void hub::serve_turn() {
  events_.cursors().wake();
  turns_.run([](turn_member& who, std::int64_t most) {
    log::work allowed{most};
    static_cast<peer&>(who).serve(allowed);
    return std::max<std::int64_t>(most - allowed.left(), cost::service);
  });
}

// Those that hold most come first.
std::vector<peer*> hub::peers_of(uid_t user) {
  std::vector<peer*> out;
  for (auto next = by_user_.lower_bound({user, 0}); next != by_user_.end() && next->first == user; ++next) {
    out.push_back(peers_.at(next->second).get());
  }
  std::sort(out.begin(), out.end(), [](const peer* a, const peer* b) { return a->held() > b->held(); });
  return out;
}

// Ends the user's connections that hold most, until the others are within the limit. Those that are ended may keep what
// is under way and BYE, as long as this does not become too much as well.
void hub::shed(uid_t user) {
  const auto all = peers_of(user);
  if (all.empty()) return;
  const user_account& account = all.front()->account();
  std::size_t held = account.bytes;
  for (const peer* const who : all) held -= who->ending() ? who->held() : 0;
  for (peer* const who : all) {
    if (held <= config_.user_buffer) break;
    if (who->ending()) continue;
    held -= who->held();
    if (const auto suppressed = budget_ends_.occurred(now_())) {
      log_.warning("a local connection is ended: pid " + std::to_string(who->info().pid) + " of uid " +
                   std::to_string(who->uid()) + " makes the daemon hold " + std::to_string(who->held()) +
                   " bytes, and local.user_buffer is used up" + and_more(*suppressed));
    }
    who->end(end_reason::buffer_exceeded, "what the daemon holds for this user's connections passes its limit");
  }
  if (account.bytes <= most_held(config_.user_buffer)) return;
  for (peer* const who : peers_of(user)) {
    if (account.bytes <= most_held(config_.user_buffer)) break;
    if (who->ending()) who->close();
  }
}

void hub::set_deadline(peer& who, time_point when) {
  deadlines_.set(who, when);
}

void hub::clear_deadline(peer& who) {
  deadlines_.clear(who);
}

void hub::expire() {
  const call_scope scope{*this};
  const time_point now = now_();
  while (deadline_entry* const due = deadlines_.take_due(now)) due->on_deadline();
  flush();
  deadlines_.arm();
}

void hub::bury(peer& who) {
  over_.push_back(who.token());
  if (calls_ == 0) reap();
}

void hub::reap() {
  const bool leaves_room = !over_.empty() && !waiting_for_room_.empty();
  for (const peer_token token : std::exchange(over_, {})) {
    const auto found = peers_.find(token);
    const auto info = found->second->info();
    counters_.delivered += info.delivered;
    counters_.lost += info.lost;
    if (found->second->latency() != nullptr) latency_.add(*found->second->latency());
    if (log_.enabled(log_level::debug)) {
      log_.debug("a local program left: pid " + std::to_string(info.pid) + ", " + std::to_string(info.delivered) +
                 " events delivered, " + std::to_string(info.lost) + " lost");
    }
    poller_.remove(found->second->fd());
    watches_.erase(token);
    connections_.give_back(found->second->uid(), 1);
    by_user_.erase({found->second->uid(), token});
    peers_.erase(found);
  }
  if (leaves_room) post_flush();
  if (peers_.empty() && on_empty_) std::exchange(on_empty_, nullptr)();
}

void hub::count_protocol_error(const peer& who, std::string_view what) {
  ++counters_.protocol_errors;
  if (const auto suppressed = protocol_errors_.occurred(now_())) {
    log_.warning("a local connection is ended for its mistake: " + std::string{what} + ", pid " +
                 std::to_string(who.info().pid) + ", uid " + std::to_string(who.uid()) + and_more(*suppressed));
  }
}

answer_function hub::answer_to(peer_token token, std::uint64_t id) {
  return [self = self_, token, id](answer what) {
    if (*self == nullptr) return;
    const call_scope scope{**self};
    if (peer* const who = (*self)->find(token)) {
      who->answer(id, std::move(what));
      who->keep_to_budget();
    }
  };
}

std::function<bool()> hub::permission(const peer& who, std::string event) {
  return [self = self_, known = identify_(who.fd()), event = std::move(event)] {
    return *self != nullptr && known && (*self)->access_.of(*known)->may_emit(event);
  };
}

void hub::publish_status(proto::status status) {
  status_.set(std::move(status), now_());
  send_status();
}

// To everyone who has subscribed, now or when it is due.
void hub::send_status() {
  const auto due = status_.due();
  if (!due) return;
  if (*due > now_()) return deadlines_.set(late_status_, *due);
  deadlines_.clear(late_status_);
  status_.sent(now_());
  for (const auto& [token, who] : peers_) {
    if (who->subscribed_ever()) who->set_status(status_.frame_for(who->may()));
  }
}

void hub::trace(peer_token who, std::chrono::milliseconds time, answer_function done) {
  peer* const asking = find(who);
  if (asking == nullptr) return;
  if (watches_.contains(who)) {
    done({.error = static_cast<int>(proto::error_code::too_many_requests),
          .text = "this connection has a trace already"});
    return;
  }
  auto over = [this, who, done = std::move(done)](trace_watch::totals shown) {
    watches_.erase(who);
    done({.payload =
              R"({"lines":)" + std::to_string(shown.lines) + R"(,"missed":)" + std::to_string(shown.missed) + '}'});
  };
  const auto made = watches_.try_emplace(who, *asking, std::move(over)).first;
  deadlines_.set(made->second, now_() + time);
}

bool hub::publish_trace(const proto::trace& line) {
  if (watches_.empty()) return false;
  const std::string frame = proto::encode(line);
  for (auto& [token, watch] : watches_) watch.show(frame, line.time);
  return true;
}

void hub::reconfigure(options changed, access_rules access) {
  const call_scope scope{*this};
  config_ = std::move(changed);
  named_.configure(config_.user_subscribers, config_.subscriber_expiry);
  access_ = std::move(access);
  for (const auto& [token, who] : peers_) {
    who->plan_ping();
    if (const auto known = identify_(who->fd())) {
      const auto may = access_.of(*known);
      who->set_rights(may);
      if (const auto watch = watches_.find(token); watch != watches_.end() && !may->control()) {
        watch->second.on_deadline();
      }
    } else {
      who->close();
    }
  }
}

void hub::shut_down(std::function<void()> on_empty) {
  const call_scope scope{*this};
  on_empty_ = std::move(on_empty);
  for (int turn = 0; turn == 0 || (turn < last_turns && !turns_.empty()); ++turn) serve_turn();
  for (const auto& [token, who] : peers_) who->end(end_reason::shutdown, "the daemon is stopping");
  flush();
}

void hub::close_all() {
  const call_scope scope{*this};
  for (const auto& [token, who] : peers_) who->close();
}

}  // namespace roombridge::local
