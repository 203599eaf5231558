"""Whether nine sources can take turns in four slots without a viewer's browser noticing anything but who is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Playwright

from e2e.bare import Bare, chromium, chromium_pid
from e2e.load import Tries, Watch, fed
from e2e.loops import Loops
from e2e.server import Server
from e2e.timeline import Move

pytestmark = pytest.mark.e2e

SOURCES = 9
SLOTS = 4
STEP = 3
"""Of the four shown one stays, so that it is seen to keep its slot, and three move: every source has its turn in three."""

ROTATIONS = 8
TURN_S = 2.0
SETTLE_S = 3.0

RIGHT_AFTER_S = 1.5
"""A key frame comes once a second and nobody can be asked for one; the rest is the decoder's, and a busy machine's."""

TILE = (640, 360)
RUNS = Tries(enough=1, most=3)


@dataclass(frozen=True)
class Round:
    """What one run of rotations came to."""

    moves: tuple[Move, ...]
    late: tuple[Move, ...]
    kept: bool
    shown_at_the_end: bool
    freezes: int
    lost: int
    unreadable: int

    @property
    def good(self) -> bool:
        """Nothing but who is shown was to be noticed."""
        is_whole = not self.freezes and not self.lost and not self.unreadable
        return bool(self.moves) and not self.late and self.kept and self.shown_at_the_end and is_whole

    def __str__(self) -> str:
        late = "; ".join(map(str, self.late)) or "none"
        return (
            f"{len(self.moves)} moves, late or wrong: {late}; kept {self.kept}, right at the end {self.shown_at_the_end}; "
            f"freezeCount {self.freezes}, packetsLost {self.lost}, frames that nobody can read {self.unreadable}"
        )


@pytest.fixture
async def loops(server: Server) -> AsyncIterator[Loops]:
    """Nine sites that publish what was encoded beforehand."""
    async with Loops(server, SOURCES) as loops:
        yield loops


async def rotate(viewer: Bare, loops: Loops) -> Round:
    """Shows four of nine, three others of them each time."""
    numbers = loops.numbers()
    order = sorted(numbers, key=lambda participant: numbers[participant])
    before, was = await viewer.timeline(), await viewer.inbound()
    kept = True
    shown: list[str] = []
    for turn in range(ROTATIONS):
        places = (await viewer.timeline()).slots()
        shown, last = [order[(turn * STEP + place) % SOURCES] for place in range(SLOTS)], shown
        await viewer.view([(participant, loops.source) for participant in shown], TILE)
        await asyncio.sleep(TURN_S)
        now = (await viewer.timeline()).slots()
        kept &= all(now.get(who) == places.get(who) for who in set(shown) & set(last))
    timeline, stats = await viewer.timeline(), await viewer.inbound()
    moves = tuple(timeline.moves(numbers, since=before.now))
    newest = {slot: runs[-1].number for slot, runs in timeline.runs.items() if runs}
    slots = timeline.slots()

    def grew(name: str) -> int:
        pictures = [mid for mid, entry in stats.items() if entry["kind"] == "video"]
        return sum(stats[mid][name] - was.get(mid, {}).get(name, 0) for mid in pictures)

    return Round(
        moves=moves,
        late=tuple(move for move in moves if move.after_s is None or move.after_s > RIGHT_AFTER_S or move.wrong),
        kept=kept,
        shown_at_the_end=all(newest.get(slots.get(who, -1)) == numbers[who] for who in shown),
        freezes=grew("freezeCount"),
        lost=grew("packetsLost"),
        unreadable=timeline.unreadable - before.unreadable,
    )


async def test_nine_sources_take_turns_in_four_slots(server: Server, loops: Loops, playwright: Playwright) -> None:
    """Three of four tiles change every two seconds: the right number is in each, no picture stands, and none is broken."""
    async with chromium(playwright) as browser:
        viewer = await Bare.join(browser, server, "viewer", slots=SLOTS)
        await viewer.sources(SOURCES)
        await asyncio.sleep(SETTLE_S)

        def watch() -> Watch:
            return Watch({"server": server.pid, "browser": chromium_pid()})

        await fed("eight rotations", lambda: rotate(viewer, loops), lambda found: found.good, RUNS, watch)
