# SPDX-License-Identifier: MIT
"""The upstream session against the real server: authentication, tokens, rooms, loss of the connection."""

from __future__ import annotations

import unittest

from roombridge import Gap, Status

from .harness import IntegrationTest, reservation


class LoginTest(IntegrationTest):
    def test_login_joins_the_own_and_the_declared_rooms(self) -> None:
        daemon = self.start_daemon()
        connection = self.server.saw("connection", transport="websocket")["id"]
        self.assertEqual(self.server.saw("authenticate", id=connection)["ok"], True)
        for room in ("user-3", "shop-7", "shop-8"):
            self.assertEqual(self.server.saw("join", id=connection, room=room)["userId"], 3)
        subscriber = self.subscriber(daemon)
        subscriber.until(lambda message: isinstance(message, Status) and message.state == "authenticated")
        self.assertEqual(set(subscriber.client.status.rooms), {"user-3", "shop-7", "shop-8"})
        status = subscriber.client.call("status")
        self.assertEqual((status["upstream"]["state"], status["upstream"]["user"]), ("authenticated", "3"))
        self.assertEqual(status["rooms"], subscriber.client.call("rooms"))
        rooms = {room["room"]: room["state"] for room in subscriber.client.call("rooms")}
        self.assertEqual(rooms, {"user-3": "asked", "shop-7": "asked", "shop-8": "asked"})

    def test_a_token_from_the_environment(self) -> None:
        upstream = {**self.config()["upstream"], "token": {"env": "A_TOKEN"}}
        self.start_daemon({"A_TOKEN": self.token}, upstream=upstream)
        self.assertTrue(self.server.saw("authenticate")["ok"])

    def test_a_token_from_a_credential(self) -> None:
        upstream = {**self.config()["upstream"], "token": {"credential": "token"}}
        self.start_daemon({"CREDENTIALS_DIRECTORY": str(self.directory)}, upstream=upstream)
        self.assertTrue(self.server.saw("authenticate")["ok"])

    def test_a_namespace_that_the_server_does_not_have(self) -> None:
        daemon = self.start_daemon(upstream={**self.config()["upstream"], "namespace": "/nowhere"})
        daemon.logged("CAUSE=namespace_refused")


class WrongTokenTest(IntegrationTest):
    def test_a_wrong_token_is_refused_and_a_right_one_taken_at_once(self) -> None:
        self.write_token(self.new_token())
        daemon = self.start_daemon()
        self.assertFalse(self.server.saw("authenticate")["ok"])
        subscriber = self.subscriber(daemon)
        # While the next one is under way the cause is still the last one's.
        refused = subscriber.until(lambda message: isinstance(message, Status) and message.next_attempt is not None)[-1]
        self.assertEqual(refused.cause, "token_refused")
        self.assertIn("token refused by the test", refused.text)
        self.assertEqual(refused.summary, "connected")
        self.assertEqual(subscriber.client.call("status")["upstream"]["cause"], "token_refused")
        self.write_token(self.token)
        self.server.saw("authenticate", ok=True)
        subscriber.until_state("authenticated")

    def test_a_server_that_hangs_up_on_a_wrong_token_has_refused_the_token(self) -> None:
        for transport in ("websocket", "polling"):
            server = self.start_server(dismisses=True)
            self.write_token(self.new_token())
            daemon = self.start_daemon(
                upstream={**self.config()["upstream"], "url": server.url, "transports": [transport]}
            )
            daemon.logged(r"upstream offline: the server refused the token: .*; then the server ended .*CAUSE=token_refused")
            caller = self.peer(daemon)
            status = caller.call("status")["upstream"]
            self.assertEqual(status["cause"], "token_refused")
            self.assertIn("token refused by the test", status["text"])
            self.assertNotIn("kicked", status["causes"])
            self.write_token(self.token)
            self.subscriber(daemon).until_state("authenticated")
            status = caller.call("status")["upstream"]
            self.assertNotIn("cause", status, "what is well has none")
            self.assertNotIn("text", status)
            daemon.logged(r"upstream authenticated: (?!.*CAUSE)")
            self.stop(daemon)

    def test_no_token_file_means_offline_and_no_connection(self) -> None:
        self.token_file.unlink()
        daemon = self.start_daemon()
        daemon.logged("CAUSE=token_missing")
        status = self.peer(daemon).call("status")["upstream"]
        self.assertEqual((status["state"], status["cause"], status["attempts"]), ("offline", "token_missing", 0))
        self.write_token(self.token)
        self.server.saw("join", room="shop-7")
        self.assertEqual(len(self.server.seen("connection")), 1)

    def test_a_token_that_cannot_be_read_is_a_warning_and_a_missing_one_is_none(self) -> None:
        self.token_file.unlink()
        daemon = self.start_daemon()
        daemon.logged(r" info upstream offline: .*CAUSE=token_missing")
        self.token_file.mkdir()
        daemon.logged(r" warning upstream offline: .*CAUSE=token_unreadable")


