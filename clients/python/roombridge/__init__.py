# SPDX-License-Identifier: MIT
"""Client of roombridged: events of one Socket.IO connection, for any number of local programs.

    from roombridge import Client, Gap

    with Client() as bridge:
        bridge.subscribe(events=["reservation_update"], topics=["shop-7"])
        for message in bridge:
            if isinstance(message, Gap):
                print("something may be missing:", message.reason)
            else:
                print(message.name, message.args)

It waits for a daemon that is not there, and goes on where it was when the daemon is restarted. The same with asyncio
is `roombridge.aio.Client`. Typed events of the booking backend are in `roombridge.booking`.
"""

from .client import Client
from .errors import (
    ConnectError,
    ConnectionClosed,
    PayloadError,
    ProtocolError,
    RequestError,
    RequestTimeout,
    RoombridgeError,
)
from .listening import Listener
from .messages import (
    Arguments,
    Bye,
    EmitResult,
    Event,
    Gap,
    Live,
    Message,
    Permissions,
    Position,
    Problem,
    Sight,
    Status,
    Trace,
    Welcome,
)

from .payload import Unparsed

__version__ = "0.1.0"

__all__ = [
    "Arguments",
    "Bye",
    "Client",
    "ConnectError",
    "ConnectionClosed",
    "EmitResult",
    "Event",
    "Gap",
    "Listener",
    "Live",
    "Message",
    "PayloadError",
    "Permissions",
    "Position",
    "Problem",
    "ProtocolError",
    "RequestError",
    "RequestTimeout",
    "RoombridgeError",
    "Sight",
    "Status",
    "Trace",
    "Unparsed",
    "Welcome",
]
