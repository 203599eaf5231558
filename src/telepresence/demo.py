"""`serve --demo`: rooms to try, links to them, and bot sites that are on the air from the start."""

from __future__ import annotations

import asyncio
import ctypes
import functools
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from telepresence.api.invitations import link, start_link
from telepresence.auth import ANY_ROOM, Authority
from telepresence.rooms.directory import RoomDirectory
from telepresence.rooms.effects import Effect
from telepresence.rooms.records import RoomRecord
from telepresence.signaling.messages import Role, RoomKind

VALID_S = 24 * 3600
"""Demo links are good for a day; the next start prints new ones."""

TOKEN_VARIABLE = "TELEPRESENCE_BOT_TOKEN"  # noqa: S105 (a variable's name)
BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Waits between restarts of a bot that ended; the last one repeats."""

STEADY_S = 60.0
"""A bot that ran so long starts again at once."""

TERMINATE_S = 3.0
"""How long a bot may take to leave."""

PR_SET_PDEATHSIG = 1
"""Source: prctl(2)."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Link:
    """A link for one site of the demo."""

    room: str
    who: str
    role: Role
    site: str

    def token(self, authority: Authority) -> str:
        """Returns a fresh token."""
        return authority.issue(room=self.room, site=self.site, name=self.who, role=self.role, valid_s=VALID_S)

    def url(self, base: str, authority: Authority) -> str:
        """Returns the address to open."""
        return link(base, self.room, self.token(authority))


LINKS = (
    Link("demo", "Xixia County Hospital 西峡县人民医院", Role.MEMBER, "xixia"),
    Link("demo", "Henan Provincial Hospital 河南省人民医院", Role.CHAIR, "henan"),
    Link("demo", "Nanyang City Hospital 南阳市中心医院", Role.MEMBER, "nanyang"),
    Link("demo", "Zhumadian Clinic 驻马店诊所", Role.GUEST, "zhumadian"),
    Link("training", "Prof. Chen 陈教授", Role.PRESENTER, "presenter"),
    Link("training", "Moderator 主持人", Role.MODERATOR, "moderator"),
    Link("training", "Audience 观众", Role.AUDIENCE, "audience"),
)
ORGANISER = Link(ANY_ROOM, "Organiser 会务", Role.ORGANISER, "organiser")
"""Its link is to the start page: it makes rooms, and is for none."""


def start_page(base: str, authority: Authority) -> str:
    """Returns the organiser's link."""
    return start_link(base, ORGANISER.token(authority))


@dataclass(frozen=True, slots=True)
class Bot:
    """A site that is a program, and what it publishes: arguments of `telepresence bot publish`."""

    link: Link
    sources: tuple[str, ...]


BOTS = (
    Bot(Link("demo", "Demo site 演示站点", Role.MEMBER, "demo-bot"), ("--clip", "--chart")),
    # Its chart is encoded once and sent round and round: nobody measures anything in a training.
    Bot(Link("training", "Demo lecture 演示讲座", Role.PRESENTER, "lecture-bot"), ("--clip", "--chart", "--loop")),
)

STAGGER_S = 3.0
"""The second bot begins so much later: both at once would double the time to the first one's picture."""

ROOMS = {
    "demo": (RoomKind.CONSULTATION, "Consultation 远程会诊"),
    "training": (RoomKind.BROADCAST, "Training 直播培训"),
}


def create_rooms(directory: RoomDirectory) -> list[Effect]:
    """Makes the two rooms of the demo, where there are none of that id, or they have ended. Raises ServerFullError."""
    effects: list[Effect] = []
    for room_id, (kind, title) in ROOMS.items():
        room = directory.find(room_id)
        if room is None or room.has_ended:
            effects += directory.create(RoomRecord(id=room_id, kind=kind, title=title, created_at=time.time()))[1]
    return effects


def has_bots() -> bool:
    """Tells whether the extra `[bots]` is installed."""
    return all(importlib.util.find_spec(name) for name in ("aiortc", "av", "numpy", "cv2"))


async def keep_bots(url: str, authority: Authority) -> None:
    """Keeps all bot sites on the air until it is cancelled."""
    async with asyncio.TaskGroup() as group:
        for number, bot in enumerate(BOTS):
            group.create_task(_keep_later(number * STAGGER_S, url, bot, authority))


async def _keep_later(delay_s: float, url: str, bot: Bot, authority: Authority) -> None:
    await asyncio.sleep(delay_s)
    await keep_bot(url, bot.sources, functools.partial(bot.link.token, authority))


async def keep_bot(url: str, sources: Sequence[str], make_token: Callable[[], str]) -> None:
    """Keeps a bot site on the air until it is cancelled: starts it again, with growing waits, when it ends.

    Each run has a token of its own: one for all would be over after `VALID_S`.
    """
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        started = loop.time()
        code = await _run_bot(url, sources, make_token())
        failures = 1 if loop.time() - started > STEADY_S else failures + 1
        wait = BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1]
        log.warning("bot.ended", code=code, restart_in_s=wait)
        await asyncio.sleep(wait)


async def _run_bot(url: str, sources: Sequence[str], token: str) -> int:
    """Runs the bot as a child; its token is in the environment, where `ps` does not show it."""
    command = [sys.executable, "-m", "telepresence", "bot", "publish", "--url", url]
    command += ["--token-env", TOKEN_VARIABLE, *sources]
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, TOKEN_VARIABLE: token},
        stdout=asyncio.subprocess.DEVNULL,
        preexec_fn=_end_with_parent,
    )
    try:
        return await process.wait()
    finally:
        await _end(process)


def _end_with_parent() -> None:
    """In the child: asks Linux to end it when the server is gone, however that went."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), TERMINATE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
