# SPDX-License-Identifier: MIT
"""roombridged with the default profile, and access rules under which the subscribers see what they ask for, and not all."""
import json
import subprocess

from programs import MEASURED_CORE, Program, Setup, pinned

RULE = {
    "topics": ["reservation-{reservationId}", "shop-{shopId}", "user-{userId}"],
    "required": ["reservationId", "status", "shopId", "userId", "updateType", "timestamp"],
    "repeat_key": ["reservationId", "updateType", "timestamp"],
    "retain_key": ["reservationId"],
}


class Daemon(Program):
    name = "daemon"

    def __init__(self, journal: bool = False) -> None:
        self.journal = journal

    def config(self, setup: Setup) -> dict:
        whom = {"everyone": True} if setup.uid is None else {"users": [str(setup.uid)]}
        config = {
            "upstream": {"url": f"http://127.0.0.1:{setup.upstream}", "token": {"env": "ROOMBRIDGE_BENCH_TOKEN"}},
            "rooms": {"declared": ["shop-42"]},
            "events": {"rules": {"reservation_update": RULE}},
            "local": {
                "socket": str(setup.socket),
                "mode": "0666",
                "access": [{**whom, "events": ["reservation_update", "payment_update"], "topics": ["shop-42", "reservation-*"]}],
                "connections": 20000,
                "user_connections": 20000,
                "user_subscriptions": 20000,
            },
            "logging": {"level": "error"},
        }
        if self.journal:
            config["journal"] = {"directory": str(setup.folder / "journal")}
        return config

    def start(self, setup: Setup) -> subprocess.Popen:
        file = setup.folder / "config.yaml"
        file.write_text(json.dumps(self.config(setup)))  # JSON is YAML, too
        return pinned(MEASURED_CORE, [setup.bin_dir / "daemon/service/roombridged", "--config", file], env={"ROOMBRIDGE_BENCH_TOKEN": "bench"})
