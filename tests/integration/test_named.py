# SPDX-License-Identifier: MIT
"""Named subscribers: the daemon keeps how far they have come, and whatever ends goes on there."""

from __future__ import annotations

import json
import os
import random
import resource
import secrets
import subprocess
import sys
import unittest
from typing import Any

from roombridge import Client, ConnectionClosed, Event, Gap, Live, Position, RequestError

from .harness import IntegrationTest, JournaledTest, Subscriber
from .processes import DEADLINE, ROOMBRIDGECTL, ROOT, Daemon

CLIENTS = ROOT / "clients/python"
STRANGER = 12_345

HOLDER = """
import sys
from roombridge import Client
client = Client(sys.argv[1], subscriber="till")
client.connect()
client.subscribe()
print("ready", flush=True)
for event in client:
    if event.args[0] > int(sys.argv[2]):
        continue
    client.ack(wait=True)
    print(event.args[0], flush=True)
"""


class NamedTest(IntegrationTest):
    needed = (ROOMBRIDGECTL,)

    def come(self, daemon: Daemon, name: str = "till") -> Subscriber:
        """A connection that has the name, and has not subscribed."""
        subscriber = Subscriber(daemon, subscriber=name)
        self.addCleanup(subscriber.client.close)
        return subscriber

    def at_work(self, daemon: Daemon, name: str = "till") -> Subscriber:
        subscriber = self.come(daemon, name)
        subscriber.client.subscribe()
        return subscriber

    def replayed(self, subscriber: Subscriber) -> list[Any]:
        """The arguments of the events that come before LIVE, and the reasons of the gaps."""
        got = subscriber.until(lambda message: isinstance(message, Live), "the end of the replay")
        return [
            message.args[0] if isinstance(message, Event) else message.reason
            for message in got
            if isinstance(message, (Event, Gap))
        ]

    def named(self, daemon: Daemon) -> list[dict[str, Any]]:
        with Client(str(daemon.socket), timeout=DEADLINE) as client:
            found: list[dict[str, Any]] = client.call("named_subscribers")
            return found

    def until_numbers(self, subscriber: Subscriber, last: int) -> None:
        subscriber.until(lambda message: isinstance(message, Event) and message.args[0] == last, f"event {last}")

    def emit_numbers(self, *numbers: int) -> None:
        for number in numbers:
            self.server.emit("number", number)

    def until_all_left(self, daemon: Daemon) -> None:
        self.eventually(lambda: not any(each["connected"] for each in self.named(daemon)), "the names to be free")


