"""Whether sound and picture come at the same time, by the browser's own reckoning and by a flash and a beep."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import pytest
from playwright.async_api import Playwright

from e2e.bare import Bare, chromium, chromium_pid
from e2e.load import Tries, Watch, fed
from e2e.loops import Loops
from e2e.server import Server

pytestmark = pytest.mark.e2e

MOST_MS = 100.0
LISTENING_S = 4.0
PAIRS = 3
"""Flashes come once a second; of the first second a beep or a flash may be missing."""

LISTENINGS = Tries(enough=3, most=8)
"""Chromium brings sound and picture together in steps of 80 ms at most, one a second."""

TILE = (640, 360)
SLOTS = 1


@dataclass(frozen=True)
class Sync:
    """How much later the sound is than the picture, in ms: by playout times, and by the beeps after the flashes."""

    reckoned_ms: float | None
    heard_ms: float | None

    @property
    def good(self) -> bool:
        """Both are known, and small."""
        return all(value is not None and abs(value) < MOST_MS for value in (self.reckoned_ms, self.heard_ms))


def after_flashes(beeps: list[float], flashes: list[float]) -> float | None:
    """The median of how much later a beep is than the flash next to it; None without enough of both."""
    if min(len(beeps), len(flashes)) < PAIRS:
        return None
    return statistics.median(min((beep - flash for flash in flashes), key=abs) for beep in beeps)


async def listen(viewer: Bare, slot: int) -> Sync:
    """Watches a slot for a while."""
    found = await viewer.lip_sync(slot, LISTENING_S)
    apart = [sound - picture for sound, picture in found["playing"]]
    return Sync(
        reckoned_ms=statistics.median(apart) if apart else None,
        heard_ms=after_flashes(found["heard"], found["seen"]),
    )


async def test_flash_and_beep_are_one(server: Server, playwright: Playwright) -> None:
    """Within 100 ms of each other, also after the slot showed another source and came back."""
    async with Loops(server, 2, beep=True) as loops, chromium(playwright) as browser:
        viewer = await Bare.join(browser, server, "viewer", slots=SLOTS)
        await viewer.sources(2)
        one, two = sorted(loops.numbers(), key=lambda participant: loops.numbers()[participant])

        def watch() -> Watch:
            return Watch({"server": server.pid, "browser": chromium_pid()})

        for participant in (one, two, one):
            await viewer.view([(participant, loops.source)], TILE)
            slot = await viewer.slot_of(participant)
            what = f"ms between sound and picture of {loops.numbers()[participant]}"
            await fed(what, lambda slot=slot: listen(viewer, slot), lambda sync: sync.good, LISTENINGS, watch)
