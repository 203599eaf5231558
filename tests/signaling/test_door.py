"""Who may open a socket, and how many."""

import asyncio

import pytest

from telepresence.signaling.door import Door, client_address, is_own_origin


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
    door = Door(2)
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
    door = Door(1)
    first = await door.enter("a")
    second, third = asyncio.ensure_future(door.enter("a")), asyncio.ensure_future(door.enter("a"))
    await door.enter("b")
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    first.give_back()
    (await third).give_back()
    assert not door._open or set(door._open) == {"b"}
