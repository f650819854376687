# SPDX-License-Identifier: MIT
"""roombridgectl against the real daemon and server."""

from __future__ import annotations

import json
import socket
import subprocess
import unittest
from typing import Any

from .harness import IntegrationTest, reservation
from .hostile import FLAT_HOSTILE, HOSTILE
from .processes import DEADLINE, ROOMBRIDGECTL, Output

OK, FAILED, USAGE, UNREACHABLE, TIMEOUT, PERHAPS = range(6)


class CtlTest(IntegrationTest):
    needed = (ROOMBRIDGECTL,)

    def ctl(self, *arguments: object, status: int = OK, text: str | None = None) -> str:
        """Runs a command on the test's socket; what it printed to stdout, or to stderr when it was to fail."""
        result = subprocess.run(
            [str(ROOMBRIDGECTL), "--socket", str(self.directory / "s"), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
            input=text,
        )
        self.assertEqual(result.returncode, status, result)
        self.assertNotIn(self.token, result.stdout + result.stderr)
        return result.stderr if status else result.stdout

    def ctl_json(self, *arguments: object, **more: Any) -> Any:
        return json.loads(self.ctl("--json", *arguments, **more))

    def tail(self, *arguments: object) -> Output:
        """A tail in the background that has subscribed."""
        output = self.roombridgectl("--json", "tail", *arguments)
        output.line('"type":"live"')
        return output

    def test_status(self) -> None:
        daemon = self.start_authenticated()
        self.ctl("wait", "--for", "authenticated", "--timeout", "30s")
        status = self.ctl_json("status")
        self.assertEqual((status["pid"], status["upstream"]["state"]), (daemon.pid, "authenticated"))
        self.assertIn("authenticated", self.ctl("status"))

    def test_status_says_why_it_is_offline(self) -> None:
        self.token_file.unlink()
        self.start_daemon().logged("CAUSE=token_missing")
        self.assertIn(str(self.token_file), self.ctl("status"))

    def test_rooms(self) -> None:
        self.start_authenticated()
        self.ctl("wait", "--for", "authenticated", "--timeout", "30s")
        rooms = [json.loads(line) for line in self.ctl("--json", "rooms").splitlines()]
        if isinstance(rooms[0], list):
            rooms = rooms[0]
        self.assertEqual({room["room"] for room in rooms}, {"user-3", "shop-7", "shop-8"})
        self.assertIn("shop-7", self.ctl("rooms"))

    def test_an_emit_whose_daemon_is_killed_is_perhaps_done(self) -> None:
        daemon = self.start_authenticated()
        self.ctl("wait", "--for", "authenticated", "--timeout", "30s")
        command = [str(ROOMBRIDGECTL), "--socket", str(daemon.socket), "emit", "nobody listens", "--ack"]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as emit:
            self.server.output.line("nobody listens")
            self.kill(daemon)
            assert emit.stderr is not None
            self.assertIn(b"not known whether it was done", emit.stderr.read())
        self.assertEqual(emit.returncode, PERHAPS)

    def test_tail_waits_for_the_daemon_and_goes_on_when_it_was_killed(self) -> None:
        command = [str(ROOMBRIDGECTL), "--socket", str(self.directory / "s"), "--json", "tail", "--event", "marker"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None and process.stderr is not None
        self.addCleanup(process.wait, DEADLINE)
        self.addCleanup(process.kill)
        output, said = Output(process.stdout), Output(process.stderr)
        said.line("waiting for the daemon")
        for number, end in enumerate((self.kill, self.stop, None)):
            daemon = self.start_authenticated()
            peer = self.peer(daemon)
            self.eventually(
                lambda peer=peer: [each for each in peer.call("subscribers") if each["subscriptions"]],
                "tail subscribing",
            )
            self.server.emit("marker", number)
            output.line('"marker"', f"[{number}]")
            if end is not None:
                end(daemon)
        said.line("connected again")

    def test_tail_holds_a_room(self) -> None:
        daemon = self.start_authenticated(rooms={"declared": ["shop-7"]})
        self.ctl("wait", "--for", "authenticated", "--timeout", "30s")
        output = self.tail("--room", "table-1", "--count", "1")
        self.server.saw("join", room="table-1")
        self.server.emit("order", 1, room="table-1")
        output.line('"order"')
        self.peer(daemon).join("table-2")
        self.assertRegex(self.ctl("rooms"), r"asked +table-2  since .*  held by 1 program \[\d+\]")

    def test_wait_gives_up_in_time_with_a_status_of_its_own(self) -> None:
        self.token_file.unlink()
        self.start_daemon()
        self.assertIn("token", self.ctl("wait", "--for", "authenticated", "--timeout", "50ms", status=TIMEOUT))
        self.ctl("wait", "--for", "offline", "--timeout", "30s")

    def test_emit_and_its_acknowledgement(self) -> None:
        self.start_authenticated()
        self.ctl("wait", "--for", "authenticated", "--timeout", "30s")
        answer = self.ctl_json("emit", "reservation_update", json.dumps(reservation(42)), "--ack")
        self.assertEqual(answer["outcome"], "acked")
        self.assertEqual(answer["arguments"], [{"ok": True, "reservationId": 42, "by": 3}])
        self.assertEqual(self.server.saw("reservation_update")["update"], reservation(42))
        self.ctl("emit", "reservation_update", "-", text=json.dumps([reservation(43)]))
        self.assertEqual(self.server.saw("reservation_update")["update"], reservation(43))

    def test_emits_that_fail(self) -> None:
        self.start_authenticated()
        self.ctl("wait", "--for", "authenticated", "--timeout", "30s")
        self.assertIn("reserved_name", self.ctl("emit", "join_room", status=FAILED))
        self.assertIn("bad_payload", self.ctl("emit", "x", "{", status=USAGE))
        self.ctl("emit", "nobody listens", "--ack", "--timeout", "50ms", status=PERHAPS)
        self.token_file.unlink()
        self.ctl("wait", "--for", "offline", "--timeout", "30s")
        self.assertIn("not_connected", self.ctl("emit", "x", status=FAILED))

    def test_tail_with_a_filter(self) -> None:
        self.start_authenticated()
        output = self.tail("--event", "reservation_update", "--topic", "shop-7", "--count", "1")
        self.server.emit("reservation_update", reservation(1, shop_id=8))
        self.server.emit("reservation_update", reservation(2, shop_id=7))
        event = json.loads(output.line('"type":"event"'))
        self.assertEqual(event["arguments"], [reservation(2, shop_id=7)])

    def test_tail_gives_hostile_payloads_byte_for_byte(self) -> None:
        self.start_authenticated()
        output = self.tail("--count", "3")
        for name, payload in (("flat", FLAT_HOSTILE), ("hostile", HOSTILE)):
            self.server.command(do="raw", text=f'2["{name}",' + payload.decode() + "]")
        self.server.emit("picture", {"$hex": "00ff10"})
        self.assertIn("[" + FLAT_HOSTILE.decode() + "]", output.line('"flat"'))
        self.assertIn("[" + HOSTILE.decode() + "]", output.line('"hostile"'))
        self.assertIn('"AP8Q"', output.line('"picture"'))

    def test_tail_in_words_survives_hostile_payloads(self) -> None:
        self.start_authenticated()
        process = subprocess.Popen(
            [str(ROOMBRIDGECTL), "--socket", str(self.directory / "s"), "tail", "--count", "2"], stdout=subprocess.PIPE
        )
        self.addCleanup(process.kill)
        output = Output(process.stdout)
        output.line("waiting for events")
        self.server.command(do="raw", text='2["hostile",' + HOSTILE.decode() + "]")
        self.server.emit("marker")
        output.line("marker")
        self.assertEqual(process.wait(DEADLINE), OK)

    def test_reload(self) -> None:
        daemon = self.start_authenticated()
        self.write_config(self.config(rooms={"declared": ["shop-7"]}))
        self.assertEqual(self.ctl_json("reload")["changed"], ["rooms.declared"])
        self.server.saw("leave", room="shop-8")
        daemon.config.write_text("upstream: {ulr: x}\n", encoding="utf-8")
        self.assertRegex(self.ctl("reload", status=FAILED), r"config\.yaml:1:12: .*ulr.*url")

    def test_reconnect(self) -> None:
        self.start_authenticated()
        self.ctl("reconnect")
        self.server.saw("disconnect", reason="transport close")
        self.server.saw("join", room="shop-7")

    def test_the_daemon_cannot_be_reached(self) -> None:
        for command in (["status"], ["rooms"], ["tail", "--no-follow"], ["emit", "x"], ["reload"], ["reconnect"]):
            with self.subTest(command):
                self.assertIn(str(self.directory / "s"), self.ctl(*command, status=UNREACHABLE))

    def test_a_daemon_that_hangs_costs_no_more_than_the_given_time(self) -> None:
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(str(self.directory / "s"))
            silent.listen()
            self.assertRegex(self.ctl("tail", "--timeout", "150ms", status=TIMEOUT), "not answer(ed)? HELLO")

    def test_wrong_usage_and_help(self) -> None:
        self.ctl(status=USAGE)
        self.ctl("bogus", status=USAGE)
        self.ctl("wait", "--for", "lunch", status=USAGE)
        self.assertIn("tail", self.ctl("--help"))
        self.assertIn("--timeout", self.ctl("wait", "--help"))


if __name__ == "__main__":
    unittest.main()
