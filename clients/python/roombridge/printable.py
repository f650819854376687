# SPDX-License-Identifier: MIT
"""Text that somebody else has written (a server, another program), made safe for a terminal and for a line of a log.

The rule is that of the daemon and its other clients; proto/vectors/printable.json holds it for all of them.
"""

from __future__ import annotations

import re

# Control characters; what changes the direction of the text around it, separates lines, or is seen as nothing; tags.
# Surrogates have no UTF-8: no terminal and no file takes them.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff"
    "\U000e0000-\U000e007f]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def printable(text: str) -> str:
    r"""The text on one line, safe to be shown: escapes are \n, \r, \t, \u202e and \u{e0041}.

    A byte that was no UTF-8, and came with `errors="surrogateescape"`, is \xff. A backslash stays as it is.
    """
    return _UNSAFE.sub(_escape, text)


def has_control_character(text: str) -> bool:
    """Whether there is one of U+0000 to U+001F or U+007F to U+009F in it."""
    return any(code < " " or "\x7f" <= code <= "\x9f" for code in text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return _SHORT.get(found[0]) or (f"\\u{{{code:05x}}}" if code > 0xFFFF else f"\\u{code:04x}")
