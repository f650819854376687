# SPDX-License-Identifier: MIT
"""Everything that this package raises on its own account is a RoombridgeError and says what to do about it."""

from __future__ import annotations


class RoombridgeError(Exception):
    """The base of all errors here."""


class ConnectError(RoombridgeError):
    """The daemon's socket cannot be reached; `path` names it, `__cause__` is the operating system's error."""

    def __init__(self, path: str, reason: OSError) -> None:
        what = reason.strerror or str(reason) or type(reason).__name__
        super().__init__(f"cannot connect to {path}: {what} (is roombridged running, and may you use its socket?)")
        self.path = path


class ProtocolError(RoombridgeError):
    """The peer broke the protocol. `code` and `name` are those of PROTOCOL.md section 5, `text` says what was wrong."""

    def __init__(self, code: int, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.code = code
        self.name = name
        self.text = text


class PayloadError(RoombridgeError):
    """A payload is legal to carry but Python's JSON parser does not take it: nested too deep, a number too long, or no
    JSON.

    The bytes themselves are untouched in `Arguments.json`. `__cause__` is the parser's error.
    """


class RequestError(RoombridgeError):
    """The daemon refused or failed a request. `retry`: trying again makes sense.

    `outcome` is set for EMIT: "not_sent" (trying again cannot do it twice) or "sent_unknown".
    """

    def __init__(self, code: int, name: str, text: str, retry: bool, outcome: str | None = None) -> None:
        super().__init__(f"{name}: {text}")
        self.code = code
        self.name = name
        self.text = text
        self.retry = retry
        self.outcome = outcome


class RequestTimeout(RoombridgeError, TimeoutError):
    """The daemon did not answer in time. The connection stays usable; an answer that comes later is ignored."""


class InboxFull(RoombridgeError):
    """More events came in while a request waited than `inbox_limit` bytes hold: take some out, then ask again.

    Nothing is lost and the connection stays usable; the outcome of the request is not known.
    """


class ConnectionClosed(RoombridgeError):
    """The connection is over.

    `reason` is the daemon's ("shutdown", …) or "eof"; `reconnect`: coming back makes sense.
    """

    def __init__(self, reason: str, text: str, reconnect: bool) -> None:
        super().__init__(f"{reason}: {text}" if text else reason)
        self.reason = reason
        self.text = text
        self.reconnect = reconnect
