"""The keeper: effects after their commit, a slow or broken database, and a stop that loses nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from fake_store import FakeStore
from telepresence.rooms.effects import Effect, Keep, Send
from telepresence.rooms.records import LineRecord, Record
from telepresence.signaling import keeper as keeper_module
from telepresence.signaling import keeping as keeping_module
from telepresence.signaling.keeper import Keeper, NotKeptError
from telepresence.signaling.messages import Done


class Place:
    """A keeper over a fake database, and what it has performed."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.performed: list[Effect] = []
        self.keeper = Keeper(self.store, self.perform)

    def perform(self, effects: Iterable[Effect]) -> None:
        """As the hub does."""
        for effect in effects:
            if isinstance(effect, Send) and effect.session == 0:
                raise ZeroDivisionError
            if not isinstance(effect, Keep):
                self.performed.append(effect)


@asynccontextmanager
async def keeping() -> AsyncIterator[Place]:
    """A keeper that runs."""
    place = Place()
    place.keeper.start()
    yield place
    await place.keeper.stop()


def line(number: int = 1) -> LineRecord:
    """A line of chat."""
    return LineRecord("demo", f"l{number}", "p-1", "xixia", "Xixia", "Hello", 100.0 + number)


def done(number: int) -> Send:
    """Something that is told."""
    return Send(1, Done(re=number))


async def test_what_is_told_comes_after_the_commit() -> None:
    """And at once where nothing is to be kept."""
    async with keeping() as place:
        place.keeper.perform([done(1)])
        assert place.performed == [done(1)]
        place.store.gate.clear()
        waiting = place.keeper.carry_out([Keep(line()), done(2)])
        behind = place.keeper.carry_out([done(3)])
        await place.store.tried(1)
        assert place.performed == [done(1)]
        assert not waiting.done()
        place.store.gate.set()
        await behind
        assert waiting.done()
        assert place.performed == [done(1), done(2), done(3)]
        assert place.store.writes == [[line()]]
        await place.keeper.carry_out([done(4)])


async def test_what_comes_while_it_writes_is_written_together() -> None:
    """A hundred lines take two commits."""
    async with keeping() as place:
        place.store.gate.clear()
        place.keeper.perform([Keep(line(0))])
        await place.store.tried(1)
        waiting = [place.keeper.carry_out([Keep(line(number))]) for number in range(1, 101)]
        place.store.gate.set()
        await asyncio.gather(*waiting)
        assert [len(write) for write in place.store.writes] == [1, 100]


async def test_a_broken_database_is_said_and_tried_again_until_it_takes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits hears NotKeptError; the rest goes on; later all records are there, in one write."""
    monkeypatch.setattr(keeping_module, "BACK_OFF_S", (0.001,))
    async with keeping() as place:
        place.store.is_broken = True
        with pytest.raises(NotKeptError):
            await place.keeper.carry_out([Keep(line(1)), done(1)])
        assert place.keeper.is_failing
        with pytest.raises(NotKeptError):
            await place.keeper.carry_out([Keep(line(2)), done(2)])
        assert place.performed == [done(1), done(2)]
        await place.store.tried(4)
        place.store.is_broken = False
        await place.store.tried(place.store.tries + 1)
        await place.keeper.stop()
        assert not place.keeper.is_failing
        assert place.store.writes == [[line(1), line(2)]]


async def test_a_database_that_does_not_answer_holds_up_the_meeting_for_seconds_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The write is not begun a second time before the first one has ended, nor after it has succeeded."""
    monkeypatch.setattr(keeper_module, "WRITE_S", 0.01)
    monkeypatch.setattr(keeping_module, "BACK_OFF_S", (0.001,))
    async with keeping() as place:
        place.store.gate.clear()
        with pytest.raises(NotKeptError):
            await place.keeper.carry_out([Keep(line(1)), done(1)])
        assert place.store.tries == 1
        assert place.performed == [done(1)]
        place.store.gate.set()
        await place.keeper.stop()
        assert not place.keeper.is_failing
        assert place.store.writes == [[line(1)]]


