"""Whether hospitals see and hear each other: the time code read from pixels, the tone from sound."""

from __future__ import annotations

import pytest

from e2e.stage import Sign, Stage

pytestmark = pytest.mark.e2e

BOT = Sign(number=1, hz=500)
XIXIA = Sign(number=11, hz=800)
LUOYANG = Sign(number=12, hz=1100)


async def test_the_smallest_call_is_seen_and_heard(stage: Stage) -> None:
    """A hospital and a bot see and hear each other: also what runs where the network is nothing but loopback."""
    bot = await stage.bot("bot", BOT)
    xixia = await stage.site("xixia", XIXIA)
    await xixia.join()
    tile = await xixia.wait_live(bot.id)
    await stage.sees(xixia, tile, BOT)
    await stage.hears(xixia, tile, BOT)
    await stage.bot_gets(bot, await bot.participant_of("xixia"), XIXIA)


async def test_everybody_sees_and_hears_everybody(stage: Stage) -> None:
    """Two hospitals and a bot publish, a third hospital only watches: each reads the others' codes and hears their tones."""
    bot = await stage.bot("bot", BOT)
    xixia = await stage.site("xixia", XIXIA)
    luoyang = await stage.site("luoyang", LUOYANG)
    zhengzhou = await stage.site("zhengzhou", None)
    for site in (xixia, luoyang, zhengzhou):
        await site.join()
    publishers = {
        bot.id: BOT,
        await bot.participant_of("xixia"): XIXIA,
        await bot.participant_of("luoyang"): LUOYANG,
    }
    for viewer, own in ((xixia, XIXIA), (luoyang, LUOYANG), (zhengzhou, None)):
        for participant, sign in publishers.items():
            if sign != own:
                tile = await viewer.wait_live(participant)
                await stage.sees(viewer, tile, sign)
                await stage.hears(viewer, tile, sign)
    for participant, sign in publishers.items():
        if sign != BOT:
            await stage.bot_gets(bot, participant, sign)


async def test_a_site_leaves_and_comes_back(stage: Stage) -> None:
    """Whoever leaves is gone from the others' screens, and on the air again once back by the same link."""
    bot = await stage.bot("bot", BOT)
    zhengzhou = await stage.site("zhengzhou", None)
    await zhengzhou.join()
    xixia = await stage.site("xixia", XIXIA)
    await xixia.join()
    first = await bot.participant_of("xixia")
    await stage.sees(zhengzhou, await zhengzhou.wait_live(first), XIXIA)
    await xixia.leave()
    await zhengzhou.wait_gone(first)
    await stage.sees(zhengzhou, await zhengzhou.wait_live(bot.id), BOT)
    await xixia.visit()
    await xixia.join()
    second = await bot.participant_of("xixia")
    assert second != first, "a member who left has come back as the same participant"
    await stage.sees(zhengzhou, await zhengzhou.wait_live(second), XIXIA)
    await stage.sees(xixia, await xixia.wait_live(bot.id), BOT)
