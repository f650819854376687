// SPDX-License-Identifier: MIT
// Programs with random filters and rights that stall, leave and come back, over several lives of a daemon that is
// stopped, killed, or gets another user: every stream is the model's, whatever happens (PROTOCOL.md sections 4 and 5).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <random>
#include <thread>

#include <fcntl.h>

#include "../journal/support.hpp"
#include "daemon/journal/journal.hpp"
#include "program.hpp"

namespace roombridge::delivery {
namespace {

// About forty events of 1 KB.
constexpr log::geometry small_log{.segment_bytes = 16u << 10, .segments = 4, .max_body = 4000};
constexpr uid_t clerk = 4711;  // sees shop-1 only

// A disk that a process writes to until it is killed; what it believes to have done after that never happens.
class mortal_files final : public journal::unsynced_files {
 public:
  void kill() { dead_ = true; }

  int open(int directory, const char* name, int flags, mode_t mode) override {
    return dead_ ? ::open("/dev/null", O_WRONLY | O_CLOEXEC) : file_system::open(directory, name, flags, mode);
  }
  ssize_t write_at(int fd, std::span<const std::byte> bytes, off_t offset) override {
    return dead_ ? static_cast<ssize_t>(bytes.size()) : file_system::write_at(fd, bytes, offset);
  }
  int truncate(int fd, off_t size) override { return dead_ ? 0 : file_system::truncate(fd, size); }
  int remove(int directory, const char* name) override { return dead_ ? 0 : file_system::remove(directory, name); }

 private:
  std::atomic<bool> dead_ = false;
};

// The daemon, less its upstream: log, journal and local side.
class life {
 public:
  life(const journal::options& config, const journal::owner_digest& user, std::uint64_t fresh_epoch)
      : kept_(context_, config, fresh_epoch, diagnostics_, files_), log_(small_log, kept_.epoch()) {
    kept_.attach(log_);
    local::options options;
    options.access = {{.users = {std::to_string(clerk)},
                       .groups = {},
                       .everyone = false,
                       .events = {"*"},
                       .topics = {"shop-1"},
                       .rooms = {},
                       .emits = {}}};
    hub_.emplace(context_, options, "roombridged model", log_, handler_, named_, diagnostics_,
                 std::chrono::steady_clock::now, [this](int) {
                   return local::credentials{1, user_, user_, {}};
                 });
    log_in(user, fresh_epoch);
  }
  ~life() { kept_.stop(); }
  life(const life&) = delete;
  life& operator=(const life&) = delete;

  // As the service does it: another user's events are for nobody else.
  void log_in(const journal::owner_digest& user, std::uint64_t fresh_epoch) {
    if (const auto before = kept_.owner(); before && *before != user) appended_ = log_.start_epoch(fresh_epoch);
    kept_.set_owner(user);
  }

  // `small`: its socket takes little.
  local::test_client connect(uid_t user, bool small) {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
    const int size = 4096;
    if (small) ::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    user_ = user;
    hub_->adopt(unique_fd{fds[0]});
    return local::test_client{unique_fd{fds[1]}};
  }

  // From now on nothing of what it does reaches the disk.
  void kill() { files_.kill(); }

  // The end of a burst, and whatever there is to do then.
  void flush() {
    kept_.flush();
    hub_->flush();
    poll();
  }
  // Until everything that was appended may be seen.
  void settle() {
    flush();
    while (log_.cursors().shown() < appended_) {
      std::this_thread::yield();
      poll();
    }
  }
  void poll() {
    context_.restart();
    while (context_.poll() > 0) {
    }
  }

  log::sequence append(const log::event& what) { return appended_ = log_.append(what); }
  log::sequence append_upstream_gap() { return appended_ = log_.append_upstream_gap(1, 2); }
  [[nodiscard]] std::string epoch() const { return proto::epoch_text(log_.epoch()); }

 private:
  io::context context_;
  local::recording_logger diagnostics_;
  local::recording_handler handler_;
  local::named_subscribers named_{nullptr, [] { return wall_watch::reading{}; }};
  mortal_files files_;
  journal::journal kept_;
  log::event_log log_;
  uid_t user_ = 0;
  log::sequence appended_ = 0;  // the last of this life
  std::optional<local::hub> hub_;
};

class model {
 public:
  explicit model(std::uint32_t seed) : random_(seed) {
    config_ = {.directory = (place_ / "journal").string(), .capacity = 1u << 20};
    config_.sync = pick<journal::sync_policy>(
        {journal::sync_policy::never, journal::sync_policy::interval, journal::sync_policy::always});
    const std::vector<std::string> names{"a", "b", "c"};
    for (int i = 0; i < 8; ++i) {
      filter wants;
      if (chance(2)) wants.events = {pick(names)};
      if (chance(2)) wants.topics = {"shop-1"};
      if (chance(4)) wants.topics.emplace_back("shop-2");
      const bool limited = wants.topics.size() < 2 && chance(3);
      if (limited) wants.visible_topics = {"shop-1"};
      if (limited && wants.topics == std::vector<std::string>{"shop-2"}) wants.topics.clear();
      programs_.push_back(std::make_unique<program>(truth_, wants, limited ? clerk : ::geteuid()));
    }
    live();
  }