class NamedSubscribersTest(NamedTest):
    def test_goes_on_where_it_has_acknowledged(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.at_work(daemon)
        self.emit_numbers(1, 2, 3)
        self.until_numbers(subscriber, 2)
        self.assertFalse(subscriber.client.ack(wait=True), "there is no journal")
        position = subscriber.client.position
        self.until_numbers(subscriber, 3)
        subscriber.client.close()
        self.until_all_left(daemon)
        back = self.come(daemon)
        assert back.client.welcome is not None
        self.assertEqual(back.client.welcome.position, position)
        back.client.subscribe()
        self.assertEqual(back.client.position, position)
        self.assertEqual(self.replayed(back), [3])

    def test_a_program_that_is_killed_gets_what_it_did_not_acknowledge(self) -> None:
        daemon = self.start_authenticated()
        command = [sys.executable, "-c", HOLDER, str(daemon.socket), "2"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env={"PYTHONPATH": str(CLIENTS)}) as program:
            assert program.stdout is not None
            self.assertEqual(program.stdout.readline(), b"ready\n")
            witness = self.subscriber(daemon)
            self.emit_numbers(1, 2, 3, 4)
            self.until_numbers(witness, 4)
            self.assertEqual([program.stdout.readline() for _ in range(2)], [b"1\n", b"2\n"])
            with self.assertRaisesRegex(ConnectionClosed, f"process {program.pid}") as refused:
                self.come(daemon)
            self.assertEqual(refused.exception.reason, "subscriber_in_use")
            self.assertTrue(refused.exception.reconnect)
            program.kill()
            program.wait()
        self.until_all_left(daemon)
        self.assertEqual(self.replayed(self.at_work(daemon)), [3, 4])

    def test_expires(self) -> None:
        daemon = self.start_authenticated(subscribers={"expire": "1s"})
        self.at_work(daemon).client.close()
        self.eventually(lambda: not self.named(daemon), "the end of it")
        back = self.come(daemon)
        assert back.client.welcome is not None
        self.assertIsNone(back.client.welcome.position)

    def test_is_listed_and_removed_by_roombridgectl(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.at_work(daemon)
        self.emit_numbers(1)
        self.until_numbers(subscriber, 1)

        def ctl(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [str(ROOMBRIDGECTL), "--socket", str(daemon.socket), *arguments]
            return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)

        listed = json.loads(ctl("--json", "named").stdout)
        self.assertEqual((listed["name"], listed["pid"], listed["behind"]), ("till", os.getpid(), 1))
        refused = ctl("remove", "till")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"process {os.getpid()}", refused.stderr)
        self.assertTrue(subscriber.client.ack(wait=True) is False, "nothing has happened to it")
        subscriber.client.close()
        self.until_all_left(daemon)
        self.assertEqual(ctl("remove", "till").stdout, "the subscriber till is forgotten\n")
        self.assertEqual(ctl("named").stdout, "no named subscribers\n")
        self.assertEqual(self.peer(daemon).call("status")["local"]["named_subscribers"], 0)

    def test_roombridgectl_tail_goes_on_where_it_was(self) -> None:
        daemon = self.start_authenticated()

        def tail(count: int) -> list[int]:
            command = [str(ROOMBRIDGECTL), "--socket", str(daemon.socket), "--json", "tail", "--subscriber", "log"]
            run = subprocess.run(
                [*command, "--count", str(count), "--timeout", "30s"],
                capture_output=True,
                text=True,
                timeout=DEADLINE,
                check=True,
            )
            lines = [json.loads(line) for line in run.stdout.splitlines()]
            return [line["arguments"][0] for line in lines if line["type"] == "event"]

        self.at_work(daemon, "log").client.close()
        witness = self.subscriber(daemon)
        self.emit_numbers(1, 2, 3, 4, 5)
        self.until_numbers(witness, 5)
        self.until_all_left(daemon)
        self.assertEqual(tail(2), [1, 2])
        self.until_all_left(daemon)
        self.assertEqual(tail(3), [3, 4, 5])

    def test_a_reload_changes_the_limit(self) -> None:
        daemon = self.start_authenticated(subscribers={"per_user": 1})
        self.at_work(daemon, "a")
        second = self.come(daemon, "b")
        with self.assertRaisesRegex(RequestError, "subscribers.per_user") as refused:
            second.client.subscribe()
        self.assertEqual(refused.exception.name, "too_many_subscribers")
        self.write_config(self.config(subscribers={"per_user": 2}))
        self.assertEqual(self.peer(daemon).call("reload")["changed"], ["subscribers.per_user"])
        second.client.subscribe()

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else as well")
    def test_a_name_belongs_to_its_user(self) -> None:
        self.directory.chmod(0o755)
        daemon = self.start_authenticated(local={"socket": str(self.directory / "s"), "mode": "0666"})
        mine = self.at_work(daemon)
        command = [sys.executable, "-c", HOLDER, str(daemon.socket), "9"]
        environment = {"PYTHONPATH": str(CLIENTS), "PYTHONDONTWRITEBYTECODE": "1"}
        options: dict[str, Any] = {"user": STRANGER, "group": STRANGER, "extra_groups": ()}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, **options) as program:
            assert program.stdout is not None
            self.assertEqual(program.stdout.readline(), b"ready\n")
            self.emit_numbers(1)
            self.until_numbers(mine, 1)
            self.assertEqual(program.stdout.readline(), b"1\n")
            behind = {each["uid"]: each["behind"] for each in self.named(daemon)}
            self.assertEqual(behind, {0: 1, STRANGER: 0})
            program.kill()
            program.wait()


