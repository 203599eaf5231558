"""The demo's bot: kept on the air, and taken off it."""

import asyncio
import itertools
import sys
from pathlib import Path

import pytest

from stage import START, Stage
from telepresence import demo


def test_every_link_of_the_demo_leads_to_a_room_that_is_there() -> None:
    """Four hospitals in the consultation, one of which waits; presenter, moderator and audience in the broadcast; two bots."""
    stage = Stage()
    for entry in (*demo.LINKS, *(bot.link for bot in demo.BOTS)):
        url = entry.url("http://localhost:8080", stage.authority)
        claims = stage.authority.verify(url.split("#t=")[1])
        room = stage.directory.find(claims.room)
        assert room
        assert claims.exp > START


def test_the_organisers_link_leads_to_the_start_page() -> None:
    """And into no room."""
    stage = Stage()
    url = demo.start_page("http://localhost:8080", stage.authority)
    assert url.startswith("http://localhost:8080/#t=")
    assert stage.authority.verify(url.split("#t=")[1]).room == "*"


def test_a_room_of_the_demo_that_is_in_the_settings_stays_as_it_is() -> None:
    """The other one is made; and a link is an address whatever the room is called."""
    stage = Stage()
    demo.create_rooms(stage.directory)
    room = stage.directory.find("demo")
    assert room
    assert room.title == "Consultation"
    assert demo.link("http://x", "a/b c", "t") == "http://x/room/a%2Fb%20c#t=t"


BOT = """#!{python}
import os, socket, sys
port = int(sys.argv[sys.argv.index("--url") + 1].rpartition(":")[2])
wire = socket.create_connection(("127.0.0.1", port))
wire.sendall((" ".join(sys.argv[1:]) + "\\t" + os.environ["TELEPRESENCE_BOT_TOKEN"] + "\\n").encode())
wire.recv(1)
"""
"""A program that reports how it was started, and ends when it is told."""


async def test_a_bot_that_dies_is_started_again_and_ended_with_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its token comes by the environment alone, a fresh one each run; at the third start it lives until the server stops."""
    reports: asyncio.Queue[tuple[str, asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def report(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reports.put(((await reader.readline()).decode(), reader, writer))

    program = tmp_path / "bot"
    program.write_text(BOT.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(demo, "BACK_OFF_S", (0.0,))
    async with await asyncio.start_server(report, "127.0.0.1", 0) as server, asyncio.timeout(20):
        url = f"http://localhost:{server.sockets[0].getsockname()[1]}"
        tokens = itertools.count(1)
        task = asyncio.create_task(demo.keep_bot(url, ("--clip", "--chart"), lambda: f"token-{next(tokens)}"))
        for run in (1, 2):
            line, _, writer = await reports.get()
            assert (
                line
                == f"-m telepresence bot publish --url {url} --token-env {demo.TOKEN_VARIABLE} --clip --chart\ttoken-{run}\n"
            )
            writer.close()
        _, third, writer = await reports.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await third.read() == b""
        writer.close()
