// SPDX-License-Identifier: MIT
#include "daemon/journal/store.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "daemon/base/file_trust.hpp"
#include "daemon/journal/chunk_packer.hpp"

namespace roombridge::journal {
namespace {

constexpr const char* ledger_name = "ledger";
constexpr std::string_view suffix = ".segment";
constexpr std::size_t digits = 16;
constexpr mode_t file_mode = 0600;
constexpr mode_t directory_mode = 0700;
constexpr std::size_t smallest_segment = 1u << 20;
constexpr std::size_t largest_segment = 64u << 20;
constexpr int parts_of_age = 8;
constexpr const char* probe_name = "probe";
constexpr std::size_t probe_size = 256u << 10;

std::string segment_name(log::sequence first) {
  std::string name = std::to_string(first);
  return name.insert(0, digits - std::min(digits, name.size()), '0') += suffix;
}

bool is_segment_name(std::string_view name) {
  return name.size() == digits + suffix.size() && name.ends_with(suffix) &&
         name.find_first_not_of("0123456789") == digits;
}

}  // namespace

std::string to_text(const damage& what) {
  std::string text = what.file + (what.error == 0 ? " is damaged at byte " : " cannot be read at byte ");
  text += std::to_string(what.byte);
  if (what.error != 0) text.append(" (").append(std::strerror(what.error)).append(1, ')');
  if (what.first == what.last) return text + ": event " + std::to_string(what.first) + " is lost";
  if (what.first > what.last) return text;
  return text + ": events " + std::to_string(what.first) + " to " + std::to_string(what.last) + " are lost";
}

store::store(options config, file_system& files, moment start)
    : config_(std::move(config)),
      segment_bytes_(std::clamp(config_.capacity / 16, smallest_segment, largest_segment)),
      files_(files),
      subscribers_(config_.directory, config_.sync != sync_policy::never, files),
      watch_({start.now, start.wall}) {}

std::string store::failed(std::string_view what, std::string_view name) const {
  return failure_text(what, config_.directory, name);
}

fault store::open() {
  give_up_open();
  segments_.clear();
  strays_.clear();
  bytes_ = 0;
  newest_ = 0;
  torn_ = 0;
  damages_.clear();
  damaged_ = 0;
  fault wrong = take_directory();
  if (!wrong) wrong = take_ledger();
  if (!wrong) wrong = subscribers_.open(directory_.get());
  if (!wrong) wrong = list_segments();
  if (wrong) {
    close();
    return wrong;
  }
  mend_newest();
  return std::nullopt;
}

void store::close() {
  give_up_open();
  ledger_file_ = {};
  directory_ = {};
}

bool store::is_in_place() const {
  struct stat there {};
  struct stat ours {};
  return ::stat(config_.directory.c_str(), &there) == 0 && ::fstat(directory_.get(), &ours) == 0 &&
         there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

bool store::has_remains() const {
  return !segments_.empty() || has_lost_its_ledger() || !subscribers_.found().empty();
}

fault store::take_directory() {
  if (::mkdir(config_.directory.c_str(), directory_mode) != 0 && errno != EEXIST) return failed("make", {});
  unique_fd directory{::open(config_.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory) return failed("open", {});
  struct stat about {};
  if (::fstat(directory.get(), &about) != 0) return failed("look at", {});
  const std::string distrust =
      distrust_of_directory(config_.directory, facts_of(about), effective_ids(), sticky::does_not);
  if (!distrust.empty()) return "journal: " + distrust;
  if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return "journal: another process uses " + config_.directory + "; give each its own";
    return failed("lock", {});
  }
  directory_ = std::move(directory);
  return std::nullopt;
}

fault store::take_ledger() {
  ledger_.reset();
  ledger_file_ = unique_fd{files_.open(directory_.get(), ledger_name, O_RDWR | O_CREAT, file_mode)};
  if (!ledger_file_) return failed("open", ledger_name);
  directory_dirty_ = true;
  if (const auto found = read_ledger(read_front(files_, ledger_file_.get(), ledger_file_size).bytes)) {
    ledger_ = found->value;
    generation_ = found->generation;
    secret_ = found->secret;
  }
  return secret_ == 0 ? draw_secret() : std::nullopt;
}

fault store::draw_secret() {
  while (secret_ == 0) {
    std::uint64_t drawn = 0;
    const ssize_t size = ::getrandom(&drawn, sizeof drawn, 0);
    if (size < 0 && errno != EINTR) return failed("draw random bytes for", ledger_name);
    if (size == sizeof drawn) secret_ = drawn;
  }
  return std::nullopt;
}

void store::note(damage what) {
  // Who passes it knows where the next whole record lies; where it begins depends on where they began to read.
  const bool known = std::any_of(damages_.begin(), damages_.end(), [&what](const damage& each) {
    return each.file == what.file && each.last == what.last;
  });
  // Of more nobody would know whether they are new.
  if (known || damages_.size() == most_damages) return;
  ++damaged_;
  damages_.push_back(std::move(what));
}

fault store::list_segments() {
  const int copy = ::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return failed("list", {});
  const std::unique_ptr<DIR, int (*)(DIR*)> listing{::fdopendir(copy), ::closedir};
  if (!listing) {
    ::close(copy);
    return failed("list", {});
  }
  while (const dirent* const entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (!is_segment_name(name)) continue;
    if (auto found = take_up(name)) {
      bytes_ += found->bytes;
      segments_.push_back(*found);
    } else {
      strays_.push_back(name);
    }
  }
  std::sort(segments_.begin(), segments_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return std::nullopt;
}

// Nothing: it is none of the ledger's epoch.
std::optional<store::segment> store::take_up(const std::string& name) {
  struct stat about {};
  if (!ledger_ || ::fstatat(directory_.get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (!S_ISREG(about.st_mode)) return std::nullopt;
  const wall_time written{std::chrono::seconds{about.st_mtim.tv_sec}};
  segment out{.first = static_cast<log::sequence>(std::stoull(name)),
              .bytes = static_cast<std::size_t>(about.st_size),
              .begun = written,
              .written = written,
              .mark = record_mark(secret_, ledger_->epoch)};
  const reading front = read_part(out, 0, segment_header_size);
  if (const auto header = decode_segment_header(front.bytes)) {
    if (header->epoch != ledger_->epoch || segment_name(header->first) != name) return std::nullopt;
    out.begun = wall_time{std::chrono::milliseconds{header->begun}};
    if (header->version == first_segment_version) out.mark = 0;
    return out;
  }
  // Another epoch's has other marks.
  const reading whole = read(out);
  if (segment_reader{whole.bytes, out.mark}.next()) return out;
  // It may be one of the ledger's epoch: replay() tells of it.
  if (whole.error != 0 || whole.bytes.size() < out.bytes) return out;
  // What a crash has begun may be empty, and what has ended well is not.
  if (out.bytes > segment_header_size || ledger_->clean) note({.file = name, .byte = 0, .first = out.first});
  return std::nullopt;
}

reading store::read(const segment& what) const {
  const unique_fd file{files_.open(directory_.get(), segment_name(what.first).c_str(), O_RDONLY, 0)};
  return file ? read_front(files_, file.get(), largest_segment + max_record) : reading{.error = errno};
}

// Finds the newest record, and goes on behind it where that can be written to.
void store::mend_newest() {
  // A life that has ended well has left nothing torn: what is missing then is damage.
  const bool clean = ledger_ && ledger_->clean;
  log::sequence end = clean ? ledger_->next - 1 : 0;
  while (!segments_.empty()) {
    segment& newest = segments_.back();
    const reading found = read(newest);
    segment_reader reader{found.bytes, newest.mark};
    while (reader.next()) {
    }
    if (found.error != 0 || found.bytes.size() < newest.bytes) {
      newest_ = std::max(reader.last(), newest.first);
      return;
    }
    if (reader.last() == 0) {
      if (clean && newest.first <= end) {
        note({.file = segment_name(newest.first), .byte = reader.sound(), .first = newest.first, .last = end});
      }
      end = newest.first - 1;
      strays_.push_back(segment_name(newest.first));
      bytes_ -= newest.bytes;
      segments_.pop_back();
      continue;
    }
    newest_ = reader.last();
    if (clean && newest_ < end && reader.sound() == newest.bytes) note_missing(newest_ + 1, end);
    // What has no marks, or no header, is not written to any more.
    if (newest.mark == 0 || !reader.header()) return;
    unique_fd file{files_.open(directory_.get(), segment_name(newest.first).c_str(), O_WRONLY, 0)};
    if (!file) return;
    if (reader.sound() < newest.bytes) {
      if (clean) {
        note({.file = segment_name(newest.first), .byte = reader.sound(), .first = newest_ + 1, .last = end});
      }
      if (files_.truncate(file.get(), static_cast<off_t>(reader.sound())) != 0) return;
      torn_ = newest.bytes - reader.sound();
      bytes_ -= torn_;
      newest.bytes = reader.sound();
    }
    open_ = std::move(file);
    return;
  }
}

// The file that begins with this number was there when the last life ended.
void store::note_missing(log::sequence first, log::sequence last) {
  const std::string name = segment_name(first);
  if (std::find(strays_.begin(), strays_.end(), name) != strays_.end()) return;  // told already
  note({.file = name, .byte = 0, .first = first, .last = last, .error = ENOENT});
}

void store::replay(const std::function<void(const stored_record&)>& sink) {
  log::sequence last = 0;
  for (auto each = segments_.begin(); each != segments_.end(); ++each) {
    const reading file = read(*each);
    const std::string name = segment_name(each->first);
    last = std::max(last, each->first - 1);
    segment_reader reader{file.bytes, each->mark};
    std::size_t sound = reader.sound();
    while (const auto record = reader.next()) {
      if (reader.passed_damage()) note({.file = name, .byte = sound, .first = last + 1, .last = record->seq - 1});
      sound = reader.sound();
      last = record->seq;
      sink(*record);
    }
    if (reader.sound() == std::max(file.bytes.size(), each->bytes)) continue;
    const auto next = std::next(each);
    const log::sequence end = next == segments_.end() ? last : next->first - 1;
    note({.file = name, .byte = reader.sound(), .first = last + 1, .last = end, .error = file.error});
  }
}

// The segment to read on in, to which `where` is moved; the end: there is none.
std::vector<store::segment>::const_iterator store::find(log::history_place& where) const {
  auto found = std::find_if(segments_.begin(), segments_.end(),
                            [&where](const segment& each) { return each.first == where.file; });
  if (found != segments_.end() && where.offset < found->bytes) return found;
  if (found != segments_.end()) {
    // Records may yet be appended to the newest one.
    if (++found == segments_.end()) return found;
  } else {
    found = std::upper_bound(segments_.begin(), segments_.end(), where.after + 1,
                             [](log::sequence seq, const segment& each) { return seq < each.first; });
    if (found != segments_.begin()) --found;
    if (found == segments_.end()) return found;
  }
  where.file = found->first;
  where.offset = segment_header_size;
  return found;
}

reading store::read_part(const segment& what, std::size_t offset, std::size_t size) const {
  const unique_fd file{files_.open(directory_.get(), segment_name(what.first).c_str(), O_RDONLY, 0)};
  if (!file) return {.error = errno};
  return read_at(files_, file.get(), offset, std::min(size, what.bytes - offset));
}

bool store::read_on(log::history_place& where, std::size_t max_bytes, log::history_chunk& out) {
  out.oldest = oldest();
  const auto from = find(where);
  const std::size_t left = from == segments_.end() ? 0 : from->bytes - where.offset;
  reading found;
  const std::vector<std::byte>& part = found.bytes;
  const auto reader = [&] { return segment_reader{part, from->mark, left - std::min(left, part.size())}; };
  // A record may be larger than what was asked for.
  std::size_t texts = 0;
  for (std::size_t size = left == 0 ? 0 : max_bytes; size > part.size();) {
    found = read_part(*from, where.offset, size);
    segment_reader counting = reader();
    texts = 0;
    while (const auto record = counting.next()) texts += record->topics.size() + record->fields.size();
    size = part.size() == std::min(size, left) && counting.resume() == 0 ? counting.wanted() : 0;
  }
  chunk_packer pack{out, part.size() + texts * chunk_packer::hash_size};
  if (left > 0) {
    segment_reader records = reader();
    log::sequence before = 0;
    std::size_t sound = 0;
    while (const auto record = records.next()) {
      if (records.passed_damage() && before != 0) {
        const std::size_t byte = where.offset + sound;
        note({.file = segment_name(from->first), .byte = byte, .first = before + 1, .last = record->seq - 1});
      }
      before = record->seq;
      sound = records.sound();
      if (record->seq <= where.after) continue;
      pack.add(*record);
      where.after = record->seq;
    }
    if (records.resume() == 0) note_unread(*from, where, found.error);
    where.offset = records.resume() == 0 ? from->bytes : where.offset + records.resume();
  }
  out.next = where;
  out.at_end = from == segments_.end() || (where.offset == from->bytes && std::next(from) == segments_.end());
  return out.at_end || !out.records.empty();
}

// From there on nothing more of the segment can be read.
void store::note_unread(const segment& what, const log::history_place& from, int error) {
  const auto next = std::upper_bound(segments_.begin(), segments_.end(), what.first,
                                     [](log::sequence seq, const segment& each) { return seq < each.first; });
  const log::sequence end = next == segments_.end() ? from.after : next->first - 1;
  note({.file = segment_name(what.first), .byte = from.offset, .first = from.after + 1, .last = end, .error = error});
}

log::sequence store::begin_of_newest(std::size_t bytes) const {
  log::sequence first = 0;
  std::size_t have = 0;
  for (auto from = segments_.rbegin(); from != segments_.rend() && have < bytes; ++from) {
    first = from->first;
    have += from->bytes;
  }
  return first;
}

fault store::write(const ledger& value) {
  if (auto wrong = write_at(ledger_file_.get(), encode(value, generation_ + 1, secret_), ledger_slot(generation_ + 1),
                            ledger_name)) {
    return wrong;
  }
  if (files_.sync_data(ledger_file_.get()) != 0) return failed("sync", ledger_name);
  ++generation_;
  const bool new_epoch = !ledger_ || ledger_->epoch != value.epoch;
  ledger_ = value;
  if (new_epoch) {
    give_up_open();
    for (const segment& old : std::exchange(segments_, {})) strays_.push_back(segment_name(old.first));
    bytes_ = 0;
  }
  return remove_strays();
}

fault store::remove_strays() {
  while (!strays_.empty()) {
    if (auto wrong = remove(strays_.back())) return wrong;
    strays_.pop_back();
  }
  if (std::exchange(directory_dirty_, false) && files_.sync_directory(directory_.get()) != 0) return failed("sync", {});
  return std::nullopt;
}

bool store::must_rotate(std::size_t more, moment at) {
  return !open_ || segments_.back().bytes + more > segment_bytes_ ||
         age(segments_.back().begun, segments_.back().begun_here, at) > config_.age / parts_of_age;
}

std::chrono::nanoseconds store::age(wall_time then, const std::optional<std::chrono::steady_clock::time_point>& here,
                                    moment at) {
  return here ? at.now - *here : watch_.since(then, {at.now, at.wall});
}

fault store::append(std::span<std::byte> records, moment at) {
  while (!records.empty()) {
    const log::sequence first = record_seq(records);
    std::size_t size = record_size(records);
    if (must_rotate(size, at)) {
      if (config_.sync != sync_policy::never) {
        if (auto wrong = sync()) return wrong;
      }
      if (auto wrong = begin_segment(first, at)) return wrong;
    }
    // As many records as fit are one write.
    std::size_t run = 0;
    const std::size_t room = std::max(size, segment_bytes_ - std::min(segment_bytes_, segments_.back().bytes));
    while (run + size <= room) {
      seal_record(records.subspan(run, size), segments_.back().mark);
      run += size;
      if (run == records.size()) break;
      size = record_size(records.subspan(run));
    }
    if (auto wrong = make_room(run)) return wrong;
    segment& newest = segments_.back();
    if (auto wrong = write_at(open_.get(), records.first(run), newest.bytes, segment_name(newest.first))) {
      // What was written of it is not sound; where it cannot be cut off now, a reader will.
      (void)files_.truncate(open_.get(), static_cast<off_t>(newest.bytes));
      give_up_open();
      return wrong;
    }
    dirty_ = true;
    newest.bytes += run;
    newest.written = at.wall;
    newest.written_here = at.now;
    bytes_ += run;
    records = records.subspan(run);
  }
  return std::nullopt;
}

fault store::begin_segment(log::sequence first, moment at) {
  give_up_open();
  const std::string name = segment_name(first);
  unique_fd file{files_.open(directory_.get(), name.c_str(), O_WRONLY | O_CREAT | O_TRUNC, file_mode)};
  if (!file) return failed("make", name);
  directory_dirty_ = true;
  if (auto wrong = write_at(
          file.get(), encode(segment_header{ledger_->epoch, first, at.wall.time_since_epoch().count()}), 0, name)) {
    (void)files_.remove(directory_.get(), name.c_str());
    return wrong;
  }
  open_ = std::move(file);
  segments_.push_back({.first = first,
                       .bytes = segment_header_size,
                       .begun = at.wall,
                       .written = at.wall,
                       .begun_here = at.now,
                       .written_here = at.now,
                       .mark = record_mark(secret_, ledger_->epoch)});
  bytes_ += segment_header_size;
  return std::nullopt;
}

fault store::make_room(std::size_t more) {
  while (segments_.size() > 1 && bytes_ + more > config_.capacity) {
    if (auto wrong = remove_oldest()) return wrong;
  }
  return std::nullopt;
}

fault store::write_at(int fd, std::span<const std::byte> bytes, std::size_t offset, std::string_view name) {
  if (!write_whole(files_, fd, bytes, offset)) return failed("write", name);
  return std::nullopt;
}

fault store::sync() {
  if (std::exchange(dirty_, false) && files_.sync_data(open_.get()) != 0) {
    // The kernel may have dropped what it could not write, and would call a second try a success.
    fault wrong = failed("sync", segment_name(segments_.back().first));
    give_up_open();
    return wrong;
  }
  if (std::exchange(directory_dirty_, false) && files_.sync_directory(directory_.get()) != 0) return failed("sync", {});
  return subscribers_.sync();
}

fault store::probe() {
  const unique_fd file{files_.open(directory_.get(), probe_name, O_WRONLY | O_CREAT | O_TRUNC, file_mode)};
  if (!file) return failed("make", probe_name);
  fault wrong = write_at(file.get(), std::vector<std::byte>(probe_size), 0, probe_name);
  if (auto left = remove(probe_name); left && !wrong) wrong = std::move(left);
  return wrong;
}

// What lies before a segment that is too old is older, whatever a clock has said of it.
fault store::prune(moment at) {
  watch_.look({at.now, at.wall});
  const auto too_old = [&](const segment& each) { return age(each.written, each.written_here, at) > config_.age; };
  const auto last = std::find_if(segments_.rbegin(), segments_.rend(), too_old);
  for (auto count = std::distance(last, segments_.rend()); count > 0; --count) {
    if (segments_.size() == 1) give_up_open();
    if (auto wrong = remove_oldest()) return wrong;
  }
  return std::nullopt;
}

fault store::remove(const std::string& name) {
  if (files_.remove(directory_.get(), name.c_str()) != 0 && errno != ENOENT) return failed("remove", name);
  directory_dirty_ = true;
  return std::nullopt;
}

fault store::remove_oldest() {
  if (auto wrong = remove(segment_name(segments_.front().first))) return wrong;
  bytes_ -= segments_.front().bytes;
  segments_.erase(segments_.begin());
  return std::nullopt;
}

void store::give_up_open() {
  open_ = {};
  dirty_ = false;
}

}  // namespace roombridge::journal