class KeptSubscribersTest(JournaledTest, NamedTest):
    """With a journal they outlast the daemon, however it ends."""

    def work(self, daemon: Daemon, acknowledged: int, last: int) -> Position:
        """A subscriber gets the numbers 1 to `last` and acknowledges so many; the position of that."""
        subscriber = self.at_work(daemon)
        self.emit_numbers(*range(1, last + 1))
        self.until_numbers(subscriber, acknowledged)
        self.assertTrue(subscriber.client.ack(wait=True))
        position = subscriber.client.position
        assert position is not None
        if last > acknowledged:
            self.until_numbers(subscriber, last)
        return position

    def position(self, subscriber: Subscriber) -> Position | None:
        assert subscriber.client.welcome is not None
        return subscriber.client.welcome.position

    def test_a_restart_changes_nothing(self) -> None:
        daemon = self.start_authenticated()
        position = self.work(daemon, 2, 4)
        self.stop(daemon)
        daemon = self.start_authenticated()
        back = self.come(daemon)
        self.assertEqual(self.position(back), position)
        back.client.subscribe()
        self.assertEqual(self.replayed(back), [3, 4])

    def test_a_killed_daemon_has_every_position_that_it_has_answered(self) -> None:
        for sync in ("never", "interval", "always"):
            with self.subTest(sync=sync):
                daemon = self.start_authenticated(journal={"sync": sync})
                position = self.work(daemon, 3, 5)
                if sync != "always":
                    self.eventually(lambda: self.written(daemon) or None, "the events on disk")
                self.kill(daemon)
                daemon = self.start_authenticated(journal={"sync": sync})
                back = self.come(daemon)
                self.assertEqual(self.position(back), position)
                back.client.subscribe()
                self.assertEqual([each for each in self.replayed(back) if each not in ("crash", "upstream")], [4, 5])
                self.stop(daemon)

    def written(self, daemon: Daemon) -> bool:
        with Client(str(daemon.socket), timeout=DEADLINE) as client:
            status = client.call("status")
        return bool(status["counters"]["journal_written"] >= 5)

    def test_a_disk_that_fails_is_told_and_gets_it_later(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.at_work(daemon)
        self.emit_numbers(1)
        self.until_numbers(subscriber, 1)
        self.assertTrue(subscriber.client.ack(wait=True))
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        self.emit_numbers(2)
        self.until_numbers(subscriber, 2)
        self.assertFalse(subscriber.client.ack(wait=True))
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.eventually(lambda: subscriber.client.ack(wait=True), "the disk to have it")
        position = subscriber.client.position
        self.kill(daemon)
        self.assertEqual(self.position(self.come(self.start_daemon())), position)

    def test_what_is_removed_does_not_come_again(self) -> None:
        daemon = self.start_authenticated()
        self.work(daemon, 1, 1)
        self.stop(daemon)
        daemon = self.start_daemon()
        self.assertEqual(self.peer(daemon).call("remove_subscriber", {"name": "till"}), {"durable": True})
        self.kill(daemon)
        daemon = self.start_daemon()
        self.assertEqual(self.named(daemon), [])

    def test_a_new_epoch_is_told_and_begins_at_its_beginning(self) -> None:
        daemon = self.start_authenticated()
        self.work(daemon, 1, 2)
        self.peer(daemon).call("forget")
        self.emit_numbers(3)
        witness = self.subscriber(daemon)
        self.emit_numbers(4)
        self.until_numbers(witness, 4)
        self.stop(daemon)
        daemon = self.start_authenticated()
        replayed = self.replayed(self.at_work(daemon))
        self.assertEqual([each for each in replayed if each != "epoch"], [3, 4])
        self.assertEqual(replayed[0], "epoch")

    def test_one_that_was_connected_when_the_daemon_was_killed_has_not_expired(self) -> None:
        daemon = self.start_authenticated(subscribers={"expire": "1h"})
        position = self.work(daemon, 1, 1)
        self.kill(daemon)
        listed = self.named(self.start_daemon(subscribers={"expire": "1h"}))
        self.assertEqual([each["position"]["seq"] for each in listed], [position.seq])
        self.assertGreater(listed[0]["seen"], 0)

    def test_every_number_comes_at_least_once_and_in_order_whatever_ends(self) -> None:
        seed = secrets.randbits(32)
        choose = random.Random(seed)
        always = {"journal": {"sync": "always"}}
        with self.subTest(seed=seed):
            daemon = self.start_daemon(**always)
            self.at_work(daemon).client.close()
            acknowledged = emitted = 0  # the last numbers
            for _ in range(15):
                batch = choose.randint(1, 4)
                self.hand_over(daemon, range(emitted + 1, emitted + batch + 1))
                emitted += batch
                self.until_all_left(daemon)
                subscriber = self.at_work(daemon)
                last = choose.randint(acknowledged, emitted)
                self.take(subscriber, acknowledged, last)
                if last > acknowledged and choose.random() < 0.7:
                    self.assertTrue(subscriber.client.ack(wait=True))
                    acknowledged = last
                fate = choose.choice(["client", "killed", "stopped"])
                if fate != "client":
                    self.kill(daemon) if fate == "killed" else self.stop(daemon)
                    daemon = self.start_daemon(**always)
                subscriber.client.close()
            self.until_all_left(daemon)
            self.take(self.at_work(daemon), acknowledged, emitted)

    def hand_over(self, daemon: Daemon, numbers: range) -> None:
        """The daemon has got these numbers, and shows them."""
        witness = self.subscriber(daemon)
        witness.until_state("authenticated")
        self.emit_numbers(*numbers)
        self.until_numbers(witness, numbers[-1])
        witness.client.close()

    def take(self, subscriber: Subscriber, acknowledged: int, last: int) -> None:
        """The subscriber gets what lies behind what was acknowledged, in order, up to `last`."""
        if last == acknowledged:
            return
        got = subscriber.until(lambda message: isinstance(message, Event) and message.args[0] == last, f"event {last}")
        numbers = [message.args[0] for message in got if isinstance(message, Event)]
        self.assertEqual(numbers, list(range(acknowledged + 1, last + 1)))
