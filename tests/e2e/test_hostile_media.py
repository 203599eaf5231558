"""Whether the media port stands what is thrown at it: each blow has its counter, and the others' media goes on."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from e2e import hostile
from e2e.hostile import Insider, Stranger
from e2e.load import Tries, Watch, fed
from e2e.server import Server
from e2e.site import PATIENCE_S, eventually
from e2e.stage import LEAST_FPS, Bot, Sign
from telepresence.bots.link import parse_link
from telepresence.bots.session import Session, join
from telepresence.signaling.messages import Connection, ConnectionState, Direction, Kind, Publish, Published, TrackOffer

pytestmark = pytest.mark.e2e

ALICE = Sign(number=1, hz=500)
BOB = Sign(number=2, hz=700)
FRAMES = 15
"""Half a second of a chart: enough to say that media goes on."""

FLOOD = Path(__file__).parent / "flood.py"
FLOOD_RATE = 100_000
FLOOD_S = 3.0
LEAST_REFUSED = 50_000
"""Under it there was no flood worth the name: sender, server and two bots share two cores."""


@dataclass(frozen=True)
class Flooded:
    """`refused_a_s` datagrams were counted as drops; of the call `lost` packets never came to the server."""

    refused_a_s: float
    lost: int
    fps: float

    @property
    def good(self) -> bool:
        """It was a flood, and the call did not notice."""
        return self.refused_a_s >= LEAST_REFUSED and self.lost == 0 and self.fps >= LEAST_FPS


@pytest.fixture
async def talk(server: Server) -> AsyncIterator[tuple[Bot, Bot]]:
    """Two bots that see each other."""
    alice, bob = (Bot(name, server.link(name), sign) for name, sign in (("alice", ALICE), ("bob", BOB)))
    for bot in (alice, bob):
        await bot.start()
    for bot, other in ((alice, bob), (bob, alice)):
        await bot.wait_frames(other.id, FRAMES)
    yield alice, bob
    for bot in (alice, bob):
        await bot.close()


async def assert_counted(server: Server, reason: str, blow: Callable[[], Awaitable[None] | None]) -> None:
    """Strikes, and waits until the drop's counter has risen."""
    before = server.drops().get(reason, 0)
    struck = blow()
    if struck is not None:
        await struck

    async def count() -> int:
        return server.drops().get(reason, 0)

    await eventually(f"drops counted as {reason}", count, lambda value: value > before, PATIENCE_S)


async def assert_goes_on(alice: Bot, bob: Bot) -> None:
    """Both still see each other."""
    await alice.wait_frames(bob.id, FRAMES)
    await bob.wait_frames(alice.id, FRAMES)


def up_of(bot: Bot) -> RTCPeerConnection:
    """The connection on which the bot publishes."""
    connection = bot.participant.media.up
    assert connection is not None
    return connection


@pytest.mark.parametrize(
    ("reason", "datagram"),
    [
        ("unknown-protocol", hostile.garbage()),
        ("stun-malformed", hostile.truncated_stun()),
        ("stun-not-request", hostile.stun_indication()),
        ("stun-unknown-user", hostile.stun_request("nobody:here", "guessed-password-of-22")),
        ("unknown-address", hostile.dtls_record()),
        ("unknown-address", hostile.rtp(ssrc=1)),
        ("unknown-address", hostile.truncated_rtp()),
    ],
)
async def test_a_strangers_datagram_is_counted_and_not_answered(
    server: Server, talk: tuple[Bot, Bot], reason: str, datagram: bytes
) -> None:
    """Whoever has no link gets no answer out of the port, whatever he sends, and nobody in the room notices."""
    stranger = Stranger(server.media_port)
    await assert_counted(server, reason, lambda: stranger.send(datagram))
    await assert_goes_on(*talk)
    assert stranger.answers() == 0
    stranger.close()


async def test_a_request_with_a_wrong_password_is_counted_and_not_answered(
    server: Server, talk: tuple[Bot, Bot]
) -> None:
    """A stranger who has overheard the user fragment, and not the password, learns nothing."""
    ufrag, _ = hostile.ice_of(up_of(talk[0]).remoteDescription.sdp)
    stranger = Stranger(server.media_port)
    request = hostile.stun_request(f"{ufrag}:his", "not-the-password-of-alice")
    await assert_counted(server, "stun-integrity", lambda: stranger.send(request))
    await assert_goes_on(*talk)
    assert stranger.answers() == 0
    stranger.close()