  void step() {
    switch (random_() % 64) {
      case 0:
        return stop();
      case 1:
        return kill();
      case 2:
        return change_user();
      case 3:
        return append_upstream_gap();
      default:
        break;
    }
    if (chance(3)) return append(1 + random_() % 12);
    program& one = *pick(programs_);
    if (!one.connected()) return connect(one);
    if (chance(12)) return one.hang_up();
    if (chance(2)) one.read();
  }

  // Everybody reads what there is.
  void finish() {
    for (const auto& each : programs_) {
      if (!each->connected()) connect(*each);
    }
    life_->settle();
    // A socket takes little at a time, and what comes from the disk takes its time.
    const std::string epoch = life_->epoch();
    const auto is_complete = [&epoch](const auto& each) { return each->complete(epoch); };
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!std::all_of(programs_.begin(), programs_.end(), is_complete) && !testing::Test::HasFatalFailure() &&
           std::chrono::steady_clock::now() < patience) {
      for (const auto& each : programs_) each->read();
      life_->poll();
      std::this_thread::yield();
    }
    for (const auto& each : programs_) each->expect_complete(epoch);
  }

 private:
  bool chance(std::uint32_t one_in) { return random_() % one_in == 0; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[random_() % from.size()];
  }
  template <class T>
  T pick(std::initializer_list<T> from) {
    return from.begin()[random_() % from.size()];
  }

  void live() {
    life_.emplace(config_, user_, ++epochs_);
    life_->flush();
  }
  void connect(program& one) {
    one.begin(life_->connect(one.user(), chance(2)));
    life_->poll();
  }

  void append(std::uint64_t count) {
    for (; count > 0; --count) {
      happening what{.epoch = life_->epoch(), .name = pick<std::string>({"a", "b", "c"})};
      for (const char* topic : {"shop-1", "shop-2"}) {
        if (chance(2)) what.topics.emplace_back(topic);
      }
      const bool oversize = chance(40);
      what.arguments = std::string(oversize ? 5000 : 1 + random_() % 2000, '1');
      if (oversize) what.what = happening::kind::oversize;
      const std::vector<std::string_view> topics{what.topics.begin(), what.topics.end()};
      const auto seq = life_->append({.name = what.name, .topics = topics, .arguments = what.arguments});
      EXPECT_TRUE(truth_.add(seq, std::move(what))) << "number " << seq << " was given out twice";
    }
    life_->flush();
  }
  void append_upstream_gap() {
    EXPECT_TRUE(
        truth_.add(life_->append_upstream_gap(), {.what = happening::kind::upstream_gap, .epoch = life_->epoch()}));
    life_->flush();
  }

  void stop() {
    hang_up();
    life_.reset();
    live();
  }
  // What is on the disk at this moment is what the next life finds.
  void kill() {
    life_->kill();
    hang_up();
    const std::string epoch = life_->epoch();
    life_.reset();
    if (chance(2)) tear();
    log::sequence kept = 0;
    {
      journal::unsynced_files files;
      journal::store found{config_, files, {}};
      ASSERT_EQ(found.open(), std::nullopt);
      for (const auto seq : journal::all_of(found)) kept = std::max(kept, seq);
    }
    truth_.crash(epoch, kept);
    live();
  }
  // Cuts the newest segment somewhere.
  void tear() {
    std::filesystem::path newest;
    for (const auto& each : std::filesystem::directory_iterator{config_.directory}) {
      if (each.path().extension() == ".segment") newest = std::max(newest, each.path());
    }
    if (newest.empty()) return;
    std::filesystem::resize_file(newest, random_() % (std::filesystem::file_size(newest) + 1));
  }
  void change_user() {
    user_[0] = static_cast<std::byte>(1 + random_() % 3);
    life_->log_in(user_, ++epochs_);
    life_->flush();
  }
  void hang_up() {
    for (const auto& each : programs_) {
      if (chance(2)) each->read();
      each->hang_up();
    }
  }

  std::mt19937 random_;
  journal::temporary_directory place_;
  journal::options config_;
  journal::owner_digest user_{std::byte{1}};
  std::uint64_t epochs_ = 0;
  history truth_;
  std::vector<std::unique_ptr<program>> programs_;
  std::optional<life> life_;
};

void run(std::uint32_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  model tried{seed};
  for (int i = 0; i < 1500 && !testing::Test::HasFailure(); ++i) tried.step();
  if (!testing::Test::HasFailure()) tried.finish();
}

TEST(lives_model, every_stream_is_the_models) {
  const std::uint32_t fresh = std::random_device{}();
  std::cout << "seed " << fresh << "\n";
  for (std::uint32_t seed = 1; seed <= 10 && !HasFailure(); ++seed) run(seed);
  if (!HasFailure()) run(fresh);
  EXPECT_GT(program::slow_gaps, 0u) << "nobody was slow";
  EXPECT_GT(program::other_gaps, 0u) << "no end of a life was noticed";
}

}  // namespace
}  // namespace roombridge::delivery