class TokenChangeTest(IntegrationTest):
    def test_a_token_that_expires_is_replaced_on_the_live_connection(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.server.command(do="expire", token=self.token)
        subscriber.until(lambda message: isinstance(message, Status) and message.cause == "token_refused")
        renewed = self.new_token()
        self.server.grant(renewed, 3)
        self.write_token(renewed)
        subscriber.until_state("authenticated")
        self.server.emit("notification", {"id": 1, "title": "after"}, room="shop-7")
        subscriber.until_event("notification")
        self.assertEqual(len(self.server.seen("connection")), 1)
        self.assertEqual(self.server.seen("disconnect"), [])

    def test_a_valid_token_that_is_replaced_authenticates_again(self) -> None:
        daemon = self.start_authenticated()
        self.server.saw("authenticate")
        renewed = self.new_token()
        self.server.grant(renewed, 3)
        self.write_token(renewed)
        self.assertTrue(self.server.saw("authenticate")["ok"])
        self.subscriber(daemon).until_state("authenticated")
        self.assertEqual(len(self.server.seen("connection")), 1)

    def test_a_token_file_removed_logs_out_and_put_back_logs_in(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.token_file.unlink()
        gone = subscriber.until(lambda message: isinstance(message, Status) and message.state == "offline")[-1]
        self.assertEqual(gone.cause, "token_missing")
        self.assertEqual(self.server.saw("disconnect")["reason"], "client namespace disconnect")
        self.write_token(self.token)
        subscriber.until_state("connected", "authenticated")
        for room in ("user-3", "shop-7", "shop-8"):
            self.server.saw("join", room=room)


class ServerLossTest(IntegrationTest):
    def test_the_server_is_killed_and_comes_back(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.server.kill()
        noticed = subscriber.until(lambda message: getattr(message, "state", None) == "offline")[-1].since
        caller = self.peer(daemon)
        away_since = caller.call("status")["upstream"]["away_since"]
        self.assertLess(away_since, noticed, "it was last heard before")
        subscriber.until_state("connecting", "offline")
        self.assertEqual(caller.call("status")["upstream"]["away_since"], away_since, "one outage, whatever its states")
        back = self.start_server(port=self.server.port)
        self.assertTrue(back.saw("authenticate")["ok"])
        for room in ("user-3", "shop-7", "shop-8"):
            back.saw("join", room=room)
        subscriber.until_state("connected", "authenticated")
        back.emit("reservation_update", reservation(1), room="shop-7")
        messages = subscriber.until(lambda message: getattr(message, "name", "") == "reservation_update")
        gaps = [message for message in messages if isinstance(message, Gap)]
        self.assertEqual([(gap.reason, gap.count) for gap in gaps], [("upstream", None)])
        self.assertLess(gaps[0].from_time, gaps[0].until)
        upstream = caller.call("status")["upstream"]
        self.assertEqual(upstream["outages"], 1)
        self.assertNotIn("away_since", upstream)
        self.assertNotRegex(daemon.log, r"(?m)[A-Z]=( |$)", "a field without a value")

    def test_a_cut_connection_is_replaced(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.server.command(do="cut")
        subscriber.until_state("offline", "connected", "authenticated")
        self.server.saw("join", room="shop-7")

    def test_a_kick_has_its_name_and_is_not_the_end(self) -> None:
        daemon = self.start_authenticated()
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        self.server.command(do="kick")
        subscriber.until(lambda message: isinstance(message, Status) and message.cause == "kicked")
        subscriber.until_state("authenticated")

    def test_a_server_that_stops_pinging(self) -> None:
        server = self.start_server(options={"pingInterval": 300, "pingTimeout": 200})
        daemon = self.start_daemon(upstream={**self.config()["upstream"], "url": server.url})
        server.saw("join", room="shop-7")
        subscriber = self.subscriber(daemon)
        subscriber.until_state("authenticated")
        server.freeze()
        self.addCleanup(server.thaw)
        subscriber.until(lambda message: isinstance(message, Status) and message.cause == "ping_timeout")


if __name__ == "__main__":
    unittest.main()
