"""A broadcast of five hundred: what a join costs, and that the stage works before so many."""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType

import pytest

from stage import Client, Stage
from telepresence.signaling.messages import (
    Asked,
    Audience,
    Hands,
    Joined,
    MemberLeft,
    MemberUpdate,
    Offer,
    QuestionState,
    QuestionUpdate,
    Role,
    Slots,
    Wish,
)

ROOM = "training"

TICK_S = 0.25
"""As the server's. Source: signaling/websocket.py."""

JOINS_PER_TICK = 5
"""Twenty a second, so that five hundred take 25 s; 170 in 10 s are a province's. Source: domain.md."""

PEAK_BYTES = 40_000
"""Allowed for one of the audience, all that a test remembers of it included: somewhat more than twice what was measured."""


class Broadcast:
    """A moderator, a presenter with camera and microphone, and an audience that watches with four slots each."""

    def __init__(self) -> None:
        """Nobody watches yet."""
        self.stage = Stage(members_max=1000)
        self.moderator = self.stage.join("desk", Role.MODERATOR, room=ROOM)
        self.presenter = self.stage.join("professor", Role.PRESENTER, room=ROOM)
        self.audience: list[Client] = []
        self.moderator.answer()
        self.presenter.publish("0", "1")

    def join(self) -> Client:
        """One more watches."""
        client = self.stage.join(f"site-{len(self.audience)}", Role.AUDIENCE, room=ROOM, slots=4)
        client.answer()
        self.audience.append(client)
        return client

    def fill(self, count: int) -> None:
        """So many more come, with time passing."""
        for number in range(count):
            self.join()
            if number % JOINS_PER_TICK == JOINS_PER_TICK - 1:
                self.stage.advance(TICK_S)

    def messages(self) -> int:
        """Returns how many messages all were sent."""
        return sum(len(client.inbox) for client in self.stage.clients.values())

    def caused(self, happening: Callable[[], object]) -> int:
        """Returns how many messages something makes."""
        before = self.messages()
        happening()
        return self.messages() - before


@pytest.fixture(scope="module")
def crowd() -> Broadcast:
    """A broadcast with an audience of five hundred; each test leaves it as it was."""
    broadcast = Broadcast()
    broadcast.fill(500)
    broadcast.stage.advance(60)
    for client in broadcast.stage.clients.values():
        client.inbox[:] = [message for message in client.inbox if isinstance(message, Joined)]
    return broadcast


def test_five_hundred_joins_make_a_linear_number_of_messages() -> None:
    """Each gets its four answers and two counts; the stage gets a count in two seconds; nobody hears of anybody else."""
    broadcast = Broadcast()
    made = broadcast.caused(lambda: broadcast.fill(500))
    for client in broadcast.audience:
        assert not client.all(MemberUpdate)
        assert [len(client.all(kind)) for kind in (Joined, Offer, Slots)] == [1, 1, 1]
    seconds, on_stage = 500 / JOINS_PER_TICK * TICK_S, 2
    assert len(broadcast.moderator.all(Audience)) <= seconds / 2 + 1
    assert made <= 500 * (4 + 2) + on_stage * (seconds / 2 + 1)
    assert len(broadcast.stage.engine.commands) <= 500 * 7
    assert not broadcast.stage.engine.refusals


def test_a_join_does_as_much_work_in_a_full_room_as_in_an_empty_one() -> None:
    """Counted in calls of functions, so that the machine's speed plays no part."""
    broadcast = Broadcast()
    broadcast.fill(10)
    early = _calls(broadcast.join)
    broadcast.fill(490)
    late = _calls(broadcast.join)
    assert late < early + 100


def test_a_resume_does_as_much_work_in_a_full_room_as_in_an_empty_one() -> None:
    """One of five hundred is found by the hash of its secret."""
    broadcast = Broadcast()
    broadcast.fill(10)
    early = _calls(lambda: _resume(broadcast, 5))
    broadcast.fill(490)
    late = _calls(lambda: _resume(broadcast, 250))
    assert broadcast.audience[250].joined.resumed
    assert late < early + 100


def test_one_of_the_audience_takes_little_memory() -> None:
    """At the peak, all its messages and the engine's commands included."""
    broadcast = Broadcast()
    broadcast.fill(10)
    tracemalloc.start()
    broadcast.fill(500)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / 500 < PEAK_BYTES


