// SPDX-License-Identifier: MIT
#include "daemon/journal/checksum.hpp"

#include <zlib.h>

namespace roombridge::journal {

std::uint32_t checksum(std::span<const std::byte> bytes, std::uint32_t so_far) {
  return static_cast<std::uint32_t>(::crc32_z(so_far, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace roombridge::journal
