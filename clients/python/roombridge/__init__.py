# SPDX-License-Identifier: MIT
"""Client of roombridged: events of one Socket.IO connection, for any number of local programs.

    from roombridge import Client

    with Client() as bridge:
        bridge.subscribe(events=["reservation_update"], topics=["shop-7"])
        for event in bridge:
            print(event.name, event.args)

The same with asyncio is `roombridge.aio.Client`. Typed events of the booking backend are in `roombridge.booking`.
"""

from .client import Client, Listener
from .errors import (
    ConnectError,
    ConnectionClosed,
    InboxFull,
    PayloadError,
    ProtocolError,
    RequestError,
    RequestTimeout,
    RoombridgeError,
)
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
    "InboxFull",
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
    "Welcome",
]