def test_nothing_that_one_of_the_audience_does_is_told_to_the_others(crowd: Broadcast) -> None:
    """It raises its hand, loses its socket, comes back, asks: the stage hears of it at most."""
    client = crowd.audience[7]
    assert crowd.caused(lambda: client.send("raise-hand", raised=True)) <= 2 + 2
    assert crowd.caused(lambda: client.send("raise-hand", raised=False)) <= 2 + 2
    assert crowd.caused(lambda: client.send("ask", text="Which dose?")) <= 2 + 2
    assert crowd.caused(client.lose) == 0
    assert crowd.caused(lambda: _resume(crowd, 7)) <= 3
    crowd.stage.advance(5)


def test_one_of_five_hundred_comes_onto_the_stage_and_goes_back(crowd: Broadcast) -> None:
    """The hands in their order, asked, yes, seen by all; then gone. Each step is told to everybody once."""
    first, second = crowd.audience[400], crowd.audience[3]
    for client in (first, second):
        client.send("raise-hand", raised=True)
    crowd.stage.advance(2)
    assert [hand.participant for hand in crowd.moderator.last(Hands).hands] == [
        first.joined.participant,
        second.joined.participant,
    ]
    crowd.moderator.send("promote", participant=first.joined.participant)
    assert first.last(Asked).wish is Wish.STAGE
    yes = crowd.caused(lambda: first.send("consent", wish="stage", accepted=True))
    assert 502 <= yes <= 502 + 10
    seen = crowd.caused(lambda: first.publish("0", "1", ufrag="Xi1a"))
    assert 2 * 502 <= seen <= 2 * 502 + 10
    assert all(
        (first.joined.participant, "camera") in client.view().values()
        for client in crowd.audience
        if client is not first
    )
    back = crowd.caused(lambda: crowd.moderator.send("demote", participant=first.joined.participant))
    assert 2 * 502 - 1 <= back <= 2 * 502 + 10
    assert crowd.audience[0].last(MemberLeft).participant == first.joined.participant
    assert not any((first.joined.participant, "camera") in client.view().values() for client in crowd.audience)
    second.send("raise-hand", raised=False)
    assert not crowd.stage.engine.refusals


def test_a_question_is_told_to_five_hundred_when_it_is_answered(crowd: Broadcast) -> None:
    """Before that to the stage and its asker."""
    asker = crowd.audience[100]
    asked = crowd.caused(lambda: asker.send("ask", text="When is the next one?"))
    assert asked == 2 + 1 + 1
    question = asker.last(QuestionUpdate).question.id
    answering = crowd.caused(lambda: crowd.moderator.send("set-question", question=question, state="answering"))
    assert answering == 502 + 1
    crowd.moderator.send("set-question", question=question, state="answered", answer="In May.")
    assert crowd.audience[0].last(QuestionUpdate).question.state is QuestionState.ANSWERED


def test_a_hundred_hands_cost_the_stage_a_list_a_second(crowd: Broadcast) -> None:
    """Each is told to its owner, by `done` and its own state, and to the stage together with the others."""

    def all_raise() -> None:
        for client in crowd.audience[:100]:
            client.send("raise-hand", raised=True)
        crowd.stage.advance(1)

    assert crowd.caused(all_raise) <= 100 * 2 + 2 * 2
    assert len(crowd.presenter.last(Hands).hands) == 100
    for client in crowd.audience[:100]:
        client.send("raise-hand", raised=False)
    crowd.stage.advance(1)
    assert crowd.presenter.last(Hands).hands == ()


def _resume(broadcast: Broadcast, number: int) -> Client:
    """One of the audience opens another socket."""
    client = broadcast.audience[number]
    back = broadcast.stage.open()
    token = broadcast.stage.token(f"site-{number}", Role.AUDIENCE, ROOM)
    back.join(token, slots=0, resume=client.joined.resume)
    broadcast.audience[number] = back
    return back


def _calls(happening: Callable[[], object]) -> int:
    """Counts the calls of functions, and steps of generators, that something makes."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        happening()
    finally:
        sys.setprofile(before)
    return count
