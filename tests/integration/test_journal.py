# SPDX-License-Identifier: MIT
"""The journal: what a program missed comes over the daemon's end, however it comes; what cannot come is told."""

from __future__ import annotations

import resource
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from roombridge import Event, Gap, Live, Message, Position

from .harness import BOOKING_RULES, JournaledTest, Subscriber, reservation
from .processes import Daemon


class JournalTest(JournaledTest):
    def segments(self) -> list[Path]:
        return sorted(self.kept.glob("*.segment"))

    def state(self, daemon: Daemon) -> dict[str, Any]:
        caller = self.peer(daemon)
        status = caller.call("status")
        caller.close()  # it is asked again and again, and a user may have so many connections
        return {**status["log"]["journal"], **status["counters"]}

    def until_journal(self, daemon: Daemon, state: str) -> dict[str, Any]:
        def ask() -> dict[str, Any] | None:
            found = self.state(daemon)
            return found if found["state"] == state else None

        return self.eventually(ask, f"the journal to be {state}")

    def listen(self, daemon: Daemon, *names: str) -> tuple[Subscriber, Position]:
        """A subscriber that has got the event `names[-1]` and those before it, and where it stands."""
        subscriber = self.subscriber(daemon, events=[])
        for number, name in enumerate(names):
            self.server.emit(name, number)
        subscriber.until_event(names[-1])
        position = subscriber.client.position
        assert position is not None
        return subscriber, position

    def missed(self, daemon: Daemon, since: Position) -> list[Message]:
        """All that is replayed."""
        back = Subscriber(daemon, "back")
        self.addCleanup(back.client.close)
        back.client.subscribe(since=since)
        got = back.until(lambda message: isinstance(message, Live), "the end of the replay")
        return [message for message in got if isinstance(message, (Event, Gap))]


