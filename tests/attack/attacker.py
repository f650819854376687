# SPDX-License-Identifier: MIT
"""One user's hostile connections.

usage: python3 -m tests.attack.attacker ATTACK SOCKET UID CONNECTIONS SIZE EPOCH
Says "ready" once the connections stand, begins at a line of its input, and ends with its input.
"""

from __future__ import annotations

import contextlib
import itertools
import selectors
import socket
import sys
from collections.abc import Callable, Iterator

from tests.attack import collisions, wire

REPEATED = 1 << 16  # bytes of requests that are sent again and again
PATTERNS = 64  # of one subscription


def subscriptions(patterns: list[str], first: int = 1, since: int | None = None) -> Iterator[bytes]:
    for number, at in enumerate(range(0, len(patterns), PATTERNS)):
        head = {"id": first + number, "topics": patterns[at : at + PATTERNS]}
        if since is not None and number == 0:
            head["since"] = {"epoch": EPOCH[0], "seq": since}
        if since is not None and at + PATTERNS < len(patterns):
            head["more"] = True
        yield wire.frame(wire.SUBSCRIBE, **head)


EPOCH = [""]


class Attack:
    """`prepared`: what each connection says first, by its number. `repeated`: what it says then, for ever. `reads`: bytes at a time. `leaves`: it
    goes as soon as it is answered, and comes again. `early`: what is prepared is no part of the attack."""

    def __init__(
        self,
        prepared: Callable[[int], bytes],
        repeated: Callable[[int], bytes],
        *,
        reads: int = 1 << 20,
        leaves: bool = False,
        early: bool = True,
    ) -> None:
        self.prepared = prepared
        self.repeated = repeated
        self.reads = reads
        self.leaves = leaves
        self.early = early


def nothing(_: int) -> bytes:
    return b""


def colliding(size: int) -> Attack:
    texts = collisions.like(b"shop-7", size)
    held, one = texts[:-PATTERNS], texts[-PATTERNS:]
    share = 200 * PATTERNS  # subscriptions of one connection

    def prepared(number: int) -> bytes:
        return b"".join(subscriptions(held[number * share : (number + 1) * share], first=1000))

    pair = b"".join(subscriptions(one)) + wire.frame(wire.UNSUBSCRIBE, id=2, subscription=1)
    return Attack(prepared, lambda _: pair)


def calls(_: int) -> Attack:
    def prepared(number: int) -> bytes:
        if number >= 4:
            return b""
        return b"".join(wire.frame(wire.JOIN, id=100 + n, room=f"room-{number}-{n}") for n in range(62))

    both = wire.frame(wire.CALL, id=1, method="rooms") + wire.frame(wire.CALL, id=2, method="status")
    return Attack(prepared, lambda _: both)


def status(_: int) -> Attack:
    call = wire.frame(wire.CALL, id=1, method="status")
    return Attack(nothing, lambda _: call)


def replays(size: int) -> Attack:
    def prepared(number: int) -> bytes:
        return b"".join(subscriptions([f"never-{number}-{n}" for n in range(size)], since=0))

    return Attack(prepared, nothing, early=False)


def sleepers(size: int) -> Attack:
    """They never read, and of what the log gives up each event must be looked at with all of their patterns."""

    def prepared(number: int) -> bytes:
        last = wire.frame(wire.SUBSCRIBE, id=256, topics=["shop-7"])
        return b"".join(subscriptions([f"never-{number}-{n}" for n in range(size)])) + last

    return Attack(prepared, nothing, reads=0)


def pings(_: int) -> Attack:
    return Attack(nothing, lambda _: wire.frame(wire.PING, id=1))


def unread(_: int) -> Attack:
    return Attack(nothing, lambda _: wire.frame(wire.PING, id=1), reads=0)


def visits(_: int) -> Attack:
    return Attack(nothing, nothing, leaves=True)


def large(_: int) -> Attack:
    """Requests as large as they may be, which are then refused."""
    request = wire.half(wire.EMIT, 1 << 20, id=1, event="e") + b" "
    return Attack(nothing, lambda _: request)


