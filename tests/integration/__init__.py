# SPDX-License-Identifier: MIT
"""The real daemon against the real npm socket.io, and the real python-socketio.

Run from the project's root: python3 -m unittest tests.integration.test_session
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients/python"))
