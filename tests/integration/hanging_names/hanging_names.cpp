// SPDX-License-Identifier: MIT
// A name service that knows no name. About one that begins with "hanging" it says so only once somebody has opened the
// FIFO that ROOMBRIDGE_TEST_HANG names for writing. What the C library calls is named by it (nsswitch.conf(5)).
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace {

nss_status answer(std::string_view name) {
  const char* fifo = std::getenv("ROOMBRIDGE_TEST_HANG");
  if (fifo != nullptr && name.starts_with("hanging")) ::close(::open(fifo, O_RDONLY | O_CLOEXEC));
  return NSS_STATUS_NOTFOUND;
}

}  // namespace

extern "C" {

nss_status _nss_hanging_getpwnam_r(const char* name, passwd*, char*, size_t, int*) {
  return answer(name);
}

nss_status _nss_hanging_getgrnam_r(const char* name, group*, char*, size_t, int*) {
  return answer(name);
}
}