def halves(size: int) -> Attack:
    """Requests that never end."""
    begun = wire.half(wire.EMIT, size, id=1, event="e")
    return Attack(lambda _: begun, nothing, early=False)


def mute(_: int) -> Attack:
    """Calls, whose answers nobody reads."""
    call = wire.frame(wire.CALL, id=1, method="subscribers")
    return Attack(nothing, lambda _: call, reads=0)


def patterns(size: int) -> Attack:
    def prepared(number: int) -> bytes:
        return b"".join(subscriptions([f"{number}-{n}-".ljust(250, "x") for n in range(size)]))

    return Attack(prepared, nothing, early=False)


def snails(_: int) -> Attack:
    """Events and answers, read a few bytes at a time."""

    def prepared(number: int) -> bytes:
        return wire.frame(wire.SUBSCRIBE, id=number + 2, topics=["shop-7"])

    call = wire.frame(wire.CALL, id=1, method="subscribers")
    return Attack(prepared, lambda _: call, reads=64)


def everything(size: int) -> Attack:
    """Patterns, calls that nobody reads, and a request that never ends."""

    def prepared(number: int) -> bytes:
        held = subscriptions([f"{number}-{n}-".ljust(250, "x") for n in range(256)])
        calls_of = (wire.frame(wire.CALL, id=1000 + n, method="subscribers") for n in range(8))
        return b"".join(held) + b"".join(calls_of) + wire.half(wire.EMIT, size, id=1, event="e")

    return Attack(prepared, nothing, reads=0, early=False)


ATTACKS = {
    each.__name__: each
    for each in (
        *(colliding, calls, status, replays, sleepers, pings, unread, visits, large),  # of others' silence
        *(halves, mute, patterns, snails, everything),  # of memory
    )
}


class Connection:
    def __init__(self, path: str, number: int, attack: Attack) -> None:
        self.socket = wire.connect(path)
        self.number = number
        self.reads = attack.reads
        self._prepared = memoryview(attack.prepared(number))
        again = attack.repeated(number)
        self._repeated = memoryview(b"".join(itertools.repeat(again, max(1, REPEATED // len(again)) if again else 0)))

    def prepare(self) -> None:
        self.socket.setblocking(True)
        self.socket.sendall(self._prepared)
        self._prepared = memoryview(b"")
        self.socket.setblocking(False)

    def interest(self) -> int:
        return (selectors.EVENT_READ if self.reads else 0) | (selectors.EVENT_WRITE if self._prepared or self._repeated else 0)

    def say(self) -> None:
        left = self._prepared or self._repeated
        self._prepared = left[self.socket.send(left) :]


def attack_from(path: str, attack: Attack, connections: list[Connection]) -> None:
    scratch = bytearray(1 << 20)
    selector = selectors.DefaultSelector()

    def watch(which: Connection) -> None:
        if which.interest():
            selector.register(which.socket, which.interest(), which)

    for each in connections:
        watch(each)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    while True:
        for key, events in selector.select():
            one: Connection | None = key.data
            if one is None:
                return
            try:
                if events & selectors.EVENT_READ and one.socket.recv_into(scratch, one.reads) == 0:
                    raise ConnectionResetError
                if attack.leaves:
                    raise ConnectionResetError
                if events & selectors.EVENT_WRITE:
                    one.say()
                    if not one.interest():  # it lies there, and is not told when it is ended
                        selector.unregister(one.socket)
                    elif one.interest() != key.events:
                        selector.modify(one.socket, one.interest(), one)
            except BlockingIOError:
                pass
            except OSError:  # it was ended: the next one comes
                selector.unregister(one.socket)
                one.socket.close()
                with contextlib.suppress(OSError):
                    watch(Connection(path, one.number, attack))


def main() -> int:
    name, path, user, count, size = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    EPOCH[0] = sys.argv[6]
    attack = ATTACKS[name](size)
    wire.become(user)
    connections = [Connection(path, number, attack) for number in range(count)]
    if attack.early:
        for each in connections:
            each.prepare()
    print("ready", flush=True)
    sys.stdin.readline()
    attack_from(path, attack, connections)
    return 0


if __name__ == "__main__":
    sys.exit(main())
