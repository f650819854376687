# SPDX-License-Identifier: MIT
"""Payloads that servers legally send and strict parsers refuse. No JavaScript program can write these values: the tests
put them raw into the server's engine."""

DEEP = b"[" * 2000 + b"]" * 2000
FLAT_HOSTILE = (
    rb'{"surrogate":"\ud800","integer":123456789012345678901234567890, "korean":"' + "예약이 확정되었습니다!".encode() + b'"}'
)
HOSTILE = FLAT_HOSTILE[:-1] + b',"deep":' + DEEP + b"}"
