// SPDX-License-Identifier: MIT
// The floor that the daemon is measured against: reads up to 64 KiB from a TCP connection and writes them once to every
// subscriber. It parses nothing and knows no slow subscriber: a write blocks. usage: raw_copier PORT SOCKET SUBSCRIBERS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "raw_copier: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int connect_upstream(const char* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("cannot connect upstream");
  return fd;
}

int listen_on(const char* path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (std::strlen(path) >= sizeof address.sun_path) fail("the socket's path is too long");
  std::strcpy(address.sun_path, path);
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, 4096) != 0)
    fail(path);
  return fd;
}

bool write_all(int fd, const char* data, std::size_t size) {
  while (size != 0) {
    const ssize_t written = send(fd, data, size, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: raw_copier PORT SOCKET SUBSCRIBERS\n");
    return 2;
  }
  const int listener = listen_on(argv[2]);
  const int upstream = connect_upstream(argv[1]);
  std::printf("ready\n");
  std::fflush(stdout);
  std::vector<int> subscribers(static_cast<std::size_t>(std::atoi(argv[3])));
  for (int& fd : subscribers) {
    fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) fail("accept");
  }
  static std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t size = read(upstream, buffer.data(), buffer.size());
    if (size <= 0) return 0;
    for (const int fd : subscribers) {
      if (!write_all(fd, buffer.data(), static_cast<std::size_t>(size))) return 0;
    }
  }
}
