# SPDX-License-Identifier: MIT
"""An MQTT broker on a Unix socket, quality of service 0."""
import subprocess

from programs import MEASURED_CORE, Program, Setup, pinned

CONFIG = """\
listener 0 {socket}
allow_anonymous true
persistence false
log_dest none
user root
max_queued_messages 0
"""


class Mosquitto(Program):
    name = "mosquitto"
    executable = "mosquitto"

    def start(self, setup: Setup) -> subprocess.Popen:
        file = setup.folder / "mosquitto.conf"
        file.write_text(CONFIG.format(socket=setup.socket))
        return pinned(MEASURED_CORE, ["mosquitto", "-c", file], stderr=subprocess.DEVNULL)  # it warns of root
