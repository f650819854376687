# SPDX-License-Identifier: MIT
"""SIGHUP and the reload call: all or nothing, and nobody's connection ends."""

from __future__ import annotations

import os
import unittest

from roombridge import RequestError

from .harness import IntegrationTest, reservation
from .processes import BUILD, Daemon

HANGING_NAMES = BUILD / "tests/integration/hanging_names/libnss_hanging.so.2"


class ReloadTest(IntegrationTest):
    def test_sighup_adds_a_room_removes_one_and_changes_the_log_level(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon, topics=["shop-9", "shop-8"])
        self.write_config(self.config(rooms={"declared": ["shop-7", "shop-9"]}, logging={"level": "debug"}))
        daemon.hang_up()
        self.assertEqual(self.server.saw("join", room="shop-9")["userId"], 3)
        self.assertEqual(self.server.saw("leave", room="shop-8")["userId"], 3)
        applied = daemon.logged("reloaded: ")
        self.assertIn("rooms.declared", applied)
        self.assertIn("logging.level", applied)
        # Who had subscribed before still hears, over the same upstream connection.
        self.server.emit("reservation_update", reservation(1, shop_id=8), room="shop-8")
        self.server.emit("reservation_update", reservation(2, shop_id=9), room="shop-9")
        self.assertEqual(subscriber.until_event("reservation_update")[0].args, [reservation(2, shop_id=9)])
        rooms = {room["room"] for room in subscriber.client.call("rooms")}
        self.assertEqual(rooms, {"user-3", "shop-7", "shop-9"})
        self.assertEqual(len(self.server.seen("connection")), 1)
        self.assertEqual(len(self.server.seen("join", room="shop-7")), 1)
        # What is told at this level only.
        self.assertNotIn(" debug ", daemon.log)
        before = len(daemon.output.lines)
        subscriber.client.call("reconnect")
        daemon.logged(" debug ", after=before)

    def test_sighup_with_a_broken_file_changes_nothing_and_names_the_place(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        good = daemon.config.read_text(encoding="utf-8")
        cases = {
            "upstream:\n  url: 'x\n": r"config\.yaml:\d+:\d+: ",
            "upstream:\n  url: http://localhost:1\nrooms:\n  declred: [shop-1]\n": r"config\.yaml:4:3: .*declred.*declared",
            "upstream:\n  reconnect:\n    first: soon\n": r"config\.yaml:3:12: ",
        }
        for text, pattern in cases.items():
            with self.subTest(text):
                before = len(daemon.output.lines)
                daemon.config.write_text(text, encoding="utf-8")
                daemon.hang_up()
                self.assertIn("nothing changed", daemon.logged(pattern, after=before))
                with self.assertRaisesRegex(RequestError, pattern) as caught:
                    subscriber.client.call("reload")
                self.assertEqual(caught.exception.name, "config_invalid")
        self.assertEqual({room["room"] for room in subscriber.client.call("rooms")}, {"user-3", "shop-7", "shop-8"})
        self.server.emit("marker")
        subscriber.until_event("marker")
        self.assertEqual(len(self.server.seen("connection")), 1)
        self.assertEqual(self.server.seen("leave"), [])
        daemon.config.write_text(good, encoding="utf-8")
        self.assertEqual(subscriber.client.call("reload"), {"changed": [], "new_connection": [], "next_connection": [], "restart_needed": []})

    def test_another_url_reconnects_and_subscribers_stay(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        second = self.start_server()
        self.write_config(self.config(upstream={**self.config()["upstream"], "url": second.url}))
        self.assertEqual(subscriber.client.call("reload"), {
            "changed": ["upstream.url"], "new_connection": ["upstream.url"], "next_connection": [], "restart_needed": []})
        second.saw("join", room="shop-7")
        self.assertEqual(self.server.saw("disconnect")["reason"], "transport close")
        second.emit("marker")
        subscriber.until_event("marker")

    def test_other_rules_hold_for_the_next_event(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon, topics=["seat-*"])
        rules = {"reservation_update": {"topics": ["seat-{seat}"], "required": []}}
        self.write_config(self.config(events={"rules": rules}))
        subscriber.client.call("reload")
        self.server.emit("reservation_update", {"seat": 5})
        self.assertEqual(subscriber.until_event("reservation_update")[0].topics, ("seat-5",))

    def test_what_needs_a_restart_is_named(self) -> None:
        daemon = self.start_authenticated()
        client = self.peer(daemon)
        self.write_config(self.config(local={"socket": str(self.directory / "other")}, log={"capacity": "4MiB"}))
        self.assertEqual(set(client.call("reload")["restart_needed"]), {"local.socket", "log.capacity"})
        self.assertTrue(os.path.exists(daemon.socket))
        self.assertEqual(set(client.call("reload")["restart_needed"]), {"local.socket", "log.capacity"}, "it still does")
        self.write_config(self.config())
        self.assertEqual(client.call("reload")["restart_needed"], [], "it is again as it runs")

    def wait_for_reloads(self, daemon: Daemon, count: int) -> None:
        daemon.output.wait(lambda lines: sum("reloaded" in line for line in lines) >= count or None, f"{count} reloads")

    def test_sighup_again_and_again(self) -> None:
        daemon = self.start_authenticated()
        client = self.peer(daemon)
        client.call("reload")
        descriptors = daemon.descriptors()
        for done in range(1, 100, 2):
            # Each is waited for by its log line: one that is under way has the file open.
            self.wait_for_reloads(daemon, done)
            daemon.hang_up()
            self.wait_for_reloads(daemon, done + 1)
            client.call("reload")
        self.wait_for_reloads(daemon, 101)
        self.assertEqual(daemon.descriptors(), descriptors)
        self.assertEqual(len(self.server.seen("connection")), 1)


if __name__ == "__main__":
    unittest.main()


@unittest.skipUnless(os.geteuid() == 0, "needs root: a mount namespace of its own, with another nsswitch.conf")
class HangingNamesTest(IntegrationTest):
    """The name service answers nothing about names that begin with "hanging", until it is let."""

    needed = (HANGING_NAMES,)

    def setUp(self) -> None:
        super().setUp()
        self.gate = self.directory / "gate"
        os.mkfifo(self.gate)
        switch = self.directory / "nsswitch.conf"
        switch.write_text("passwd: files hanging\ngroup: files hanging\nhosts: files\n", encoding="ascii")
        within = ("unshare", "--mount", "sh", "-ec", f'mount --bind {switch} /etc/nsswitch.conf; exec "$@"', "sh")
        environment = {"LD_LIBRARY_PATH": str(HANGING_NAMES.parent), "ROOMBRIDGE_TEST_HANG": str(self.gate)}
        self.daemon = self.start_daemon(environment, within)

    def let(self) -> None:
        """From now on all look-ups are answered."""
        self.addCleanup(os.close, os.open(self.gate, os.O_RDWR))

    def ask_for(self, *users: str) -> None:
        access = [{"users": list(users), "events": ["*"], "topics": ["*"]}]
        self.write_config(self.config(local={"access": access}))

    def test_a_reload_that_hangs_holds_up_nobody(self) -> None:
        subscriber = self.subscriber(self.daemon, events=["notification"])
        self.server.saw("join", room="shop-8")
        self.ask_for("hanging-one")
        self.daemon.hang_up()
        # That one after the other comes through shows that none of it waits for the reload.
        for number in range(3):
            self.server.emit("notification", {"id": number, "title": "still here"})
            subscriber.until_event("notification")
        self.assertEqual(self.peer(self.daemon).call("status")["pid"], self.daemon.pid)
        self.let()
        self.daemon.logged("there is no user hanging-one; the entry matches nobody")
        self.daemon.logged("reloaded: local.access")

    def test_sigterm_during_a_reload_that_hangs(self) -> None:
        self.ask_for("hanging-one")
        self.daemon.hang_up()
        self.peer(self.daemon).call("status")
        self.stop(self.daemon)
