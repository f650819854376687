# SPDX-License-Identifier: MIT
"""Access rules and limits of one user, with connections of other users as the kernel names them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import unittest
from collections.abc import Callable, Iterator
from typing import Any

from roombridge import Client, ConnectionClosed, Gap, Permissions, Problem, RequestError, RoombridgeError, Sight, Status

from .harness import EVERYONE, IntegrationTest, Subscriber, reservation
from .processes import DEADLINE, ROOMBRIDGECTL, Daemon
from .test_emits import Later

TILL, PRINTER = 64711, 64712
"""Users that no account is needed for."""
STAFF, KITCHEN = 64801, 64802
"""Groups likewise."""

RULES: list[dict[str, Any]] = [
    {"users": [str(TILL)], "events": ["reservation_update"], "topics": ["shop-7"]},
    {"groups": [str(STAFF)], "events": ["*"], "topics": ["*"]},
    {"groups": [str(KITCHEN)], "rooms": ["table-*"], "emits": ["reservation_update"]},
]

ROOMS = {"linger": "0s"}


@contextlib.contextmanager
def acting_as(user: int, group: int = 64999, groups: tuple[int, ...] = ()) -> Iterator[None]:
    """Whoever connects meanwhile is this user: the kernel notes the effective one, and the groups, at connect()."""
    before = os.getgroups()
    os.setgroups(groups)
    os.setegid(group)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(os.getuid())
        os.setegid(os.getgid())
        os.setgroups(before)


class UsersTest(IntegrationTest):
    """What tests with several users stand on."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        if os.geteuid() != 0:
            if os.environ.get("CI") == "true":
                raise AssertionError("CI: only root can be other users")
            raise unittest.SkipTest("only root can be other users")

    def local(self, **more: Any) -> dict[str, Any]:
        return {"socket": str(self.directory / "s"), "mode": "0666", "access": RULES, **more}

    def start(self, **local: Any) -> Daemon:
        self.directory.chmod(0o711)
        return self.start_authenticated(rooms=ROOMS, local=self.local(**local))

    def reload(self, daemon: Daemon, **local: Any) -> None:
        self.write_config(self.config(rooms=ROOMS, local=self.local(**local)))
        self.peer(daemon).call("reload")

    def subscriber_as(self, daemon: Daemon, *who: Any, **filters: list[str]) -> Subscriber:
        with acting_as(*who):
            return self.subscriber(daemon, **filters)

    def refused(self, request: Callable[[], Any], name: str = "not_permitted") -> RequestError:
        with self.assertRaises(RequestError) as caught:
            request()
        self.assertEqual(caught.exception.name, name)
        return caught.exception