async def test_a_database_that_is_always_late_keeps_everything_once_and_is_recovered_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each commit takes longer than anybody waits for, and each succeeds."""
    monkeypatch.setattr(keeper_module, "WRITE_S", 0.01)
    monkeypatch.setattr(keeping_module, "BACK_OFF_S", (0.001,))
    async with keeping() as place:
        for number in (1, 3):
            place.store.gate.clear()
            with pytest.raises(NotKeptError):
                await place.keeper.carry_out([Keep(line(number))])
            # While it is written something else comes.
            with pytest.raises(NotKeptError):
                await place.keeper.carry_out([Keep(line(number + 1)), done(number)])
            place.store.gate.set()
            await place.store.tried(number + 1)
        await place.keeper.stop()
        assert not place.keeper.is_failing
    assert place.store.writes == [[line(number)] for number in (1, 2, 3, 4)]


async def test_an_overdue_write_that_fails_in_the_end_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Together with what came meanwhile."""
    monkeypatch.setattr(keeper_module, "WRITE_S", 0.01)
    monkeypatch.setattr(keeping_module, "BACK_OFF_S", (0.001,))
    async with keeping() as place:
        place.store.gate.clear()
        place.store.is_broken = True
        for number in (1, 2):
            with pytest.raises(NotKeptError):
                await place.keeper.carry_out([Keep(line(number))])
        place.store.gate.set()
        await place.store.tried(2)
        assert place.keeper.is_failing
        place.store.is_broken = False
        await place.keeper.stop()
    assert place.store.writes == [[line(1), line(2)]]


async def test_a_write_that_was_cancelled_counts_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a driver's own time limit ends it: the keeper itself goes on."""
    monkeypatch.setattr(keeping_module, "BACK_OFF_S", (0.001,))

    async def cancelled(_: Iterable[Record]) -> None:
        raise asyncio.CancelledError

    async with keeping() as place:
        with monkeypatch.context() as context:
            context.setattr(place.store, "write", cancelled)
            with pytest.raises(NotKeptError):
                await place.keeper.carry_out([Keep(line(1)), done(1)])
        await place.keeper.stop()
    assert place.performed == [done(1)]
    assert place.store.writes == [[line(1)]]


async def test_a_fault_of_the_keepers_own_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here the write can't even be begun. It is in the log, and what waited is performed and tried again."""
    monkeypatch.setattr(keeping_module, "BACK_OFF_S", (0.001,))

    def faulty(_: Iterable[Record]) -> None:
        raise ZeroDivisionError

    async with keeping() as place:
        with monkeypatch.context() as context:
            context.setattr(place.store, "write", faulty)
            async with asyncio.timeout(5):
                with pytest.raises(NotKeptError):
                    await place.keeper.carry_out([Keep(line(1)), done(1)])
        await place.keeper.stop()
    assert "storage.fault" in capsys.readouterr().out
    assert place.performed == [done(1)]
    assert place.store.writes == [[line(1)]]


async def test_a_step_that_can_not_be_performed_holds_up_nobody() -> None:
    """Its own waiter hears of it."""
    async with keeping() as place:
        bad = place.keeper.carry_out([Keep(line(1)), Send(0, Done(re=1))])
        await place.keeper.carry_out([Keep(line(2)), done(2)])
        assert place.performed == [done(2)]
        with pytest.raises(ZeroDivisionError):
            await bad


async def test_a_stop_keeps_what_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what failed just now: it is tried at once, not after the wait."""
    monkeypatch.setattr(keeping_module, "BACK_OFF_S", (1000.0,))
    async with keeping() as place:
        place.store.is_broken = True
        with pytest.raises(NotKeptError):
            await place.keeper.carry_out([Keep(line(1))])
        place.store.is_broken = False
    assert place.store.writes == [[line(1)]]


async def test_a_stop_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is lost is said in the log."""
    monkeypatch.setattr(keeper_module, "STOP_S", 0.01)
    async with keeping() as place:
        place.store.gate.clear()
        place.keeper.perform([Keep(line(1))])
        await place.store.tried(1)
    assert "storage.lost" in capsys.readouterr().out
