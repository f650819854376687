# SPDX-License-Identifier: MIT
"""Programs that go away and come back: what they missed comes, in order, once; what cannot come is told."""

from __future__ import annotations

from roombridge import Client, Event, Gap, Live, Position

from .harness import IntegrationTest, Subscriber
from .processes import DEADLINE, Daemon


class ResumeTest(IntegrationTest):
    def come_back(self, daemon: Daemon, since: Position, *filters: list[str]) -> Subscriber:
        subscriber = Subscriber(daemon, "back")
        self.addCleanup(subscriber.client.close)
        subscriber.client.subscribe(*filters, since=since)
        return subscriber

    def leave(self, subscriber: Subscriber) -> Position:
        position = subscriber.client.position
        assert position is not None
        subscriber.client.close()
        return position

    def test_what_a_program_missed_comes_before_what_is_live(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon, events=["a"])
        self.server.emit("a", 1)
        subscriber.until_event("a")
        position = self.leave(subscriber)
        self.server.emit("a", 2)
        self.server.emit("b", 2)
        self.server.emit("a", 3)
        peer = self.peer(daemon)
        self.eventually(lambda: peer.call("status")["newest"] >= position.seq + 3 or None, "three events")
        subscriber = self.come_back(daemon, position, ["a"])
        replayed = subscriber.until(lambda message: isinstance(message, Live))
        self.assertEqual([message.args for message in replayed if isinstance(message, Event)], [[2], [3]])
        self.server.emit("a", 4)
        self.assertEqual([event.args for event in subscriber.until_event("a")], [[4]])

    def test_a_program_that_comes_back_all_the_time_misses_nothing_of_a_stream(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon, events=["number", "last"])
        self.server.command(do="stream", event="number")
        events: list[Event] = []
        for turn in range(1, 31):
            got = subscriber.until(lambda message: isinstance(message, Event) and message.args[0] >= 5 * turn)
            events += [message for message in got if isinstance(message, Event)]
            subscriber = self.come_back(daemon, self.leave(subscriber), ["number", "last"])
        self.server.command(do="stream_end")
        events += subscriber.until_event("last")
        self.assertEqual([event.args[0] for event in events[:-1]], list(range(1, events[-1].args[0] + 1)))

    def test_a_program_that_starts_gets_the_newest_of_each_reservation_first(self) -> None:
        rules = {"reservation_update": {"topics": ["shop-{shopId}"], "retain_key": ["reservationId"]}}
        daemon = self.start_authenticated(events={"rules": rules})
        witness = self.subscriber(daemon)
        for reservation_id, status in ((1, "created"), (2, "created"), (1, "confirmed"), (3, "created")):
            self.server.emit("reservation_update", {"reservationId": reservation_id, "status": status, "shopId": reservation_id % 2})
        self.server.emit("other")
        witness.until_event("other")
        late = Subscriber(daemon, "late")
        self.addCleanup(late.client.close)
        late.client.subscribe(topics=["shop-1"], snapshot=True)
        got = late.until(lambda message: isinstance(message, Live))
        events = [message for message in got if isinstance(message, Event)]
        self.assertTrue(all(event.retained for event in events))
        self.assertEqual([(event.args[0]["reservationId"], event.args[0]["status"]) for event in events], [(1, "confirmed"), (3, "created")])
        self.assertEqual(self.peer(daemon).call("status")["log"]["retained"], 3)

    def test_another_users_program_gets_nothing_of_the_last_users_time(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.server.emit("private", 1, room="user-3")
        subscriber.until_event("private")
        position = subscriber.client.position
        assert position is not None
        other = self.new_token()
        self.server.grant(other, 9)
        self.write_token(other)
        gap = subscriber.until(lambda message: isinstance(message, Gap) and message.reason == "epoch")[-1]
        assert isinstance(gap, Gap)
        self.assertEqual(subscriber.client.position, Position(gap.epoch or "", gap.last))
        self.server.saw("join", room="user-9")
        self.server.emit("public", 2)
        for since in (position, Position(position.epoch, 0)):
            back = self.come_back(daemon, since)
            got = back.until_event("public")
            self.assertEqual([event.name for event in got], ["public"])
        with Client(str(daemon.socket), timeout=DEADLINE) as fresh:
            assert fresh.welcome is not None
            self.assertEqual(fresh.welcome.epoch, gap.epoch)
