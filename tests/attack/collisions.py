# SPDX-License-Identifier: MIT
"""Texts of one hash, by the function that the daemon used before its hashes had a secret (daemon/base/keyed_hash.hpp)."""

from __future__ import annotations

import random
import struct

FACTOR = 0x9E3779B97F4A7C15
INVERSE = pow(FACTOR, -1, 1 << 64)
ALL = (1 << 64) - 1
NOT_ASCII = 0x8080808080808080


def _mix(state: int, word: int) -> int:
    state = (state ^ word) * FACTOR & ALL
    return state ^ state >> 32


def hash_of(text: bytes) -> int:
    """Of 4 to 8 bytes, or 9 to 16."""
    state = len(text) * FACTOR & ALL
    if len(text) < 8:
        return _mix(state, struct.unpack("<I", text[:4])[0] | struct.unpack("<I", text[-4:])[0] << 32) & 0xFFFFFFFF
    if len(text) > 8:
        state = _mix(state, struct.unpack("<Q", text[:8])[0])
    return _mix(state, struct.unpack("<Q", text[-8:])[0]) & 0xFFFFFFFF


def like(text: bytes, count: int) -> list[str]:
    """`count` different texts of 16 ASCII characters that are valid patterns without `*` and have the hash of `text`."""
    target = hash_of(text)
    begin = b"attacker"
    state = _mix(16 * FACTOR & ALL, struct.unpack("<Q", begin)[0])
    chance = random.Random(1)
    found: set[bytes] = set()
    while len(found) < count:
        high = chance.getrandbits(32)
        word = ((high << 32 | high ^ target) * INVERSE & ALL) ^ state
        if word & NOT_ASCII:
            continue
        end = struct.pack("<Q", word)
        if b"*" not in end and b"\0" not in end:
            found.add(end)
    texts = [begin + end for end in sorted(found)]
    assert all(hash_of(each) == target for each in texts[:10])
    return [each.decode() for each in texts]
