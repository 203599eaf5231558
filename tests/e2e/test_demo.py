"""Whether what `make run` prints leads where it says: a link, one press, live video."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from e2e.load import Tries, Watch, fed
from e2e.server import Demo, site_of
from e2e.site import PATIENCE_S, Site, eventually

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parent.parent.parent
START_S = 5.0
"""The second `make run` starts in less."""

LIVE_MS = 2_000
"""From the press of Join to live video."""

STARTS = Tries(enough=2, most=8)
JOINS = Tries(enough=3, most=10)
"""Tries of which one must be in time: bot, browser and server share two cores with the test."""

AUDIBLE_DBFS = -60.0
SOURCES = ("clip", "chart")


def make_run(folder: Path) -> Demo:
    """The command that the README names, with ports and a data folder of its own."""
    return Demo(["make", "run"], folder, os.environ, ROOT)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`make run`, running."""
    with make_run(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


async def test_the_second_start_takes_seconds(tmp_path: Path) -> None:
    """Everything is built; nothing is built again."""

    async def start() -> float:
        with make_run(tmp_path) as demo:
            return demo.started_in_s

    await fed("seconds until it listens", start, lambda seconds: seconds < START_S, STARTS, lambda: Watch({}))


def test_it_prints_a_link_for_everybody(demo: Demo) -> None:
    """Four hospitals of a consultation, one of which waits; a broadcast's presenter, moderator and audience."""
    assert len(demo.links) == 7


async def press(site: Site) -> float:
    """Joins, and returns the milliseconds from the press to the first frame of another site."""
    await site.join()
    await site.page.wait_for_function(
        "() => performance.getEntriesByName('first-remote-frame').length > 0", timeout=PATIENCE_S * 1000
    )
    pressed, frame = await site.page.evaluate(
        "['join-pressed', 'first-remote-frame'].map((name) => performance.getEntriesByName(name)[0].startTime)"
    )
    return frame - pressed


async def test_one_press_leads_to_live_video(demo: Demo, playwright: Playwright) -> None:
    """The bot's film and chart are on the screen within two seconds of the press, and the film is heard."""
    site = await Site.open(playwright, "first", demo.links[0], None)

    async def join_afresh() -> float:
        async with site.tab():
            return await press(site)

    def watch() -> Watch:
        return Watch({"demo": demo.pid, "browser": site.pid})

    await fed("milliseconds from Join to live video", join_afresh, lambda took: took < LIVE_MS, JOINS, watch)
    await site.join()
    for source in SOURCES:
        await eventually(source, site.live_tile(source).count, bool, PATIENCE_S)
    picture = await site.watch(site.live_tile("chart"), 2.0)
    assert picture.code_fps > 0
    film = site.live_tile("clip")
    await eventually("the film's sound", lambda: site.hear(film), lambda tone: tone.dbfs > AUDIBLE_DBFS, PATIENCE_S)
    await site.close()


async def test_every_link_opens_a_room(demo: Demo, playwright: Playwright) -> None:
    """Each of the printed links lets its bearer in, but for the one that waits to be admitted."""
    for number, link in enumerate(link for link in demo.links if site_of(link) != "zhumadian"):
        site = await Site.open(playwright, f"bearer-{number}", link, None)
        await site.join()
        await site.close()
