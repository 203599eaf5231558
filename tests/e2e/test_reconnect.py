"""What a hospital notices of a lost socket: that nothing happens to the call. And of lost media: that it comes back."""

from __future__ import annotations

import asyncio
import math
import time

import pytest
from playwright.async_api import expect

from e2e.load import Tries, fed
from e2e.proxy import Proxy
from e2e.site import LIVE, PATIENCE_S, Site, eventually
from e2e.stage import Bot, Sign, Stage
from e2e.wire import Address, Wire
from telepresence.signaling.messages import Presence

pytestmark = pytest.mark.e2e

BOT = Sign(number=1, hz=500)
XIXIA = Sign(number=11, hz=800)
A_SECOND_OF_FRAMES = 25

NOTICED_S = 60.0
"""Both sides take their time to give a silent connection up: Chromium some 20 s, the engine 30 s."""

MEND_WITHIN_S = 15.0
"""A seat is kept for 30 s, and a page that was cut off so long ago tries again within a second: after that, 15 s later."""

BOTH = len(("up", "down"))
CUTS = Tries(enough=1, most=3)


async def wait_presence(bot: Bot, participant: str, presence: Presence) -> None:
    """Waits until the bot was told that the participant is away, or here again."""

    async def told() -> Presence:
        return bot.participant.members[participant].presence

    await eventually("presence", told, lambda value: value is presence, PATIENCE_S)


async def wait_more_frames(site: Site, participant: str) -> None:
    """Waits until the tile's picture has had a second's frames more."""
    tile = site.tile(participant)
    goal = await site.frames(tile) + A_SECOND_OF_FRAMES
    await eventually("frames", lambda: site.frames(tile), lambda frames: frames >= goal, PATIENCE_S)


async def mark_stream(site: Site, participant: str) -> None:
    """Marks the stream that the tile plays. Ids would not do: another connection has the same ones."""
    await site.tile(participant).evaluate("(tile) => { probe.videoOf(tile).srcObject.isMarked = true; }")


async def plays_marked(site: Site, participant: str) -> bool:
    """Does the tile still play the stream that was marked? Another one means another peer connection."""
    return await site.tile(participant).evaluate("(tile) => probe.videoOf(tile)?.srcObject?.isMarked === true")


async def cut(proxy: Proxy, bot: Bot, xixia: Site) -> float:
    """Cuts the page's wire and watches media go on: the seconds that took, or infinity, and then all is mended again."""
    participant = await bot.participant_of("xixia")
    await bot.wait_frames(participant, A_SECOND_OF_FRAMES)
    await mark_stream(xixia, bot.id)
    proxy.cut()
    began = time.monotonic()
    try:
        async with asyncio.timeout(MEND_WITHIN_S):
            await xixia.wait_state("reconnecting")
            await wait_presence(bot, participant, Presence.AWAY)
            await wait_more_frames(xixia, bot.id)
            await bot.wait_frames(participant, A_SECOND_OF_FRAMES)
    except TimeoutError:
        proxy.mend()
        await xixia.wait_state("joined")
        await xixia.wait_live(bot.id)
        return math.inf
    return time.monotonic() - began


async def test_a_cut_socket_resumes_and_media_goes_on_meanwhile(proxied: tuple[Stage, Proxy]) -> None:
    """The wire to the server is cut for good, both directions of media go on, and the seat is taken again."""
    stage, proxy = proxied
    bot = await stage.bot("bot", BOT)
    xixia = await stage.site("xixia", XIXIA)
    await xixia.join()
    await xixia.wait_live(bot.id)
    what = "seconds from the cut until both directions had gone on"
    await fed(what, lambda: cut(proxy, bot, xixia), lambda took: took < MEND_WITHIN_S, CUTS, stage.watch)
    participant = await bot.participant_of("xixia")
    accepted = proxy.accepted

    proxy.mend()
    await xixia.wait_state("joined")
    await wait_presence(bot, participant, Presence.HERE)
    await wait_more_frames(xixia, bot.id)
    await bot.wait_frames(participant, A_SECOND_OF_FRAMES)
    assert proxy.accepted > accepted
    assert await plays_marked(xixia, bot.id), "media was opened anew"
    assert await bot.participant_of("xixia") == participant


async def test_a_reloaded_page_is_the_same_participant(stage: Stage) -> None:
    """A nervous hand reloads the page: the others keep one tile of that hospital, and it is live again."""
    bot = await stage.bot("bot", BOT)
    xixia = await stage.site("xixia", XIXIA)
    await xixia.join()
    participant = await bot.participant_of("xixia")
    await bot.wait_frames(participant, A_SECOND_OF_FRAMES)
    await xixia.reload()
    await xixia.wait_live(bot.id)
    await bot.wait_frames(participant, A_SECOND_OF_FRAMES)
    of_xixia = [member for member in bot.participant.members.values() if member.site == "xixia"]
    assert [member.participant for member in of_xixia] == [participant]


async def test_media_that_a_firewall_swallows_comes_back_by_itself(wired: tuple[Stage, Wire]) -> None:
    """Nothing of a hospital's media passes any more, its socket stays: by an ICE restart it finds a new way, on the same connections.

    The others lose nothing. What a bot does that lost its media has tests of its own, and takes 15 s longer.
    """
    stage, wire = wired
    bot = await stage.bot("bot", BOT)

    async def flows() -> set[Address]:
        return wire.flows()

    of_bot = await eventually("up and down of the bot", flows, lambda flows: len(flows) >= BOTH, PATIENCE_S)
    xixia = await stage.site("xixia", XIXIA)
    await xixia.join()
    await stage.sees(xixia, await xixia.wait_live(bot.id), BOT)
    participant = await bot.participant_of("xixia")
    await bot.wait_frames(participant, A_SECOND_OF_FRAMES)
    await mark_stream(xixia, bot.id)

    of_xixia = wire.flows() - of_bot
    assert len(of_xixia) >= BOTH
    wire.forget(of_xixia)
    await expect(xixia.tile(bot.id)).not_to_have_attribute("state", LIVE, timeout=PATIENCE_S * 1000)
    before = bot.frames(participant)

    async def frames_of_xixia() -> int:
        return bot.frames(participant)

    await eventually("frames of xixia", frames_of_xixia, lambda frames: frames > before, NOTICED_S)
    await stage.sees(xixia, await xixia.wait_live(bot.id), BOT)
    assert await plays_marked(xixia, bot.id), "the stream is the one that there was"
    assert len(wire.flows() - of_bot - of_xixia) >= BOTH, "it goes another way"
    await stage.hears(xixia, xixia.tile(bot.id), BOT)
    await stage.bot_gets(bot, participant, XIXIA)
