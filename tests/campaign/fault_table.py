# SPDX-License-Identifier: MIT
"""What the test upstream can do wrong, at which step, and what the daemon has to make of it. Data only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

STEPS = ("accepted", "handshake", "open", "connect", "authenticate", "join", "established")
MESSAGE_LIMIT = 64 * 1024
"""upstream.receive_limit of the daemon that is tried."""


@dataclass(frozen=True)
class Case:
    """`words`: as the server's console takes them; `causes`: one of them is named, or, if there are none, the session lives."""

    name: str
    step: str
    words: str
    causes: frozenset[str]


def from_step(first: str) -> tuple[str, ...]:
    return STEPS[STEPS.index(first) :]


def silences(step: str) -> set[str]:
    """What no answer at this step is called."""
    return {"authenticate": {"auth_timeout"}, "join": {"ping_timeout"}, "established": {"ping_timeout"}}.get(step, {"connect_timeout"})


def opening(**changes: Any) -> str:
    fields = {"sid": "x", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1_000_000, **changes}
    return "text 0" + json.dumps(fields)


def cases() -> list[Case]:
    found: list[Case] = []

    def add(name: str, steps: tuple[str, ...], words: str, *causes: str) -> None:
        found.extend(Case(f"{name} at {step}", step, words, frozenset(causes)) for step in steps)

    for step in STEPS:
        add("silence", (step,), "silence", *silences(step))
        add("half-open TCP", (step,), "half_open", *silences(step))
    early, late = STEPS[:2], from_step("open")

    # ---- the connection's end
    add("a close frame", late, "close", "server_closed")
    add("FIN", STEPS, "fin", "connection_lost")
    add("RST", STEPS, "reset", "connection_lost")
    add("the engine's close", late, "text 1", "server_closed")
    add("a kick", from_step("authenticate"), "text 41", "kicked")

    # ---- garbage, layer by layer
    add("no HTTP", early, "bytes " + bytes(range(128, 256)).hex(), "http_not_websocket")
    add("HTTP that refuses", early, "bytes " + b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n".hex(), "http_5xx")
    add("noise instead of frames", late, "bytes " + bytes(range(255, 0, -1)).hex(), "protocol_error")
    add("a masked frame", late, "bytes 818101020304", "protocol_error")
    for step in ("open", "connect", "authenticate"):
        for name, text in {"Engine.IO": "z", "Socket.IO": "49", "JSON": '42["x",{]', "nothing": ""}.items():
            add(f"garbage for {name}", (step,), f"text {text}", *silences(step))
    add("garbage for Engine.IO", ("established",), "text z")
    add("garbage for JSON", ("established",), 'text 42["x",{]')

    # ---- too much
    add("an endless header", early, "bytes " + (b"HTTP/1.1 101 x\r\n" + b"A: b\r\n" * 20_000).hex(), "http_not_websocket")
    add("a frame of 2^40 bytes", late, "bytes 817f" + (1 << 40).to_bytes(8, "big").hex(), "message_too_large")
    add("a message beyond the limit", late, "text 42" + "x" * MESSAGE_LIMIT, "message_too_large")

    # ---- slow bytes
    add("a byte every 50 ms", STEPS[:4], "slow 50", "connect_timeout")
    add("a byte every 50 ms", ("authenticate",), "slow 50", "auth_timeout")
    add("a byte every ms", from_step("open"), "slow 1")

    # ---- twice, early, out of turn
    add("everything twice", late, "twice")
    for name, text in {
        "a ping": "2",
        "3probe": "3probe",
        "a noop": "6",
        "an event": '42["tick",{"n":0}]',
        "an acknowledgement of nothing": '4399999["x"]',
        "another namespace's CONNECT": '40/other,{"sid":"x"}',
    }.items():
        add(f"{name} out of turn", late, f"before {text}")
    add("an early answer to the token", ("open", "connect"), 'before 42["auth_success",{"userId":"42"}]')
    add("a late refusal of CONNECT", from_step("authenticate"), 'before 44{"message":"no"}')

    # ---- refusals
    add("a refused namespace", ("connect",), 'text 44{"message":"no"}', "namespace_refused")
    add("a CONNECT without sid", ("connect",), "text 40{}", "engine_io_3")
    add("a refused token", ("authenticate",), 'text 42["auth_error",{"message":"busy"}]', "token_refused")
    add("a refusal out of turn", ("established",), 'text 42["auth_error",{"message":"expired"}]', "token_refused")

    # ---- clocks that jump, as the server announces them
    for value in (-1, "soon", []):
        add(f"pingInterval {value!r}", ("open",), opening(pingInterval=value), "protocol_error")
        add(f"pingTimeout {value!r}", ("open",), opening(pingTimeout=value), "protocol_error")
    for value in (0, 2**31, 1e300, "1000", None):
        add(f"pingInterval {value!r}", ("open",), opening(pingInterval=value))
        add(f"pingTimeout {value!r}", ("open",), opening(pingTimeout=value))
    add("a heartbeat of 2 ms", ("open",), opening(pingInterval=1, pingTimeout=1), "ping_timeout")
    add("a heartbeat of a day", ("open",), opening(pingInterval=86_400_000, pingTimeout=86_400_000))
    return found
