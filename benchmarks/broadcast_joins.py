"""What a join to a large audience costs: messages, CPU and memory; of the rooms alone, and of the whole server.

The rooms alone are what decides how it grows: sessions over a fake engine, in virtual time, every message written as JSON.
The whole server is a process with sockets, store and engine, whose clients answer its offer and send no packet.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from common import arguments, percentile, run, say
from idle_memory import resident_mb

from e2e.server import ROOM, Server
from stage import Stage, answer_to
from telepresence.auth import Authority, load_secret
from telepresence.signaling.messages import Role

PER_S = 50
"""So many joins a second: 170 sites in 3.4 s, where ten are allowed."""

TICK_S = 0.25
"""As the server's. Source: signaling/websocket.py."""

SLOTS = 4

ON_STAGE = 4

SETTLE_S = 3.0
"""The last count of the audience is told within 2 s to the stage."""

WITHIN_S = 120.0


def alone(count: int) -> dict[str, object]:
    """Joins so many in virtual time, twice: once for the CPU, once for the memory."""
    stage, encoder = _stage(), msgspec.json.Encoder()
    tokens = [stage.token(f"site-{number}", Role.AUDIENCE) for number in range(count)]
    took: list[float] = []
    for number, token in enumerate(tokens):
        before = time.process_time()
        _join(stage, token, number)
        _write(stage, encoder)
        took.append(1000 * (time.process_time() - before))
    messages = sum(len(client.inbox) for client in stage.clients.values())
    return _row("rooms alone", count, messages, sum(took) / count, _memory(count), percentile(took, 0.95))


def _stage() -> Stage:
    stage = Stage(members_max=10_000)
    for number in range(ON_STAGE):
        client = stage.join(f"member-{number}", Role.MEMBER)
        client.answer()
        client.publish("0", "1")
    for client in stage.clients.values():
        client.inbox.clear()
    return stage


def _join(stage: Stage, token: str, number: int) -> None:
    client = stage.open()
    client.join(token, slots=SLOTS)
    client.answer()
    if number % (PER_S * TICK_S) < 1:
        stage.advance(TICK_S)


def _write(stage: Stage, encoder: msgspec.json.Encoder) -> None:
    """Writes what the newest client was sent, as the server would; nearly all messages are its own."""
    for message in list(stage.clients.values())[-1].inbox:
        encoder.encode(message)


def _memory(count: int) -> float:
    """Kilobytes of Python's objects that stay of each, without what the fakes remember."""
    stage = _stage()
    tokens = [stage.token(f"site-{number}", Role.AUDIENCE) for number in range(count)]
    tracemalloc.start()
    for number, token in enumerate(tokens):
        _join(stage, token, number)
    for client in stage.clients.values():
        client.inbox.clear()
    stage.engine.commands.clear()
    stage.kept.clear()
    stays, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return stays / count / 1024


class Watcher:
    """A client of the whole server; `messages` is how many it was sent."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Over an open socket."""
        self._socket = socket
        self._reader: asyncio.Task[None] | None = None
        self.messages = 0

    async def join(self, token: str) -> float:
        """Joins and answers the offer; returns the milliseconds until `joined`. Goes on to count."""
        began = time.monotonic()
        await self._send("join", versions=[1], token=token, slots=SLOTS)
        await self._until("joined")
        took = 1000 * (time.monotonic() - began)
        offer = await self._until("offer")
        await self._send("answer", generation=offer["generation"], sdp=answer_to(offer["sdp"]))
        self._reader = asyncio.create_task(self._count())
        return took

    async def _send(self, kind: str, **fields: object) -> None:
        await self._socket.send_str(json.dumps({"type": kind, "request": 1, **fields}))

    async def _until(self, kind: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = await self._socket.receive_json()
            self.messages += 1
            if message["type"] == "error":
                raise OSError(message["message"])
            if message["type"] == kind:
                return message

    async def _count(self) -> None:
        async for _ in self._socket:
            self.messages += 1


async def whole(count: int, folder: Path) -> dict[str, object]:
    """Joins so many to a server."""
    with Server(folder) as server:
        authority = Authority(load_secret(folder / "var"), time.time)

        def token(site: str, role: Role) -> str:
            return authority.issue(room=ROOM, site=site, name=site, role=role, valid_s=3600)

        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))

            async def join(site: str, role: Role) -> tuple[Watcher, float]:
                watcher = Watcher(await client.ws_connect(f"{server.origin}/ws", max_msg_size=0))
                return watcher, await watcher.join(token(site, role))

            members = [(await join(f"member-{number}", Role.MEMBER))[0] for number in range(ON_STAGE)]
            await asyncio.sleep(SETTLE_S)
            before, cpu, mb = sum(member.messages for member in members), _cpu_ms(server.pid), resident_mb(server.pid)
            joins = await _at_pace(count, lambda number: join(f"site-{number}", Role.AUDIENCE))
            await asyncio.sleep(SETTLE_S)
            messages = sum(watcher.messages for watcher, _ in joins) + sum(m.messages for m in members) - before
            cpu, mb = _cpu_ms(server.pid) - cpu, resident_mb(server.pid) - mb
    return _row(
        "whole server", count, messages, cpu / count, mb * 1024 / count, percentile([t for _, t in joins], 0.95)
    )


async def _at_pace(count: int, join: Callable[[int], Any]) -> list[tuple[Watcher, float]]:
    began = asyncio.get_running_loop().time()
    tasks: list[asyncio.Task[tuple[Watcher, float]]] = []
    for number in range(count):
        await asyncio.sleep(max(0, began + number / PER_S - asyncio.get_running_loop().time()))
        tasks.append(asyncio.create_task(join(number)))
    return await asyncio.gather(*tasks)


def _cpu_ms(pid: int) -> float:
    """User and system time of a process. Source: proc(5), /proc/pid/stat, fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _row(what: str, count: int, messages: int, cpu_ms: float, memory_kb: float, p95_ms: float) -> dict[str, object]:
    return {
        "measured": what,
        "joins": count,
        "messages a join": round(messages / count, 2),
        "CPU ms a join": round(cpu_ms, 2),
        "kB a join": round(memory_kb, 1),
        "join p95 ms": round(p95_ms, 1),
    }


def main() -> None:
    """Prints the report."""
    parser = arguments(__doc__)
    parser.add_argument("--joins", type=int, nargs="+", default=[50, 170, 500])
    options = parser.parse_args()
    os.environ["TELEPRESENCE_LIMITS__MEMBERS_PER_ROOM"] = str(max(options.joins) + ON_STAGE)
    rows = [alone(count) for count in options.joins]
    with tempfile.TemporaryDirectory() as folder:
        rows += [run(whole(count, Path(folder) / str(count)), within_s=WITHIN_S) for count in options.joins]
    say("joins to an audience", rows, json_to=options.json)


if __name__ == "__main__":
    main()
