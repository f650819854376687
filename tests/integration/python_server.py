# SPDX-License-Identifier: MIT
"""The booking backend of server.js on the real python-socketio, driven by a test in the same way: commands come as JSON
lines on stdin, what the server sees goes out as JSON lines on stdout. It ends when stdin ends.

usage: python_server.py SETTINGS
  SETTINGS: "port", "tokens", "auth", "tells" and "any" as server.js has them; "options": AsyncServer's, such as
  {"transports": ["polling"], "ping_interval": 1}

Two things are python-socketio's own. The connect handler runs before the CONNECT reply goes out, and so what it emits
comes before that reply (unless "options" has always_connect). A POST of more than 16 packets is answered with 200 and
dropped; what the server logs about it goes to stderr.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import socketio
from aiohttp import web

settings = json.loads(sys.argv[1])
tokens: dict[str, Any] = settings["tokens"]
closed: set[str] = set()  # rooms that nobody may join
users: dict[str, dict[str, Any]] = {}  # by sid: the token and the user, of those that are authenticated
sio = socketio.AsyncServer(async_mode="aiohttp", **settings.get("options", {}))


def report(seen: str, **fields: Any) -> None:
    print(json.dumps({"seen": seen, **fields}), flush=True)


def transport_of(sid: str) -> str:
    # sio.transport() of 5.7 wants the engine's sid.
    return str(sio.eio.transport(sio.manager.eio_sid_from_sid(sid, "/")))


def user_of(token: Any) -> dict[str, Any] | None:
    return {"userId": 3} if settings.get("any") else tokens.get(token)


# Where the token is when it does not come in an event.
CARRIED: dict[str, Callable[[dict[str, Any], Any], Any]] = {
    "connect": lambda environ, auth: (auth or {}).get("token"),
    "header": lambda environ, auth: environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer "),
    "query": lambda environ, auth: parse_qs(environ["QUERY_STRING"]).get("token", [""])[0],
}


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
    if carried_by := CARRIED.get(settings.get("auth", "event")):
        token = carried_by(environ, auth)
        user = user_of(token)
        report("handshake", ok=user is not None, keys=list(auth or {}))
        if user is None:
            raise socketio.exceptions.ConnectionRefusedError(f"token {token} refused by the test")
        users[sid] = {"token": token, "userId": user["userId"]}
        if settings.get("tells"):
            await sio.emit("auth_success", {"userId": user["userId"]}, to=sid)
    report("connection", id=sid, transport=transport_of(sid))


@sio.event
async def authenticate(sid: str, request: Any) -> None:
    token = request.get("token")
    user = user_of(token)
    report("authenticate", id=sid, ok=user is not None, keys=list(request))
    if user is None:
        await sio.emit("auth_error", {"message": "token refused by the test"}, to=sid)
        return
    users[sid] = {"token": token, "userId": user["userId"]}
    await sio.emit("auth_success", user, to=sid)


@sio.event
async def join_room(sid: str, request: Any) -> dict[str, Any]:
    room = request["roomId"]
    if room in closed:
        report("refusal", id=sid, room=room)
        return {"ok": False, "message": f"{room} is not for you"}
    sio.enter_room(sid, room)
    report("join", id=sid, room=room, userId=request.get("userId"))
    return {"ok": True}


@sio.event
async def leave_room(sid: str, request: Any) -> None:
    sio.leave_room(sid, request["roomId"])
    report("leave", id=sid, room=request["roomId"], userId=request.get("userId"))


@sio.event
async def reservation_update(sid: str, update: Any) -> dict[str, Any]:
    report("reservation_update", id=sid, update=update, transport=transport_of(sid))
    # To each who is in one of the rooms, once: python-socketio's emit() has one room.
    rooms = [f"shop-{update['shopId']}", f"reservation-{update['reservationId']}", f"user-{update['userId']}"]
    for concerned in {member for room in rooms for member, _ in sio.manager.get_participants("/", room)}:
        await sio.emit("reservation_update", update, to=concerned)
    return {"ok": True, "reservationId": update["reservationId"], "by": users[sid]["userId"]}


@sio.event
async def echo(sid: str, *args: Any) -> tuple[Any, ...]:
    return args


@sio.event
async def disconnect(sid: str) -> None:
    users.pop(sid, None)
    report("disconnect", id=sid)


def with_bytes(value: Any) -> Any:
    """Bytes have no JSON: {"$hex": "00ff"} stands for them in a command."""
    if isinstance(value, list):
        return [with_bytes(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$hex"), str):
        return bytes.fromhex(value["$hex"])
    return {key: with_bytes(item) for key, item in value.items()}


async def do_emit(event: str, args: list[Any], room: str | None = None) -> None:
    await sio.emit(event, tuple(with_bytes(args)), room=room)


async def do_ask(event: str, args: list[Any], room: str, timeout: float) -> None:
    """Asks everyone in the room, one after the other, and waits for each."""
    got = []
    try:
        for sid, _ in list(sio.manager.get_participants("/", room)):
            got.append(await sio.call(event, tuple(with_bytes(args)), to=sid, timeout=timeout / 1000))
        report("answers", event=event, got=got)
    except socketio.exceptions.TimeoutError:
        report("answers", event=event, failed="timed out")


async def do_grant(token: str, user: Any) -> None:
    tokens[token] = user
    report("grant", user=user)


async def do_expire(token: str) -> None:
    """The token runs out; whoever uses it is told, as the backend does."""
    tokens.pop(token, None)
    for sid in [sid for sid, user in users.items() if user["token"] == token]:
        await sio.emit("auth_error", {"message": "token expired"}, to=sid)


async def do_close_room(room: str) -> None:
    closed.add(room)
    await sio.close_room(room)
    report("closed", room=room)


async def do_kick() -> None:
    for sid, _ in list(sio.manager.get_participants("/", None)):
        await sio.disconnect(sid)


COMMANDS: dict[str, Callable[..., Awaitable[None]]] = {
    "emit": do_emit,
    "ask": do_ask,
    "grant": do_grant,
    "expire": do_expire,
    "close_room": do_close_room,
    "kick": do_kick,
}


async def main() -> None:
    commands = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    app = web.Application()
    sio.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    # Whoever is connected at the end is not waited for.
    await web.TCPSite(runner, "127.0.0.1", settings.get("port", 0), shutdown_timeout=0).start()
    report("listening", port=runner.addresses[0][1])
    while line := await commands.readline():
        command = json.loads(line)
        await COMMANDS[command.pop("do")](**command)


asyncio.run(main())
