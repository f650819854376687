# SPDX-License-Identifier: MIT
"""JSON as servers legally send it, as Python values. No I/O.

Python's parser gives up at some hundred levels of nesting and at integers of more than 4,300 digits. Neither may end a
program, again and again at the same event: such a part stands in the result as its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from json import JSONDecoder
from typing import Any

from .protocol import refuse_constant

MOST_LEVELS = 64
"""What is nested deeper is kept as text, where not all of it can be held; so much the C++ client holds, too."""


class Unparsed(str):
    """The JSON text of a part that Python cannot hold: nested too deep, or a number too long."""

    __slots__ = ()


_PLAIN = JSONDecoder(parse_constant=refuse_constant)
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]|NaN|Infinity')


def parse_json(text: str, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """The value of a JSON text. Raises ValueError or RecursionError for what is no JSON."""
    decoder = _PLAIN if object_hook is None else JSONDecoder(object_hook=object_hook, parse_constant=refuse_constant)
    try:
        return decoder.decode(text)
    except (ValueError, RecursionError):
        shallow, deep = _split(text)
        parts = iter(deep)
        # NaN, which JSON does not have, holds the place of each part.
        return JSONDecoder(
            object_hook=object_hook, parse_int=_integer, parse_constant=lambda constant: next(parts)
        ).decode(shallow)


def _split(text: str) -> tuple[str, list[Unparsed]]:
    """The text with NaN in the place of each part that is nested too deep, and these parts."""
    kept, deep = [], []
    depth = begin = end = 0
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in ("[", "{"):
            depth += 1
            if depth == MOST_LEVELS + 1:
                begin = found.start()
        elif token in ("]", "}"):
            if depth == MOST_LEVELS + 1:
                kept.append(text[end:begin])
                end = found.end()
                deep.append(Unparsed(text[begin:end]))
            depth -= 1
        elif token in ("NaN", "Infinity"):
            refuse_constant(token)
    return "NaN".join([*kept, text[end:]]), deep


def _integer(digits: str) -> int | Unparsed:
    try:
        return int(digits)
    except ValueError:
        return Unparsed(digits)
