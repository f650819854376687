# SPDX-License-Identifier: MIT
"""What others wrote is shown as the daemon and the other clients show it (proto/vectors/README.md)."""

from __future__ import annotations

import json
import unittest
from typing import Any

from roombridge import ConnectError, ConnectionClosed, ProtocolError, RequestError, RequestTimeout, RoombridgeError
from roombridge.printable import printable

from .test_protocol import VECTORS


class PrintableTest(unittest.TestCase):
    vectors: dict[str, list[Any]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.vectors = json.loads(VECTORS.with_name("printable.json").read_text(encoding="utf-8"))

    def test_exactly_what_the_vectors_list_is_escaped(self) -> None:
        surrogates = [[0xD800, 0xDFFF]]  # a Python string can hold them
        listed = {code for first, last in self.vectors["escaped"] + surrogates for code in range(first, last + 1)}
        self.assertEqual({code for code in range(0x110000) if printable(chr(code)) != chr(code)}, listed)

    def test_texts_are_shown_as_the_vectors_do(self) -> None:
        self.assertGreater(len(self.vectors["texts"]), 10)
        for vector in self.vectors["texts"]:
            with self.subTest(vector["name"]):
                text = bytes.fromhex(vector["hex"]).decode(errors="surrogateescape")
                self.assertEqual(printable(text), vector["printable"])

    def test_a_surrogate_of_json_is_escaped(self) -> None:
        self.assertEqual(printable("\ud800"), r"\ud800")

    def test_errors_are_safe_to_be_shown_and_keep_what_was_said(self) -> None:
        said = "no\x1b[2J\n\u202e"
        shown = r"no\u001b[2J\n\u202e"
        errors: list[RoombridgeError] = [
            RoombridgeError(said),
            ConnectError(said, FileNotFoundError(2, said)),
            ProtocolError(106, "bad_head", said),
            refused := RequestError(301, "room_refused", said, False),
            RequestTimeout(said),
            ConnectionClosed(said, said, True),
        ]
        for error in errors:
            with self.subTest(type(error).__name__):
                self.assertIn(shown, str(error))
                self.assertTrue(str(error).isprintable())
        self.assertEqual(refused.text, said)


if __name__ == "__main__":
    unittest.main()