class RestartedJournalTest(JournalTest):
    def test_a_restart_loses_nothing(self) -> None:
        daemon = self.start_authenticated()
        subscriber, position = self.listen(daemon, "a", "b")
        subscriber.client.close()
        self.server.emit("c", 3)
        peer = self.peer(daemon)
        self.eventually(lambda: peer.call("status")["newest"] > position.seq or None, "the event")
        self.stop(daemon)
        daemon = self.start_daemon()
        replayed = self.missed(daemon, position)
        self.assertEqual([message.name for message in replayed if isinstance(message, Event)], ["c"])
        self.assertEqual([message for message in replayed if isinstance(message, Gap)], [])
        newest = position.seq + 1
        self.assertEqual(replayed[-1].seq if isinstance(replayed[-1], Event) else None, newest)
        _, later = self.listen(daemon, "d")
        self.assertEqual(later.epoch, position.epoch)
        self.assertEqual(later.seq, newest + 1)

    def test_a_killed_daemon_goes_on_above_every_number_it_may_have_used(self) -> None:
        daemon = self.start_authenticated()
        _, position = self.listen(daemon, "a", "b", "c")
        self.eventually(lambda: self.state(daemon)["journal_written"] >= 3 or None, "three events on disk")
        self.kill(daemon)
        daemon = self.start_authenticated()
        _, later = self.listen(daemon, "d")
        self.assertEqual(later.epoch, position.epoch)
        self.assertGreater(later.seq, position.seq + 100_000)
        got = self.missed(daemon, Position(position.epoch, position.seq - 2))
        self.assertEqual([message.name for message in got if isinstance(message, Event)], ["b", "c", "d"])
        gaps = [(gap.first, gap.reason, gap.count) for gap in got if isinstance(gap, Gap)]
        self.assertIn((position.seq + 1, "crash", None), gaps)

    def test_what_is_damaged_is_told_to_everybody_and_the_rest_is_kept(self) -> None:
        daemon = self.start_authenticated()
        subscriber, position = self.listen(daemon, "begin")
        self.server.command(do="series", event="many", first=1, count=1500, size=200)
        subscriber.until(lambda message: isinstance(message, Event) and message.args[0]["n"] == 1500 if message.name == "many" else False, "all")
        self.stop(daemon)
        (segment,) = self.segments()
        damaged = bytearray(segment.read_bytes())
        middle = len(damaged) // 2
        damaged[middle : middle + 100] = bytes(100)
        segment.write_bytes(damaged)
        daemon = self.start_daemon()
        line = daemon.logged("CAUSE=journal_damaged")
        self.assertRegex(line, rf"{segment} is damaged at byte \d+: events? \d+.* lost")
        self.assertEqual(self.state(daemon)["journal_damaged"], 1)
        self.roombridgectl("status").line(f"damaged     {segment} is damaged at byte ")
        got = self.missed(daemon, position)
        (gap,) = [message for message in got if isinstance(message, Gap)]
        self.assertEqual(gap.reason, "crash")
        numbers = [message.seq for message in got if isinstance(message, Event)]
        self.assertEqual(numbers, [*range(position.seq + 1, gap.first), *range(gap.last + 1, position.seq + 1501)])
        self.assertLess(gap.last - gap.first, 3)

    def test_another_users_programs_get_nothing_of_it(self) -> None:
        daemon = self.start_authenticated()
        _, position = self.listen(daemon, "private")
        self.stop(daemon)
        other = self.new_token()
        self.server.grant(other, 9)
        self.write_token(other)
        daemon = self.start_daemon()
        for since in (position, Position(position.epoch, 0)):
            back = Subscriber(daemon, "back")
            self.addCleanup(back.client.close)
            back.client.subscribe(since=since)
            got = back.until(lambda message: isinstance(message, Gap) and message.reason == "epoch", "another epoch")
            self.assertEqual([message for message in got if isinstance(message, Event)], [])
        self.server.saw("join", room="user-9")
        self.assertNotEqual(self.peer(daemon).welcome.epoch, position.epoch)
        self.stop(daemon)  # the disk has caught up by then
        self.assertNotIn(b"private", b"".join(path.read_bytes() for path in self.segments()))

    def test_nothing_of_it_is_served_before_its_user_is_there_again(self) -> None:
        daemon = self.start_authenticated()
        _, position = self.listen(daemon, "private")
        self.stop(daemon)
        self.token_file.unlink()
        daemon = self.start_daemon()
        back = Subscriber(daemon, "back")
        self.addCleanup(back.client.close)
        back.client.subscribe(since=Position(position.epoch, 0))
        back.client.call("status")
        early = back.client.receive(0)
        while early is not None:
            self.assertNotIsInstance(early, (Event, Live))
            early = back.client.receive(0)
        self.write_token(self.token)
        self.assertEqual([event.name for event in back.until_event("private")], ["private"])

    def test_what_is_retained_is_so_over_a_restart_and_for_its_user_only(self) -> None:
        rules = {"reservation_update": {**BOOKING_RULES["reservation_update"], "retain_key": ["reservationId"]}}
        changes: dict[str, Any] = {"events": {"rules": rules}}
        daemon = self.start_authenticated(**changes)
        _, before = self.listen(daemon, "a")
        self.server.emit("reservation_update", reservation(1))
        self.server.emit("reservation_update", reservation(2))
        self.server.emit("reservation_update", reservation(1, status="completed"))
        self.server.command(do="series", event="noise", first=1, count=60, size=100_000)
        caller = self.peer(daemon)
        self.eventually(lambda: caller.call("status")["newest"] == before.seq + 63 or None, "all of what fills the memory twice")
        self.stop(daemon)
        self.token_file.unlink()
        daemon = self.start_daemon(**changes)
        late = Subscriber(daemon, "late")
        self.addCleanup(late.client.close)
        late.client.subscribe(["reservation_update"], snapshot=True)
        late.client.call("status")
        while (early := late.client.receive(0)) is not None:
            self.assertNotIsInstance(early, (Event, Live))
        self.write_token(self.token)
        got = late.until(lambda message: isinstance(message, Live), "the end of the snapshot")
        kept = [message for message in got if isinstance(message, Event)]
        self.assertEqual([(event.args[0]["reservationId"], event.args[0]["status"]) for event in kept], [(2, "confirmed"), (1, "completed")])
        self.assertTrue(all(event.retained for event in kept))

    def test_forget_erases_it(self) -> None:
        daemon = self.start_authenticated()
        subscriber, position = self.listen(daemon, "private")
        self.eventually(lambda: self.segments() or None, "a segment")
        self.assertEqual(self.peer(daemon).call("forget"), {})
        self.assertNotIn(b"private", b"".join(path.read_bytes() for path in self.segments()))
        gap = subscriber.until(lambda message: isinstance(message, Gap), "a gap")[-1]
        assert isinstance(gap, Gap)
        self.assertEqual(gap.reason, "epoch")
        self.assertEqual([gap.reason for gap in self.missed(daemon, position) if isinstance(gap, Gap)][0], "epoch")
        _, later = self.listen(daemon, "b")
        self.stop(daemon)
        daemon = self.start_daemon()
        got = self.missed(daemon, Position(later.epoch, later.seq - 1))
        self.assertEqual([message.name for message in got if isinstance(message, Event)], ["b"])

    def test_always_means_that_an_event_waits_for_the_disk_and_comes(self) -> None:
        daemon = self.start_authenticated(journal={"sync": "always"})
        syncs = self.state(daemon)["journal_syncs"]
        self.listen(daemon, "a", "b")
        self.assertGreater(self.state(daemon)["journal_syncs"], syncs)


