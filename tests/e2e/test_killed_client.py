"""A hospital's machine dies in the call: no ghost of it stays, in the room, in the engine or in the attendance."""

from __future__ import annotations

import os
import signal

import aiohttp
import pytest
from playwright.async_api import expect

from e2e.load import descendants
from e2e.server import ROOM, Server
from e2e.site import PATIENCE_S, Site, eventually
from e2e.stage import Sign, Stage
from telepresence.signaling.messages import Presence, Role

pytestmark = pytest.mark.e2e

BOT, XIXIA = Sign(number=1, hz=500), Sign(number=11, hz=800)
GONE_WITHIN_S = 60.0
"""A silent socket is noticed after a ping or two of 10 s, and the seat is kept for 30 s after it."""


async def test_who_is_killed_leaves_nothing(stage: Stage) -> None:
    """SIGKILL of the whole browser: first away with a tile that says so, then gone."""
    server = stage.server
    assert isinstance(server, Server)
    bot = await stage.bot("bot", BOT)
    watcher = await stage.site("zhengzhou", None)
    await watcher.join()
    xixia = await stage.site("xixia", XIXIA)
    await xixia.join()
    killed = await bot.participant_of("xixia")
    tile = await watcher.wait_live(killed)
    before = server.snapshot()

    kill(xixia)

    async def presence() -> Presence | None:
        member = bot.participant.members.get(killed)
        return member.presence if member else None

    await eventually("away", presence, lambda value: value is Presence.AWAY, GONE_WITHIN_S)
    await expect(tile).to_have_attribute("state", "away", timeout=PATIENCE_S * 1000)
    await eventually("gone", presence, lambda value: value is None, GONE_WITHIN_S)
    await watcher.wait_gone(killed)

    async def left() -> tuple[int, int]:
        snapshot = server.snapshot()
        return len(snapshot["connections"]), len(snapshot["tracks"])

    expected = len(before["connections"]) - 2, len(before["tracks"]) - 2
    await eventually("connections and tracks without it", left, lambda counts: counts == expected, GONE_WITHIN_S)
    assert await has_left(server, "Xixia")


def kill(site: Site) -> None:
    """All processes of the browser at once, as when the power goes."""
    for pid in descendants(site.pid):
        os.kill(pid, signal.SIGKILL)


async def has_left(server: Server, name: str) -> bool:
    """Does the attendance say when the site left?"""
    headers = {"Authorization": f"Bearer {server.token('henan', role=Role.CHAIR)}"}
    url = f"http://localhost:{server.port}/api/rooms/{ROOM}/attendance.csv"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        head, *rows = (line.split(",") for line in (await answer.text()).lstrip("\ufeff").splitlines())
    (own,) = (row for row in rows if row[head.index("name")] == name)
    return own[head.index("left")] != ""
