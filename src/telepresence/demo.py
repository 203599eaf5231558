"""`serve --demo`: rooms to try, links to them, and a bot site that is on the air from the start."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import structlog

from telepresence.auth import Authority
from telepresence.rooms.directory import RoomDirectory
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

    def url(self, base: str, authority: Authority) -> str:
        """Returns the address to open."""
        token = authority.issue(room=self.room, site=self.site, name=self.who, role=self.role, valid_s=VALID_S)
        return link(base, self.room, token)


LINKS = (
    Link("demo", "Xixia County Hospital 西峡县人民医院", Role.MEMBER, "xixia"),
    Link("demo", "Henan Provincial Hospital 河南省人民医院", Role.CHAIR, "henan"),
    Link("demo", "Nanyang City Hospital 南阳市中心医院", Role.MEMBER, "nanyang"),
    Link("training", "Prof. Chen 陈教授 (presenter)", Role.PRESENTER, "presenter"),
    Link("training", "Audience 听众", Role.AUDIENCE, "audience"),
    Link("demo", "Organiser 会务", Role.ORGANISER, "organiser"),
)
BOT = Link("demo", "Demo site 演示站点", Role.MEMBER, "demo-bot")


ROOMS = {
    "demo": (RoomKind.CONSULTATION, "Consultation 远程会诊"),
    "training": (RoomKind.BROADCAST, "Training 培训直播"),
}


def link(base: str, room: str, token: str) -> str:
    """Returns a link: the token stands behind `#`, so no server's log ever sees it."""
    return f"{base}/room/{quote(room, safe='')}#t={token}"


def create_rooms(directory: RoomDirectory) -> None:
    """Makes the two rooms of the demo, where the settings have none of that id. Raises ServerFullError."""
    for room_id, (kind, title) in ROOMS.items():
        if directory.find(room_id) is None:
            directory.create(RoomRecord(id=room_id, kind=kind, title=title, created_at=time.time()))


def bot_token(authority: Authority) -> str:
    """Returns a fresh token for the bot site."""
    return authority.issue(room=BOT.room, site=BOT.site, name=BOT.who, role=BOT.role, valid_s=VALID_S)


def has_bots() -> bool:
    """Tells whether the extra `[bots]` is installed."""
    return all(importlib.util.find_spec(name) for name in ("aiortc", "av", "numpy", "cv2"))


async def keep_bot(url: str, make_token: Callable[[], str]) -> None:
    """Keeps the bot site on the air until it is cancelled: starts it again, with growing waits, when it ends.

    Each run has a token of its own: one for all would be over after `VALID_S`.
    """
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        started = loop.time()
        code = await _run_bot(url, make_token())
        failures = 1 if loop.time() - started > STEADY_S else failures + 1
        wait = BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1]
        log.warning("bot.ended", code=code, restart_in_s=wait)
        await asyncio.sleep(wait)


async def _run_bot(url: str, token: str) -> int:
    """Runs the bot as a child; its token is in the environment, where `ps` does not show it."""
    command = [sys.executable, "-m", "telepresence", "bot", "publish", "--url", url]
    command += ["--token-env", TOKEN_VARIABLE, "--clip", "--chart"]
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
