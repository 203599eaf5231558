"""The asyncio face: commands in order, events in the loop, and a full queue is no loss."""

import asyncio
import json
import os

import msgspec
import pytest

from telepresence.engine import face
from telepresence.engine.commands import Close, Connected, Event, Open
from telepresence.engine.face import EngineError, NativeEngine
from telepresence.signaling.messages import Direction


class Native:
    """What the compiled module is to Python, with a queue that can be full."""

    port = 40_001
    fingerprint = "AB"

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_NONBLOCK)
        self.queue: list[bytes] = []
        self.room = 10
        self.events: list[bytes] = []
        self.refused: dict[bytes, Exception] = {}
        self.closed = 0
        self.full = asyncio.Event()

    def submit(self, command: bytes) -> None:
        """Takes a command while there is room."""
        if len(self.queue) >= self.room:
            raise BlockingIOError
        if command in self.refused:
            raise self.refused[command]
        self.queue.append(command)
        if len(self.queue) == 5:
            self.full.set()

    def event_fd(self) -> int:
        """The eventfd."""
        return self.fd

    def drain(self) -> list[bytes]:
        """Takes what waits."""
        os.eventfd_read(self.fd)
        events, self.events = self.events, []
        return events

    def snapshot(self) -> bytes:
        """Nothing to count."""
        return b"{}"

    def close(self) -> None:
        """Counts."""
        self.closed += 1


async def test_an_event_wakes_the_loop_and_arrives_as_a_value() -> None:
    """The eventfd is written, the listener hears both events in order."""
    native = Native()
    engine = NativeEngine(native)  # pyright: ignore[reportArgumentType]
    heard: list[Event] = []
    done = asyncio.Event()

    def listen(event: Event) -> None:
        heard.append(event)
        if len(heard) == 2:
            done.set()

    engine.listen(listen)
    native.events += [b'{"type":"connected","conn":1}', b'{"type":"connected","conn":2}']
    os.eventfd_write(native.fd, 1)
    await asyncio.wait_for(done.wait(), 5)
    assert heard == [Connected(conn=1), Connected(conn=2)]
    engine.close()
    engine.close()
    assert native.closed == 1


async def test_commands_that_find_the_queue_full_follow_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five commands, room for two at first: none is lost, none overtakes."""
    monkeypatch.setattr(face, "RETRY_S", 0)
    native = Native()
    native.room = 2
    engine = NativeEngine(native)  # pyright: ignore[reportArgumentType]
    for conn in range(5):
        engine.submit(Close(conn=conn))
    assert len(native.queue) == 2
    native.room = 10
    await asyncio.wait_for(native.full.wait(), 5)
    assert [json.loads(command)["conn"] for command in native.queue] == [0, 1, 2, 3, 4]


async def test_a_command_that_the_engine_does_not_take_holds_up_none_behind_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two of seven raise, with the queue empty at first and full when the second one's turn comes."""
    monkeypatch.setattr(face, "RETRY_S", 0)
    native = Native()
    commands = [Open(conn=conn, direction=Direction.UP, ufrag="u", pwd="hidden") for conn in range(7)]
    wire = [msgspec.json.encode(command) for command in commands]
    native.refused = {wire[0]: ValueError("malformed command"), wire[3]: RuntimeError("the engine was closed")}
    native.room = 2
    engine = NativeEngine(native)  # pyright: ignore[reportArgumentType]
    for command in commands:
        engine.submit(command)
    assert native.queue == wire[1:3]
    native.room = 10
    await asyncio.wait_for(native.full.wait(), 5)
    assert native.queue == wire[1:3] + wire[4:]
    written = "".join(capsys.readouterr())
    assert written.count("engine.submit") == 2
    assert "malformed command" in written
    assert "hidden" not in written


def test_an_installation_without_the_engine_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence with the command."""
    monkeypatch.setitem(__import__("sys").modules, "telepresence.engine._native", None)
    with pytest.raises(EngineError, match="make engine"):
        face.open_native("127.0.0.1", 0)
