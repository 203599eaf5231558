"""What a room does with a bot: lets it wait, sends it away, asks it onto the stage and back."""

import asyncio

import pytest

from bots.conftest import on_air
from bots.small_server import PATIENCE_S, SmallServer
from bots.test_bot_participant import Waiting, frames, small_chart
from telepresence.bots.participant import Participant
from telepresence.signaling.messages import ClosingReason, Role


async def test_who_must_wait_is_let_in_and_publishes(server: SmallServer) -> None:
    """However long it takes: the answer to the join comes later than any other answer may. The seat's secret is kept."""
    server.lets_in.clear()
    bot = Participant(server.link, sources=[small_chart(1, 440)])
    running = asyncio.create_task(bot.run())
    async with asyncio.timeout(PATIENCE_S):
        await bot.wait_answered()
        assert (bot.waiting, bot.joined) != (None, None)
        assert bot.waiting is not None
        assert bot.waiting.title == "Ward"
        assert server.guests["p1"].up is None
        await bot.drop_socket()
        await server.until(lambda: len(server.waiting) == 2)
        assert server.waiting == ["p1", "p1"], "it comes back to its place"
        server.lets_in.set()
        joined = await bot.wait_joined()
    assert joined.participant == "p1"
    assert bot.waiting is None
    assert server.guests["p1"].up is not None
    await bot.leave()
    await running


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize(
    ("reason", "words"),
    [(ClosingReason.REMOVED, "was removed from the meeting"), (ClosingReason.ENDED, "The meeting was ended")],
)
async def test_who_is_sent_away_does_not_come_back(
    server: SmallServer, reason: ClosingReason, words: str, *, waits: bool
) -> None:
    """From the meeting as from before its door; it says so in words."""
    if waits:
        server.lets_in.clear()
    bot = Participant(server.link)
    running = asyncio.create_task(bot.run())
    async with asyncio.timeout(PATIENCE_S):
        await bot.wait_answered()
        await server.send_away("p1", reason)
        server.lets_in.set()
        await running
    assert bot.parting is not None
    assert bot.parting.reason is reason
    assert words in bot.trouble
    assert len(server.waiting) + len(server.joins) <= 2


async def test_one_of_the_audience_publishes_on_the_stage_and_only_there(server: SmallServer) -> None:
    """It consents as it was told to; sent back, it goes on watching and is silent; asked again, it is there again."""
    server.role = Role.AUDIENCE
    judge = Waiting()
    bot = Participant(server.link, sources=[small_chart(5, 440)], slots=1, sink=judge, accepts_stage=True)
    async with on_air(bot) as running:
        assert server.guests["p1"].up is None
        server.role = Role.MEMBER
        viewer = Waiting()
        watching = Participant(server.link, sources=[small_chart(1, 660)], slots=2, sink=viewer)
        async with on_air(watching):
            await judge.until(lambda seen: frames(seen) > 5, bot)
            down = bot.media._down
            await server.ask_onto_stage("p1")
            await viewer.until(lambda seen: frames(seen) > 5, watching)
            await server.set_role("p1", Role.AUDIENCE)
            async with asyncio.timeout(PATIENCE_S):
                while bot.media.up is not None:
                    await asyncio.wait({running}, timeout=0.1)
            assert not bot.is_publishing
            so_far = frames({report.source: report for report in judge.sources(bot.members)})
            await judge.until(lambda seen: frames(seen) > so_far + 15, bot)
            await server.ask_onto_stage("p1")
            await server.until(lambda: server.guests["p1"].up is not None)
        assert bot.media._down is down, "what it receives was never touched"
    assert len(server.joins) == 2


async def test_who_was_not_told_to_accept_stays_in_the_audience(server: SmallServer) -> None:
    """It is asked, and nothing happens."""
    server.role = Role.AUDIENCE
    bot = Participant(server.link, sources=[small_chart(5, 440)])
    async with on_air(bot):
        await server.ask_onto_stage("p1")
        await bot.drop_socket()
        await server.until_joins(2)
        assert server.guests["p1"].role is Role.AUDIENCE
        assert bot.media.up is None
