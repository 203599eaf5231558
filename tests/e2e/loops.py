"""Sites that publish charts which were encoded beforehand: nine of them take a tenth of a core in the test's own process."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import cache
from types import TracebackType
from typing import Self

from e2e.server import Server
from e2e.site import PATIENCE_S
from telepresence.bots.chart import ChartFormat, Tone
from telepresence.bots.clip import Clip
from telepresence.bots.link import parse_link
from telepresence.bots.loop import chart_loop
from telepresence.bots.participant import Participant
from telepresence.bots.peer import VideoCodec
from telepresence.bots.session import RefusedError
from telepresence.bots.tracks import clip_source
from telepresence.signaling.messages import Profile

FORM = ChartFormat(fps=25)
LEVEL_DBFS = -18.0


@cache
def clip(number: int, codec: VideoCodec, *, beep: bool) -> Clip:
    """The loop of a source: made once a session, in some 0.3 s."""
    tone = Tone(hz=400 + 100 * number, level_dbfs=LEVEL_DBFS, beep=beep)
    return chart_loop(form=FORM, label=f"Source {number}", number=number, tone=tone, codec=codec)


class Loops:
    """So many sites, numbered from 1. Use it as a context."""

    source = "chart"

    def __init__(self, server: Server, count: int, *, codec: VideoCodec = VideoCodec.VP8, beep: bool = False) -> None:
        """Their sound is a stethoscope's: sent before as it is, it says no level by which it could be chosen."""
        self._participants = [
            Participant(
                parse_link(server.direct_link(f"site-{number}")),
                sources=[
                    clip_source(
                        source_id=self.source,
                        label=f"Source {number}",
                        clip=clip(number, codec, beep=beep),
                        codec=codec,
                        profile=Profile.STETHOSCOPE,
                    )
                ],
            )
            for number in range(1, count + 1)
        ]
        self._running: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """All join."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                for participant in self._participants:
                    self._running.append(asyncio.create_task(participant.run()))
                    await participant.wait_joined()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """All leave."""
        await self.close()

    async def close(self) -> None:
        """All leave."""
        for participant, running in zip(self._participants, self._running, strict=False):
            await participant.leave()
            running.cancel()
            with suppress(asyncio.CancelledError, RefusedError):
                await running

    def numbers(self) -> dict[str, int]:
        """The number in the picture of each participant."""
        joined = [participant.joined for participant in self._participants]
        return {one.participant: number for number, one in enumerate(joined, 1) if one is not None}
