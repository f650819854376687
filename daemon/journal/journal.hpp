// SPDX-License-Identifier: MIT
// The durable half of the log, as the event thread sees it: takes up what earlier lives have left, gives every record
// of the log to the I/O thread once a burst, and reserves the numbers that the log gives out.
//
// What subscribers may see of the log is up to the journal: the records of an earlier life only once it is known whose
// they are; and where the policy is `always`, an event once it is on the disk, or once it is known that it will not be.
//
// What memory does not reach back to is read from the files, by the I/O thread (log/history.hpp).
//
// Invariants: no number is used in an epoch that is on the disk before the ledger there covers it; where the disk does
// not let that be, exhausted() asks for an epoch that is not. Nothing here waits for the disk but the constructor and
// stop().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/io.hpp"
#include "daemon/base/log_limiter.hpp"
#include "daemon/base/logger.hpp"
#include "daemon/journal/writer.hpp"
#include "daemon/log/event_log.hpp"
#include "daemon/log/history.hpp"

namespace roombridge::journal {

class journal final : public log::log_observer, public log::history {
 public:
  // Numbers reserved at a time: seldom, and rather more than come within a minute.
  static constexpr log::sequence block = 1'000'000;

  // Opens the directory. Where that does not work, or there is no epoch in it to go on with, the log begins with
  // `fresh_epoch`; a failure is told in `diagnostics` and tried again later. `context`, `diagnostics` and `files`
  // outlive the journal.
  journal(io::context& context, const options& config, std::uint64_t fresh_epoch, logger& diagnostics,
          file_system& files);
  ~journal();
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;

  [[nodiscard]] std::uint64_t epoch() const { return book_.epoch; }

  // What an earlier life that ended without warning has left.
  struct remains {
    std::int64_t last = 0;  // µs since the Unix epoch: the time of the last record on the disk; 0: there is none
    std::string session{};  // as that life has kept it
    std::string offset{};   // of the last record on the disk that has one of that session; empty: none has
  };
  // Once attached; nothing: the last life has ended well, or nobody knows.
  [[nodiscard]] const std::optional<remains>& crashed() const { return crashed_; }

  // Once, with a log of epoch() that is empty and whose retained events are configured: fills it, and records it from
  // then on. Reads all of the journal. The log is not destroyed before stop().
  void attach(log::event_log& log);

  // Whose the records of this epoch are; nothing: nobody has logged in.
  [[nodiscard]] std::optional<owner_digest> owner() const;
  // They have logged in; where that is not owner(), the log has started another epoch. Before anything of theirs is
  // appended.
  void set_owner(const owner_digest& owner);

  // With what the upstream side could ask its server, after a crash, for what came behind a record's offset: `id` names
  // the session, `text` is whatever that takes. Both empty: with nothing. A text longer than max_session is not kept.
  void keep_session(std::string_view id, std::string text);
  // The server's offset of what is appended next, and of all before it; empty: not known. A copy is kept until the next
  // call; one longer than max_offset is not.
  void set_offset(std::string_view offset) { offset_ = offset.size() > max_offset ? std::string_view{} : offset; }

  // At the end of a burst: hands over what was appended.
  void flush();
  // So few reserved numbers are left that the log has to start another epoch before more events come.
  [[nodiscard]] bool exhausted() const;

  // Calls `done` when all that was recorded before the present epoch is gone from the disk, or with the words of why it
  // is not.
  void when_erased(std::function<void(const fault&)> done);

  // Named subscribers that earlier lives have left, of whatever epoch, each with its place.
  [[nodiscard]] const std::vector<std::pair<std::size_t, subscriber_record>>& subscribers() const {
    return subscribers_;
  }
  // Between attach() and stop(): the place has `what` from now on; nothing: nobody. Returns the change's ticket; they
  // grow.
  std::uint64_t keep(std::size_t slot, std::optional<subscriber_record> what);
  // Calls `told` whenever more changes have been tried: all up to the ticket `tried`; those up to `kept` are as safe as
  // the policy makes them. One that is not is written as soon as that works.
  using kept_function = std::function<void(std::uint64_t tried, std::uint64_t kept)>;
  void on_kept(kept_function told) { kept_ = std::move(told); }

  // Up to here no record waits for the disk any more: it is written, and synced where the policy is `always`, or it
  // will not be. Where that is before `wanted`, which has been handed over by flush(), on_settled() tells when there is
  // more.
  [[nodiscard]] log::sequence settled(log::sequence wanted);
  void on_settled(std::function<void()> told) { told_settled_ = std::move(told); }

  [[nodiscard]] keeper_state state() const { return writer_->state(); }

  // Hands over the rest and waits until it is written, but not for ever. Further calls do nothing.
  void stop();

 private:
  void on_append(const log::record& what, std::string_view retain_key) override;
  void restore(const stored_record& what, log::sequence begin_of_memory);
  [[nodiscard]] log::sequence oldest() const override;
  void read(const log::history_place& from, std::size_t max_bytes, answer_function done) override;
  void on_read(std::uint64_t id, std::shared_ptr<const log::history_chunk> chunk);
  void on_news();
  void tell_of_failure(const keeper_state& now);
  void report_damages();
  void report_crash();
  void warn_of_damage(const std::string& text);
  void show();
  void settle(log::sequence until);
  void answer_erasures(const fault& wrong);

  io::executor executor_;
  logger& diagnostics_;
  std::shared_ptr<journal*> self_;  // null for turns that come too late
  log::event_log* log_ = nullptr;
  std::unique_ptr<keeper> keeper_;  // until attach()
  std::unique_ptr<writer> writer_;
  bool restorable_ = false;  // the directory has records of epoch()
  log::sequence next_ = 1;   // the first number of this life
  log::sequence newest_ = 0;
  ledger book_;  // as the disk is to have it
  bool book_changed_ = false;
  ledger durable_;  // as it has it, as far as this thread knows
  std::string session_id_;
  std::string offset_;
  std::optional<remains> crashed_;
  std::vector<std::byte> last_frame_;  // of what was restored
  std::vector<std::byte> pending_;
  std::uint64_t pending_count_ = 0;
  std::vector<std::function<void(const fault&)>> erasures_;
  std::map<std::uint64_t, answer_function> reads_;  // that wait, by the id of their request
  std::uint64_t last_read_ = 0;
  bool owner_known_ = true;  // by a login of this life, or there is none
  const std::string directory_;
  const bool always_;
  log::sequence settled_ = 0;   // up to here nothing waits for the disk, as far as this thread knows
  log::sequence accepted_ = 0;  // the last record that the writer has taken
  log::sequence dropped_ = 0;   // the last one that it has not: settled when all before it are
  std::vector<std::pair<std::size_t, subscriber_record>> subscribers_;
  kept_function kept_;
  std::function<void()> told_settled_;
  bool in_trouble_ = false;    // nothing is written at present
  bool failing_ = false;       // so it is, or was lately; the log has it
  bool kept_remains_ = false;  // what earlier lives have left waits for the next one; the log has that, too
  std::uint64_t damages_told_ = 0;
  log_limiter overflows_;
};

}  // namespace roombridge::journal