class ReplayTest(JournalTest):
    """A position that memory does not reach back to."""

    COUNT = 30_000
    BATCH = 2_000
    """So many fit into memory: a live subscriber in Python, which is slower than they come, loses none."""
    SIZE = 400

    def on_disk(self, daemon: Daemon) -> bool:
        counters = self.state(daemon)
        return counters["journal_written"] >= counters["events"]

    def emit(self, daemon: Daemon, name: str, live: Subscriber) -> list[int]:
        """What the live one got of it. A disk that is slower than all of it would take is not what is tried."""
        got: list[int] = []
        for first in range(1, self.COUNT, self.BATCH):
            self.server.command(do="series", event=name, first=first, count=self.BATCH, size=self.SIZE)
            last = first + self.BATCH - 1
            messages = live.until(lambda message: isinstance(message, Event) and message.args[0]["n"] == last, f"{name} {last}")
            got += [message.args[0]["n"] for message in messages if isinstance(message, Event)]
            self.eventually(lambda: self.on_disk(daemon), "the journal catching up")
        return got

    def test_a_replay_of_everything_is_whole_while_events_come_at_full_rate(self) -> None:
        def is_last(message: Message) -> bool:
            return isinstance(message, Event) and message.name == "present" and message.args[0]["n"] == self.COUNT

        daemon = self.start_authenticated(journal={"capacity": "256MiB"})
        _, begin = self.listen(daemon, "begin")
        everything = list(range(1, self.COUNT + 1))
        live = self.subscriber(daemon, "live", events=["past", "present"])
        self.assertEqual(self.emit(daemon, "past", live), everything)
        back = Subscriber(daemon, "back")
        self.addCleanup(back.client.close)
        back.client.subscribe(["past", "present"], since=begin)
        replay = ThreadPoolExecutor(1).submit(back.until, is_last, "the end of what is present")
        self.assertEqual(self.emit(daemon, "present", live), everything)
        log = self.peer(daemon).call("status")["log"]
        self.assertLess(log["first"], begin.seq + 1)
        self.assertLess(log["bytes"], self.COUNT * self.SIZE / 2)

        replayed = replay.result()
        # Once it is live, this process may be too slow on a busy machine, like any subscriber.
        gaps = [message for message in replayed if isinstance(message, Gap)]
        self.assertLessEqual({gap.reason for gap in gaps}, {"slow"})
        numbers = [message.seq for message in replayed if isinstance(message, Event)]
        self.assertEqual(numbers, sorted(set(numbers)))
        found = [(message.name, message.args[0]["n"]) for message in replayed if isinstance(message, Event)]
        self.assertEqual(found[: self.COUNT], [("past", n) for n in everything])
        self.assertEqual(len(found) + sum(gap.count or 0 for gap in gaps), 2 * self.COUNT)
        self.assertEqual(len([message for message in replayed if isinstance(message, Live)]), 1)

    def test_it_reaches_over_a_restart(self) -> None:
        daemon = self.start_authenticated()
        subscriber, begin = self.listen(daemon, "begin")
        self.emit(daemon, "past", subscriber)
        self.stop(daemon)
        daemon = self.start_daemon()
        got = self.missed(daemon, begin)
        self.assertEqual([message for message in got if isinstance(message, Gap)], [])
        self.assertEqual([message.args[0]["n"] for message in got if isinstance(message, Event)], list(range(1, self.COUNT + 1)))


