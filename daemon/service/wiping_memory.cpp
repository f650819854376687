// SPDX-License-Identifier: MIT
// What the daemon gives back to the heap is overwritten first: tokens, passwords and events pass through many texts and
// buffers, of ours and of libraries, and none of them is to be found in freed memory, by a fault that shows some of it
// or in a core file. In steady state an event allocates nothing, so that this costs it nothing.
//
// OpenSSL, zlib and the C library have memory of their own: the first overwrites keys by itself, see tls.cpp for the
// rest. The sanitizers' builds have their own operators.
#include <malloc.h>
#include <string.h>

#include <cstdlib>
#include <new>

namespace {

void* take(std::size_t size) {
  for (;;) {
    if (void* made = std::malloc(size == 0 ? 1 : size)) return made;
    const std::new_handler help = std::get_new_handler();
    if (help == nullptr) throw std::bad_alloc();
    help();
  }
}

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  ::explicit_bzero(memory, ::malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

// The others, of arrays and without exceptions, call these two (new.delete.single, new.delete.array).
void* operator new(std::size_t size) {
  return take(size);
}
void operator delete(void* memory) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  give_back(memory);
}