class AccessTest(UsersTest):
    needed = (ROOMBRIDGECTL,)

    def roombridgectl_as(self, user: int, group: int, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = self.directory / "ctl"  # the build may lie where only root can go
        shutil.copy(ROOMBRIDGECTL, program)
        command = [str(program), "--socket", str(self.directory / "s"), *arguments]
        # Another user altogether: of a process whose users differ, a sanitizer may not see the environment.
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
            user=user,
            group=group,
            extra_groups=(),
        )

    def emit_all_kinds(self) -> None:
        self.server.emit("reservation_update", reservation(1, shop_id=8))
        self.server.emit("reservation_update", {"shopId": 7})  # lacks what the profile expects
        self.server.emit("order", 1)
        self.server.emit("reservation_update", reservation(2, shop_id=7))
        self.server.emit("notification", {"id": 1, "title": "the end"})

    def test_each_sees_what_its_user_and_groups_may_see(self) -> None:
        daemon = self.start()
        till = self.subscriber_as(daemon, TILL)
        everything = [
            self.subscriber(daemon),  # root
            self.subscriber_as(daemon, PRINTER, STAFF),
            self.subscriber_as(daemon, PRINTER, 64999, (64998, STAFF)),
            self.subscriber_as(daemon, TILL, 64999, (STAFF,)),
        ]
        self.emit_all_kinds()
        self.assertEqual([event.args for event in till.until_event("reservation_update")], [[reservation(2)]])
        for subscriber in everything:
            events = subscriber.until_event("notification")
            self.assertEqual([event.unexpected for event in events], [False, True, False, False, False])

    def test_each_is_told_of_its_own_programs_and_who_controls_of_all(self) -> None:
        daemon = self.start(admins={"users": [str(PRINTER)]})
        holder = self.subscriber_as(daemon, TILL + 10, 64999, (KITCHEN,))
        holder.client.join("table-1")
        till = self.subscriber_as(daemon, TILL, 64999, (KITCHEN,), events=["reservation_update"], topics=["shop-7"])
        with self.subTest("status"):
            own = till.client.call("status")
            self.assertEqual(own["sees"], "own")
            self.assertEqual(own["local"], {"connections": 1, "subscribers": 1, "named_subscribers": 0})
            self.assertLessEqual(
                set(own["upstream"]), {"state", "since", "away_since", "transport", "cause", "next_attempt"}
            )
            self.assertFalse({"counters", "log", "config", "newest", "warnings"} & set(own))
        with self.subTest("rooms"):
            room = next(each for each in till.client.call("rooms") if each["room"] == "table-1")
            self.assertFalse({"holders", "pids"} & set(room))
            till.client.join("table-1")
            room = next(each for each in till.client.call("rooms") if each["room"] == "table-1")
            self.assertEqual((room["holders"], room["pids"]), (1, [os.getpid()]))
        with self.subTest("subscribers"):
            self.assertEqual([each["uid"] for each in till.client.call("subscribers")], [TILL])
        with self.subTest("roombridgectl"):
            shown = self.roombridgectl_as(KITCHEN, KITCHEN, "status")
            self.assertIn("your own programs only", shown.stdout)
            self.assertNotIn("config", shown.stdout)
            rooms = self.roombridgectl_as(KITCHEN, KITCHEN, "rooms")
            self.assertIn("no program of yours holds it", rooms.stdout)
        control = self.subscriber_as(daemon, PRINTER)
        seen = control.client.call("status")
        self.assertEqual(seen["sees"], "all")
        self.assertLessEqual({TILL, TILL + 10, PRINTER}, {each["uid"] for each in control.client.call("subscribers")})
        room = next(each for each in seen["rooms"] if each["room"] == "table-1")
        self.assertEqual(room["holders"], 2)

    def test_a_subscription_outside_the_rules_is_refused(self) -> None:
        daemon = self.start()
        with acting_as(TILL):
            till = self.peer(daemon)
        with acting_as(PRINTER):
            printer = self.peer(daemon)
        self.assertIn("'shop-*'", self.refused(lambda: till.subscribe(topics=["shop-*"])).text)
        self.assertIn("'order'", self.refused(lambda: till.subscribe(events=["order"])).text)
        self.refused(lambda: printer.subscribe(topics=["shop-7"]))
        till.subscribe(events=["reservation_update"], topics=["shop-7"])

    def test_the_welcome_says_what_one_may_do(self) -> None:
        daemon = self.start(admins={"users": [str(TILL)]})
        with acting_as(TILL, 64999, (KITCHEN,)):
            welcome = self.peer(daemon).welcome
        self.assertEqual(
            (welcome.may_control, welcome.may),
            (True, Permissions((Sight(("reservation_update",), ("shop-7",)),), ("table-*",), ("reservation_update",))),
        )

    def test_emitting_needs_to_be_granted(self) -> None:
        daemon = self.start()
        with acting_as(PRINTER, STAFF):
            staff = self.peer(daemon)
        with acting_as(PRINTER, KITCHEN):
            kitchen = self.peer(daemon)
        refused = self.refused(lambda: staff.emit("reservation_update", reservation(1), ack=True))
        self.assertEqual(refused.outcome, "not_sent")
        self.refused(lambda: kitchen.emit("order", 1))
        self.assertEqual(kitchen.emit("reservation_update", reservation(2), ack=True).outcome, "acked")
        self.assertEqual([seen["update"] for seen in self.server.seen("reservation_update")], [reservation(2)])

    def test_roombridgectl_of_one_who_may_see_nothing(self) -> None:
        self.start()

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return self.roombridgectl_as(PRINTER, PRINTER, *arguments)

        waited = run("wait", "--for", "authenticated", "--timeout", f"{DEADLINE:.0f}s")
        self.assertEqual((waited.returncode, waited.stderr), (0, ""))
        looked = run("tail", "--timeout", "1ms")
        self.assertIn("no rule of local.access lets this user see any events", looked.stderr)
        refused = run("tail", "--event", "order", "--timeout", "1ms")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("see events 'order'", refused.stderr)

    def test_a_reload_that_deletes_the_rules_says_what_follows(self) -> None:
        daemon = self.start()
        till = self.subscriber_as(daemon, TILL, events=["reservation_update"], topics=["shop-7"])
        local = self.local()
        del local["access"]
        config = self.config(rooms=ROOMS)
        config["local"] = local
        self.write_config(config)
        verdict = self.peer(daemon).call("reload")
        self.assertEqual(verdict["changed"], ["local.access"])
        self.assertIn("only root and the daemon's user may see events", verdict["warnings"][0])
        daemon.logged(" warning .*only root and the daemon's user")
        till.until(lambda message: isinstance(message, Problem) and message.name == "revoked")

    def test_a_reload_that_opens_to_everyone_says_so(self) -> None:
        daemon = self.start()
        self.write_config(self.config(rooms=ROOMS, local=self.local(access=[*RULES, *EVERYONE])))
        verdict = self.peer(daemon).call("reload")
        self.assertRegex(
            verdict["warnings"][0], r"config\.yaml:\d+:\d+: local\.access\[3\]\.everyone: from now on whoever may open the socket"
        )
        daemon.logged("from now on whoever may open the socket")
        self.assertNotIn("warnings", self.peer(daemon).call("reload"))
        self.subscriber_as(daemon, PRINTER, events=["order"])

    def test_rooms_are_held_and_listed_by_right(self) -> None:
        daemon = self.start()
        kitchen = self.subscriber_as(daemon, TILL, KITCHEN)
        kitchen.until_state("authenticated")
        self.refused(lambda: kitchen.client.join("shop-8"))
        self.assertEqual(kitchen.client.join("table-1"), "asked")
        told = kitchen.until(lambda message: isinstance(message, Status) and "table-1" in message.rooms)[-1]
        self.assertEqual(set(told.rooms), {"shop-7", "table-1"})
        self.assertEqual({room["room"] for room in kitchen.client.call("rooms")}, {"shop-7", "table-1"})
        self.assertEqual({room["room"] for room in kitchen.client.call("status")["rooms"]}, {"shop-7", "table-1"})
        self.assertEqual(
            {room["room"] for room in self.peer(daemon).call("rooms")}, {"shop-7", "shop-8", "user-3", "table-1"}
        )
        self.assertEqual(self.server.seen("join", room="table-2"), [])

    def test_a_reload_takes_rights_away_from_who_is_connected(self) -> None:
        daemon = self.start()
        kitchen = self.subscriber_as(daemon, TILL, KITCHEN, events=["reservation_update"])
        whatever = self.subscriber_as(daemon, PRINTER, STAFF)
        kitchen.until_state("authenticated")
        kitchen.client.join("table-1")
        self.server.saw("join", room="table-1")
        self.reload(daemon, access=[{"everyone": True, "events": ["order"], "topics": ["*"]}])
        problems = [
            message
            for message in kitchen.until(lambda message: isinstance(message, Problem) and message.room is not None)
            if isinstance(message, Problem)
        ]
        self.assertEqual([problem.name for problem in problems], ["revoked", "revoked"])
        self.assertEqual((problems[0].subscription, problems[1].room), (1, "table-1"))
        self.assertIn("'reservation_update'", problems[0].text)
        self.server.saw("leave", room="table-1")
        self.refused(lambda: kitchen.client.emit("reservation_update", reservation(1)))
        kitchen.client.subscribe(events=["order"])
        self.emit_all_kinds()
        for subscriber in (kitchen, whatever):
            self.assertEqual([event.name for event in subscriber.until_event("order")], ["order"])
        self.reload(daemon, access=[])
        for subscriber in (kitchen, whatever):
            subscriber.until(lambda message: isinstance(message, Problem) and message.name == "revoked")

    def test_an_emit_that_waits_fails_when_its_right_is_taken_away(self) -> None:
        self.token_file.unlink()
        self.directory.chmod(0o711)
        held = {"hold": {"reservation_update": {}}}
        daemon = self.start_daemon(rooms=ROOMS, emits=held, local=self.local())
        with acting_as(TILL, KITCHEN):
            kitchen = self.peer(daemon)
        emit = Later(lambda: kitchen.emit("reservation_update", reservation(1), ack=True, deadline=60))
        watcher = self.peer(daemon)
        self.eventually(lambda: watcher.call("status")["upstream"].get("held") == 1, "the emit being held")
        self.write_config(self.config(rooms=ROOMS, emits=held, local=self.local(access=[])))
        watcher.call("reload")
        error = emit.result()
        self.assertEqual((error.name, error.outcome, error.retry), ("not_permitted", "not_sent", False))
        self.write_token(self.token)
        self.server.saw("join", room="shop-7")
        self.subscriber(daemon).until_state("authenticated")
        self.assertEqual(self.server.seen("reservation_update"), [])

    def test_a_gap_counts_only_what_one_may_see(self) -> None:
        daemon = self.start()
        till = self.subscriber_as(daemon, TILL)
        till.until_state("authenticated")
        watcher = self.subscriber(daemon)
        # More than the log and the socket hold; the watcher reads all of it meanwhile.
        text = "x" * 50_000
        for number in range(60):
            for shop in (7, 8):
                self.server.emit("reservation_update", reservation(number, shop_id=shop, text=text))
            watcher.until(lambda message, number=number: self.is_last(message, number))
        gaps, events = [], []
        while not events or events[-1] != 59:
            message = till.until(lambda _: True)[-1]
            if isinstance(message, Gap):
                gaps.append(message)
            elif hasattr(message, "args"):
                self.assertEqual(message.args[0]["shopId"], 7)
                events.append(message.args[0]["reservationId"])
        self.assertGreater(len(gaps), 0, "nothing was lost: the test tried nothing")
        self.assertEqual(sum(gap.count for gap in gaps) + len(events), 60)

    @staticmethod
    def is_last(message: Any, number: int) -> bool:
        return hasattr(message, "args") and (message.args[0]["reservationId"], message.args[0]["shopId"]) == (number, 8)


