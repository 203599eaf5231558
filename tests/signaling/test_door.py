"""Who may open a socket, and how many."""

import asyncio
import re

import pytest

from stage import REPOSITORY
from telepresence.signaling.door import (
    MAX_WAITING,
    PATIENCE_S,
    Door,
    DoorError,
    client_address,
    is_own_origin,
    queue_limit,
)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("198.51.100.9", "203.0.113.1", [], "198.51.100.9"),
        ("10.0.0.2", "203.0.113.1", ["10.0.0.0/24"], "203.0.113.1"),
        ("10.0.0.2", "6.6.6.6, 203.0.113.1, 10.0.0.3", ["10.0.0.0/24"], "203.0.113.1"),
        ("10.0.0.2", "", ["10.0.0.0/24"], "10.0.0.2"),
        ("10.0.0.2", "rubbish", ["10.0.0.0/24"], "rubbish"),
    ],
)
def test_the_address_is_the_nearest_that_is_no_trusted_proxy(
    peer: str, forwarded: str, trusted: list[str], expected: str
) -> None:
    """What a client writes into the header itself is never believed."""
    assert client_address(peer, forwarded, trusted) == expected


@pytest.mark.parametrize(
    ("origin", "public", "is_ours"),
    [
        (None, "https://meet.example", True),
        ("https://meet.example", "https://meet.example", True),
        ("https://meet.example.evil", "https://meet.example", False),
        ("http://meet.example", "https://meet.example", False),
        ("http://127.0.0.1:8080", "http://localhost:8080", True),
        ("http://localhost:9090", "http://localhost:8080", False),
        ("https://meet.example", "https://meet.example:443", True),
        ("https://meet.example:443", "https://meet.example", True),
        ("https://meet.example", "https://meet.example:8443", False),
        ("http://meet.example:443", "https://meet.example", False),
        ("", "https://meet.example", False),
        ("null", "http://localhost:8080", False),
        ("http://a:b:c", "http://localhost:8080", False),
    ],
)
def test_only_pages_of_the_server_itself_may_connect(origin: str | None, public: str, is_ours: bool) -> None:
    """Other programs name no origin; a browser always does."""
    assert is_own_origin(origin, public) is is_ours


async def test_one_socket_too_many_waits_until_another_is_done() -> None:
    """Nobody is refused, and another address does not wait at all."""
    door = Door(2, MAX_WAITING)
    first, _ = await door.enter("a"), await door.enter("a")
    third = asyncio.ensure_future(door.enter("a"))
    await door.enter("b")
    assert not third.done()
    first.give_back()
    first.give_back()
    await third
    fourth = asyncio.ensure_future(door.enter("a"))
    (await third).give_back()
    await fourth


async def test_who_goes_away_while_waiting_takes_no_place() -> None:
    """The place goes to the next one."""
    door = Door(1, MAX_WAITING)
    first = await door.enter("a")
    second, third = asyncio.ensure_future(door.enter("a")), asyncio.ensure_future(door.enter("a"))
    await door.enter("b")
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    first.give_back()
    (await third).give_back()
    assert not door._open or set(door._open) == {"b"}


async def test_those_whose_peer_is_gone_hold_up_nobody_behind_them() -> None:
    """A hundred went away in the queue: the honest one behind them is next, and they are told at the next sweep."""
    door = Door(1, MAX_WAITING)
    first = await door.enter("a")
    gone = [asyncio.ensure_future(door.enter("a", lambda: True)) for _ in range(100)]
    honest = asyncio.ensure_future(door.enter("a"))
    await asyncio.ensure_future(door.enter("b"))
    first.give_back()
    (await honest).give_back()
    assert {type(error) for error in await asyncio.gather(*gone, return_exceptions=True)} == {DoorError}
    last = await door.enter("a")
    waiting = asyncio.ensure_future(door.enter("a", lambda: True))
    await asyncio.ensure_future(door.enter("c"))
    door.sweep()
    with pytest.raises(DoorError):
        await waiting
    last.give_back()
    assert not door._waiting
    assert set(door._open) == {"b", "c"}


async def test_no_more_than_so_many_of_one_address_wait() -> None:
    """The next is told at once; another address is served; one that goes away makes room."""
    door = Door(1, MAX_WAITING)
    await door.enter("a")
    here = [True] * MAX_WAITING
    waiting = [
        asyncio.ensure_future(door.enter("a", lambda number=number: not here[number])) for number in range(MAX_WAITING)
    ]
    await asyncio.ensure_future(door.enter("b"))
    with pytest.raises(DoorError):
        await door.enter("a")
    here[7] = False
    late = asyncio.ensure_future(door.enter("a"))
    await asyncio.ensure_future(door.enter("c"))
    with pytest.raises(DoorError):
        await waiting[7]
    assert not late.done()
    for task in (late, *waiting):
        task.cancel()
    await asyncio.gather(late, *waiting, return_exceptions=True)
    assert not door._waiting


async def test_who_is_dropped_and_cancelled_at_once_gives_back_no_place() -> None:
    """It never had one."""
    door = Door(1, MAX_WAITING)
    await door.enter("a")
    task = asyncio.ensure_future(door.enter("a", lambda: True))
    await asyncio.ensure_future(door.enter("b"))
    door.sweep()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert door._open["a"] == 1


@pytest.mark.parametrize(
    ("sockets", "silence_s", "expected"),
    [(50, 5.25, 200), (50, 10.25, 100), (3, 5.25, 12), (1, 0.01, MAX_WAITING), (50, 20.25, 50), (50, 30.25, 0)],
)
def test_as_many_may_wait_as_get_in_in_time(sockets: int, silence_s: float, expected: int) -> None:
    """Even if nobody in front of them ever joins; by default each place is free after 5 s and a tick."""
    assert queue_limit(sockets, silence_s) == expected


def test_the_page_waits_longer_than_the_door_lets_it() -> None:
    """One that gave up before its turn would begin again at the end of the queue."""
    page = (REPOSITORY / "web_client" / "src" / "session" / "socket.ts").read_text()
    found = re.search(r"OPEN_TIMEOUT_MS = ([\d_]+);", page)
    assert found
    assert int(found[1]) > PATIENCE_S * 1000