class FailingJournalTest(JournalTest):
    """A disk that takes no more bytes, by the limit of a file's size."""

    def limit(self, daemon: Daemon, size: int) -> None:
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def try_a_failure(self, **changes: Any) -> None:
        daemon = self.start_authenticated(**changes)
        subscriber, position = self.listen(daemon, "a")
        self.eventually(lambda: self.state(daemon)["journal_written"] or None, "the event on disk")
        self.limit(daemon, 0)
        self.server.emit("b", 1)
        subscriber.until_event("b")
        found = self.until_journal(daemon, "degraded")
        self.assertRegex(found["text"], f"cannot write {self.kept}/.*: File too large")
        daemon.logged("CAUSE=journal_failed|events are not written to disk")
        self.server.emit("c", 2)
        subscriber.until_event("c")
        self.limit(daemon, resource.RLIM_INFINITY)
        self.until_journal(daemon, "durable")
        daemon.logged("the journal is written again")
        self.server.emit("d", 3)
        subscriber.until_event("d")
        self.stop(daemon)
        daemon = self.start_daemon(**changes)
        got = self.missed(daemon, position)
        self.assertEqual([message.name for message in got if isinstance(message, Event)], ["d"])
        gap = got[0]
        assert isinstance(gap, Gap)
        self.assertEqual((gap.reason, gap.first, gap.last), ("crash", position.seq + 1, position.seq + 2))

    def test_events_come_all_the_same_and_the_hole_is_told(self) -> None:
        self.try_a_failure()

    def test_so_it_is_where_events_wait_for_the_disk(self) -> None:
        self.try_a_failure(journal={"sync": "always"})

    def test_a_directory_that_is_not_there_stops_nothing(self) -> None:
        nowhere = self.directory / "none" / "journal"
        daemon = self.start_authenticated(journal={"directory": str(nowhere)})
        daemon.logged(f"cannot make {nowhere}: No such file or directory")
        self.listen(daemon, "a")
        nowhere.parent.mkdir()
        self.until_journal(daemon, "durable")

    def test_one_that_others_may_write_is_not_used_until_they_may_not(self) -> None:
        self.kept.mkdir(mode=0o700)
        self.kept.chmod(0o777)
        daemon = self.start_authenticated()
        daemon.logged(f"the directory {self.kept} has mode 0777 .*: others can replace what is in it; .*chmod go-w {self.kept}")
        self.listen(daemon, "a")
        self.assertEqual(list(self.kept.iterdir()), [])
        self.assertIn(f"chmod go-w {self.kept}", self.roombridgectl("status").line("events are not kept on disk: "))
        self.kept.chmod(0o700)
        self.until_journal(daemon, "durable")

    def test_something_else_of_its_name_stops_nothing(self) -> None:
        self.kept.write_text("something else")
        daemon = self.start_authenticated()
        daemon.logged(f"cannot open {self.kept}: Not a directory")
        self.listen(daemon, "a")
        said = self.roombridgectl("status").line("events are not kept on disk: ")
        self.assertRegex(said, f"journal .*{self.kept}: Not a directory .*; tried again at ")
        self.kept.unlink()
        self.until_journal(daemon, "durable")