class UserLimitsTest(UsersTest):
    def test_root_gets_in_when_a_user_holds_all_that_it_may(self) -> None:
        daemon = self.start(connections=4)
        with acting_as(TILL):
            held = [self.peer(daemon) for _ in range(2)]
            with self.assertRaises((ConnectionClosed, RoombridgeError)) as caught:
                self.peer(daemon)
        self.assertIn("this user has 2 of the 4 connections (local.connections) that all users share", str(caught.exception))
        daemon.logged(f"2 of the 4 connections .*uid {TILL} holds 2 of 2")
        status = subprocess.run(
            [ROOMBRIDGECTL, "--socket", daemon.socket, "--json", "status"], capture_output=True, timeout=DEADLINE, check=True
        )
        self.assertEqual(json.loads(status.stdout)["pid"], daemon.pid)
        self.assertEqual(len(held), 2)

    def test_connections_of_one_user(self) -> None:
        daemon = self.start(user_connections=2)
        with acting_as(TILL):
            held = [self.peer(daemon) for _ in range(2)]
            with self.assertRaises((ConnectionClosed, RoombridgeError)) as caught:
                self.peer(daemon)
        self.assertIn("local.user_connections", str(caught.exception))
        with acting_as(PRINTER):
            self.peer(daemon)
        held[0].close()
        with acting_as(TILL):
            self.eventually(lambda: self.connects(daemon), "room for another connection")

    def connects(self, daemon: Daemon) -> bool:
        try:
            self.peer(daemon)
        except RoombridgeError:
            return False
        return True

    def test_subscriptions_and_rooms_of_one_user(self) -> None:
        daemon = self.start(user_subscriptions=2, user_rooms=1)
        with acting_as(TILL, KITCHEN):
            one, other = self.peer(daemon), self.peer(daemon)
        one.subscribe()
        other.subscribe()
        self.refused(lambda: other.subscribe(), "too_many_subscriptions")
        one.join("table-1")
        self.refused(lambda: other.join("table-2"), "too_many_rooms")
        one.leave("table-1")
        other.join("table-2")

    def test_emits_of_one_user(self) -> None:
        self.directory.chmod(0o711)
        daemon = self.start_authenticated(local=self.local(), emits={"rate": 1, "burst": 2})
        with acting_as(TILL, KITCHEN):
            one, other = self.peer(daemon), self.peer(daemon)
        with acting_as(PRINTER, KITCHEN):
            third = self.peer(daemon)
        # Each refusal may come just when another emit is allowed; soon there are two in a row.
        self.eventually(lambda: self.is_refused(one) and self.is_refused(other), "a refusal of both connections")
        with acting_as(TILL, KITCHEN):
            again = self.peer(daemon)
        self.eventually(lambda: self.is_refused(one) and self.is_refused(again), "a refusal of a new connection")
        third.emit("reservation_update", reservation(3))

    @staticmethod
    def is_refused(peer: Client) -> bool:
        try:
            peer.emit("reservation_update", reservation(9))
        except RequestError as error:
            return error.name == "too_many_requests"
        return False


if __name__ == "__main__":
    unittest.main()