async def test_a_replayed_request_is_counted_and_moves_nothing(server: Server, talk: tuple[Bot, Bot]) -> None:
    """A stranger who replays a participant's own request from elsewhere does not get the participant's media."""
    up = up_of(talk[0])
    theirs, pwd = hostile.ice_of(up.remoteDescription.sdp)
    ours, _ = hostile.ice_of(up.localDescription.sdp)
    request = hostile.stun_request(f"{theirs}:{ours}", pwd)
    await Insider(up).send(request)
    stranger = Stranger(server.media_port)
    await assert_counted(server, "stun-replayed", lambda: stranger.send(request))
    await assert_goes_on(*talk)
    assert stranger.answers() == 0
    stranger.close()


@pytest.mark.parametrize(
    ("reason", "datagram"),
    [
        ("rtp-malformed", hostile.truncated_rtp()),
        ("rtcp-malformed", hostile.truncated_rtcp()),
        ("dtls-malformed", hostile.dtls_record()),
        ("dtls-malformed", hostile.dtls_nonsense()),
    ],
)
async def test_an_insiders_broken_packet_is_counted(
    server: Server, talk: tuple[Bot, Bot], reason: str, datagram: bytes
) -> None:
    """A participant's own address is trusted for nothing: what is broken is counted, and his own media goes on too."""
    insider = Insider(up_of(talk[0]))
    await assert_counted(server, reason, lambda: insider.send(datagram))
    await assert_goes_on(*talk)


async def test_a_replayed_packet_is_counted(server: Server, talk: tuple[Bot, Bot]) -> None:
    """An SRTP packet that was sent once more is seen once."""
    insider = Insider(up_of(talk[0]))
    packet = await insider.media_packet()
    await assert_counted(server, "srtp-replayed", lambda: insider.send(packet))
    await assert_goes_on(*talk)


async def test_a_packet_under_a_wrong_key_is_counted(server: Server, talk: tuple[Bot, Bot]) -> None:
    """A packet that somebody else sealed is not shown to anybody, although address and header are right."""
    insider = Insider(up_of(talk[0]))
    forged = hostile.wrong_key(await insider.media_packet())
    await assert_counted(server, "srtp-authentication", lambda: insider.send(forged))
    await assert_goes_on(*talk)


async def flooded(server: Server, alice: Bot, bob: Bot) -> Flooded:
    """A call beside a flood: how much garbage was refused, what of the call was lost, and how many pictures came."""
    before, frames, began = server.snapshot(), alice.frames(bob.id), time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, FLOOD, str(server.media_port), str(FLOOD_RATE), str(FLOOD_S), stdout=asyncio.subprocess.PIPE
    )
    await process.communicate()
    after, took = server.snapshot(), time.monotonic() - began
    return Flooded(
        refused_a_s=(sum(after["drops"].values()) - sum(before["drops"].values())) / took,
        lost=sum(track["lost"] for track in after["tracks"]) - sum(track["lost"] for track in before["tracks"]),
        fps=(alice.frames(bob.id) - frames) / took,
    )


async def test_a_call_beside_a_flood_of_garbage_loses_nothing(server: Server, talk: tuple[Bot, Bot]) -> None:
    """100,000 datagrams a second from nobody, each counted: the call's packets all arrive, and its pictures come as before."""

    def watch() -> Watch:
        return Watch({"server": server.pid})

    what = "a call beside a flood"
    await fed(what, lambda: flooded(server, *talk), lambda found: found.good, Tries(enough=1, most=4), watch)
    await assert_goes_on(*talk)


async def test_a_wrong_fingerprint_never_connects(server: Server, talk: tuple[Bot, Bot]) -> None:
    """Whoever shows another certificate than he announced is told so, and not one packet of his is forwarded."""
    link = parse_link(server.link("mallory"))
    heard: asyncio.Queue[Connection] = asyncio.Queue()
    async with await Session.open(link) as session:
        listening = asyncio.create_task(
            session.listen(lambda message: heard.put_nowait(message) if isinstance(message, Connection) else None)
        )
        await join(session, link, slots=0, resume=None)
        connection = RTCPeerConnection()
        transceiver = connection.addTransceiver(AudioStreamTrack(), direction="sendonly")
        await connection.setLocalDescription(await connection.createOffer())
        answer = await session.request(
            Publish(
                request=session.next_request(),
                sdp=hostile.with_wrong_fingerprint(connection.localDescription.sdp),
                tracks=(TrackOffer(mid=transceiver.mid or "0", kind=Kind.AUDIO, source="microphone"),),
            )
        )
        assert isinstance(answer, Published)
        await connection.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        async with asyncio.timeout(PATIENCE_S):
            verdict = await heard.get()
        assert (verdict.direction, verdict.state) == (Direction.UP, ConnectionState.FAILED)
        assert "fingerprint" in verdict.reason.lower()
        await connection.close()
        listening.cancel()
    await assert_goes_on(*talk)