class FullDiskTest(JournalTest):
    """A small file system of the daemon's own, in a mount namespace of its own."""

    SIZE = "2m"

    def start_on(self, options: str, **changes: Any) -> Daemon:
        script = 'mount -t tmpfs -o "mode=0700,$1" none "$0" && shift && exec "$@"'
        within = ["unshare", "--mount", "sh", "-c", script, str(self.kept), options]
        self.kept.mkdir(mode=0o700)
        tried = subprocess.run([*within, "true"], capture_output=True, text=True)
        if tried.returncode != 0:
            self.skipTest(f"no file system can be mounted here: {tried.stderr.strip()}")
        return self.start_daemon(within=within, **changes)

    def remount(self, daemon: Daemon, options: str) -> None:
        command = ["nsenter", "--mount", "--target", str(daemon.pid), "mount", "-o", f"remount,{options}", str(self.kept)]
        subprocess.run(command, check=True)

    def fill(self, subscriber: Subscriber, last: str) -> None:
        """Six megabytes, three times what the small disk holds; the subscriber gets all of it."""
        for part in range(3):
            self.server.command(do="series", event=f"{last} {part}", first=1, count=20, size=100_000)
            subscriber.until(lambda message: isinstance(message, Event) and message.args[0]["n"] == 20 and message.name == f"{last} {part}", last)

    def test_a_full_disk_costs_nobody_an_event_and_is_written_again_when_it_has_room(self) -> None:
        for sync in ("interval", "always"):
            with self.subTest(sync):
                daemon = self.start_on(f"size={self.SIZE}", journal={"sync": sync})
                subscriber = self.subscriber(daemon, events=[])
                subscriber.until_state("authenticated")
                self.fill(subscriber, "a")
                found = self.until_journal(daemon, "degraded")
                self.assertRegex(found["text"], "No space left on device")
                self.fill(subscriber, "b")
                self.assertEqual(self.state(daemon)["state"], "degraded")
                self.assertEqual(len([line for line in daemon.log.splitlines() if "cannot write" in line or "written again" in line]), 1)
                self.remount(daemon, "size=64m")
                self.until_journal(daemon, "durable")
                written = self.state(daemon)["journal_written"]
                self.fill(subscriber, "c")
                self.eventually(lambda written=written: self.state(daemon)["journal_written"] >= written + 60 or None, "them on disk")
                self.stop(daemon)
                self.kept.rmdir()

    def test_a_journal_smaller_than_its_disk_never_fills_it(self) -> None:
        daemon = self.start_on("size=10m", journal={"capacity": "8MiB"})
        subscriber = self.subscriber(daemon, events=[])
        subscriber.until_state("authenticated")
        for name in ("a", "b", "c"):
            self.fill(subscriber, name)
        found = self.state(daemon)
        self.assertEqual((found["state"], found["journal_failures"]), ("durable", 0))
        self.assertLessEqual(found["bytes"], 8 << 20)

    def test_a_disk_that_can_only_be_read_is_written_when_that_has_changed(self) -> None:
        daemon = self.start_on(f"size={self.SIZE},ro")
        subscriber = self.subscriber(daemon, events=[])
        subscriber.until_state("authenticated")
        self.assertRegex(self.until_journal(daemon, "degraded")["text"], "Read-only file system")
        self.server.emit("a")
        subscriber.until_event("a")
        self.remount(daemon, "rw")
        self.until_journal(daemon, "durable")
