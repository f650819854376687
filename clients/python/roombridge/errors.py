# SPDX-License-Identifier: MIT
"""Everything that this package raises on its own account is a RoombridgeError and says what to do about it."""

from __future__ import annotations

import errno

from .printable import printable

# What ends by itself: the daemon is not there yet, or is just being started again.
_PASSING = {errno.ENOENT, errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE, errno.EAGAIN, errno.ETIMEDOUT, errno.EINTR}
# So does a shortage of descriptors or of memory for sockets.
_PASSING |= {errno.EMFILE, errno.ENFILE, errno.ENOBUFS}


class RoombridgeError(Exception):
    """The base of all errors here. Its message is one line, safe to be shown whatever the daemon or the server said.

    Attributes of errors hold what was said as it was.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(printable(message))


class ConnectError(RoombridgeError):
    """The daemon's socket cannot be reached; `path` names it, `__cause__` is the operating system's error.

    `may_pass`: no daemon listens there, which may change while a program waits.
    """

    def __init__(self, path: str, reason: OSError) -> None:
        what = reason.strerror or str(reason) or type(reason).__name__
        super().__init__(f"cannot connect to {path}: {what} (is roombridged running, and may you use its socket?)")
        self.path = path
        self.may_pass = reason.errno in _PASSING or isinstance(reason, TimeoutError)


class ProtocolError(RoombridgeError):
    """The peer broke the protocol. `code` and `name` are those of PROTOCOL.md section 5, `text` says what was wrong."""

    def __init__(self, code: int, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.code = code
        self.name = name
        self.text = text


class PayloadError(RoombridgeError):
    """A payload is no JSON array, which a daemon does not send.

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
    """The daemon did not answer in time; an answer that comes later is ignored.

    `outcome` is set for EMIT: "not_sent" (there was no connection; trying again cannot do it twice) or "sent_unknown".
    """

    def __init__(self, text: str, outcome: str | None = None) -> None:
        super().__init__(text)
        self.outcome = outcome


class ConnectionClosed(RoombridgeError):
    """The connection is over.

    `reason` is the daemon's ("shutdown", …) or "eof"; `reconnect`: coming back makes sense. `outcome` is that of an
    emit which was under way, as in RequestTimeout.
    """

    def __init__(self, reason: str, text: str, reconnect: bool, outcome: str | None = None) -> None:
        super().__init__(f"{reason}: {text}" if text else reason)
        self.reason = reason
        self.text = text
        self.reconnect = reconnect
        self.outcome = outcome
