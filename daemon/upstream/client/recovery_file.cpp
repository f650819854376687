// SPDX-License-Identifier: MIT
#include "daemon/upstream/client/recovery_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "daemon/base/file_look.hpp"
#include "daemon/base/regular_file.hpp"
#include "daemon/base/unique_fd.hpp"

namespace roombridge::upstream {
namespace {

std::string words(int error) {
  return std::system_category().message(error);
}

void warn(logger& log, const std::string& path, const std::string& fault) {
  log.warning("the recovery file " + path + ' ' + fault, {{"CAUSE", "recovery_file"}});
}

void ignore(logger& log, const std::string& path, const std::string& fault) {
  warn(log, path, fault + "; what was missed since the last stop is not recovered");
}

// Who can write there could give the daemon another one's session, or take this one's.
std::string distrust_of_place(const std::string& path) {
  const std::string directory = directory_of(path);
  const auto facts = look_at(directory);
  return facts ? distrust_of_directory(directory, *facts, effective_ids(), sticky::does_not) : std::string();
}

// Of errno; 0: written. A file of this name that a killed daemon left is replaced, and a link there is not followed.
int write_new(const std::string& path, std::string_view text) {
  ::unlink(path.c_str());
  const unique_fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!file) return errno;
  while (!text.empty()) {
    const ssize_t count = ::write(file.get(), text.data(), text.size());
    if (count < 0 && errno != EINTR) return errno;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace

std::optional<saved_session> take_recovery_file(const std::string& path, logger& log) {
  const auto [text, error, facts] = read_regular_file(path, saved_session::most_text);
  if (!text) {
    if (error != ENOENT) ignore(log, path, describe_unread(error));
    return std::nullopt;
  }
  if (const std::string distrust = distrust_of_place(path); !distrust.empty()) {
    ignore(log, path, "is not used: " + distrust);
    return std::nullopt;
  }
  if (::unlink(path.c_str()) != 0) {
    ignore(log, path, "cannot be removed (" + words(errno) + "), so it is not used: the daemon must own its directory");
    return std::nullopt;
  }
  if (text->size() > saved_session::most_text) {
    ignore(log, path, "is too large to be one");
    return std::nullopt;
  }
  auto parsed = parse_saved_session(*text);
  if (const auto* fault = std::get_if<std::string>(&parsed)) {
    ignore(log, path, "is not as the daemon writes it (no usable " + *fault + ')');
    return std::nullopt;
  }
  return std::get<saved_session>(std::move(parsed));
}

void write_recovery_file(const std::string& path, const saved_session& what, logger& log) {
  if (const std::string distrust = distrust_of_place(path); !distrust.empty()) {
    return warn(log, path,
                "is not written: " + distrust + "; what is missed until the next start is lost without a gap");
  }
  const std::string beside = path + ".new";
  int error = write_new(beside, to_text(what));
  if (error == 0 && ::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(beside.c_str());
  warn(log, path,
       "cannot be written (" + words(error) +
           "); the daemon must own its directory; what is missed until the next start is lost without a gap");
}

}  // namespace roombridge::upstream
