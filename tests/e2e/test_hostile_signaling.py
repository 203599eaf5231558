"""Whether the socket stands what is thrown at it: each blow has its error, and the others' media goes on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from e2e.server import ROOM, Server
from e2e.site import PATIENCE_S
from e2e.stage import Bot, Sign
from telepresence.auth import Authority, load_secret
from telepresence.bots.link import parse_link
from telepresence.signaling.messages import Role

pytestmark = pytest.mark.e2e

FRAMES = 15
FIRST_FRAME_BYTES = 8_192
"""What a first message may take. Source: security.md, "The door"."""

Said = list[dict[str, object]]


@pytest.fixture
async def talk(server: Server) -> AsyncIterator[tuple[Bot, Bot]]:
    """Two bots that see each other."""
    alice = Bot("alice", server.link("alice"), Sign(number=1, hz=500))
    bob = Bot("bob", server.link("bob"), Sign(number=2, hz=700))
    for bot in (alice, bob):
        await bot.start()
    yield alice, bob
    for bot in (alice, bob):
        await bot.close()


async def say(server: Server, *frames: str | bytes, until: str = "closed") -> Said:
    """Opens a socket, sends the frames, and returns what the server said, up to the first message of type `until`.

    How it closed is a message of type `closed`. A server that does neither in time has failed: silence is no answer.
    """
    said: Said = []
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{server.origin}/ws", origin=server.origin) as socket:
        for frame in frames:
            await (socket.send_bytes(frame) if isinstance(frame, bytes) else socket.send_str(frame))
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not said or said[-1]["type"] not in {until, "closed"}:
                    said.append(heard(await socket.receive(), socket.close_code))
        except TimeoutError:
            raise AssertionError(f"no {until} within {PATIENCE_S:g} s after {said}") from None
    return said


def heard(message: aiohttp.WSMessage, close_code: int | None) -> dict[str, object]:
    """What came on the socket, as a message."""
    if message.type is aiohttp.WSMsgType.TEXT:
        return json.loads(message.data)
    return {"type": "closed", "code": close_code}


def errors(said: Said) -> list[object]:
    """Codes of the errors among what was said."""
    return [message["code"] for message in said if message["type"] == "error"]


def join_frame(token: str) -> str:
    """A join with this token, that wants no media."""
    return json.dumps({"type": "join", "request": 1, "versions": [1], "token": token, "slots": 0})


async def assert_goes_on(alice: Bot, bob: Bot) -> None:
    """Both still see each other."""
    await alice.wait_frames(bob.id, FRAMES)
    await bob.wait_frames(alice.id, FRAMES)


@pytest.mark.parametrize(
    ("code", "frame"),
    [
        ("malformed", "{"),
        ("malformed", "[]"),
        ("not-joined", '{"type":"leave","request":1}'),
        ("not-joined", '{"type":"mute","request":1,"mid":"0","muted":true}'),
        ("unknown-message", '{"type":"self-destruct","request":1}'),
        ("too-large", json.dumps({"type": "join", "request": 1, "padding": "x" * FIRST_FRAME_BYTES})),
    ],
    ids=["no-json", "no-object", "leave-first", "mute-first", "unknown", "oversized"],
)
async def test_a_strangers_frame_is_refused_in_words(
    server: Server, talk: tuple[Bot, Bot], code: str, frame: str
) -> None:
    """What no page would send gets the error that says so, and nobody in the room notices."""
    assert code in errors(await say(server, frame))
    await assert_goes_on(*talk)


async def test_a_binary_frame_ends_the_socket(server: Server, talk: tuple[Bot, Bot]) -> None:
    """Nothing that is not text has a meaning here, so there is nobody to explain it to."""
    assert await say(server, b"\x00\xff") == [{"type": "closed", "code": aiohttp.WSCloseCode.UNSUPPORTED_DATA}]
    await assert_goes_on(*talk)


async def test_an_oversized_frame_of_a_member_is_refused(server: Server, talk: tuple[Bot, Bot]) -> None:
    """A member may say more than a stranger, and not without bounds."""
    token = parse_link(server.link("mallory")).token
    oversized = json.dumps({"type": "leave", "request": 2, "padding": "x" * 100_000})
    assert "too-large" in errors(await say(server, join_frame(token), oversized, until="error"))
    await assert_goes_on(*talk)


async def test_an_expired_token_is_refused(server: Server, talk: tuple[Bot, Bot]) -> None:
    """A link whose time is over does not open the door."""
    token = server.token("mallory", valid_s=-1)
    assert errors(await say(server, join_frame(token))) == ["token-expired"]
    await assert_goes_on(*talk)


async def test_a_foreign_token_is_refused(
    server: Server, talk: tuple[Bot, Bot], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A link of another server does not open the door, even if it names the same room."""
    foreign = Authority(load_secret(tmp_path_factory.mktemp("another-server")), time.time)
    token = foreign.issue(room=ROOM, site="mallory", name="Mallory", role=Role.MEMBER, valid_s=60)
    assert errors(await say(server, join_frame(token))) == ["token-invalid"]
    await assert_goes_on(*talk)


async def test_a_token_for_no_room_is_refused(server: Server, talk: tuple[Bot, Bot]) -> None:
    """A link to a room that there is none of does not make one."""
    token = server.token("mallory", room="nowhere")
    assert errors(await say(server, join_frame(token))) == ["room-unknown"]
    await assert_goes_on(*talk)


async def test_another_origin_is_turned_away(server: Server, talk: tuple[Bot, Bot]) -> None:
    """A page of somebody else's cannot open the socket in a visitor's name."""
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{server.origin}/ws", origin="https://elsewhere.example")
    assert refused.value.status == 403
    await assert_goes_on(*talk)
