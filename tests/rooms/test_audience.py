"""The audience is a number to the others, and told seldom."""

import pytest

from stage import Client, Stage
from telepresence.rooms.audience import Told, period_s
from telepresence.signaling.messages import Audience, Joined, MemberLeft, MemberUpdate, Role

ROOM = "training"


def watch(stage: Stage, site: str) -> Client:
    """Joins the audience."""
    return stage.join(site, Role.AUDIENCE, room=ROOM, slots=1)


def test_nobody_hears_of_one_of_the_audience_by_name() -> None:
    """Not when it comes, loses its socket, comes back or leaves; nor is it in anybody's list of members."""
    stage = Stage()
    presenter, other = stage.join("professor", Role.PRESENTER, room=ROOM), watch(stage, "nanyang")
    xixia = watch(stage, "xixia")
    xixia.lose()
    back = stage.open()
    back.join(stage.token("xixia", Role.AUDIENCE, ROOM), slots=0, resume=xixia.joined.resume)
    assert [member.name for member in back.joined.members] == ["Professor"]
    back.send("leave")
    stage.advance(60)
    for client in (presenter, other):
        assert not client.all(MemberUpdate)
        assert not client.all(MemberLeft)


def test_the_number_is_told_at_most_every_two_seconds_and_only_on_a_change() -> None:
    """The first at once, then what has come together."""
    stage = Stage()
    presenter = stage.join("professor", Role.PRESENTER, room=ROOM)
    for number in range(3):
        watch(stage, f"site-{number}")
    stage.advance(0.25)
    for number in range(3, 9):
        watch(stage, f"site-{number}")
        stage.advance(0.25)
    assert [message.count for message in presenter.all(Audience)] == [3]
    stage.advance(0.5)
    assert [message.count for message in presenter.all(Audience)] == [3, 9]
    stage.advance(100)
    assert len(presenter.all(Audience)) == 2


def test_who_leaves_or_is_lost_is_counted_out() -> None:
    """A lost socket after its time to come back."""
    stage = Stage()
    presenter = stage.join("professor", Role.PRESENTER, room=ROOM)
    first, second = watch(stage, "a"), watch(stage, "b")
    stage.advance(2)
    first.send("leave")
    second.lose()
    stage.advance(2)
    assert presenter.last(Audience).count == 1
    stage.advance(30)
    assert presenter.last(Audience).count == 0


def test_a_newcomer_learns_the_number_by_its_join_answer() -> None:
    """Its own device is counted."""
    stage = Stage()
    counts = [watch(stage, f"site-{number}").joined.audience for number in range(3)]
    assert counts == [1, 2, 3]
    assert stage.join("professor", Role.PRESENTER, room=ROOM).joined.audience == 3


def test_the_number_is_told_again_where_a_newcomer_knows_another_one() -> None:
    """One leaves just after a newcomer was told 2: all are told 1, though that is what they knew."""
    stage = Stage()
    presenter = stage.join("professor", Role.PRESENTER, room=ROOM)
    first = watch(stage, "a")
    stage.advance(2)
    second = watch(stage, "b")
    assert second.joined.audience == 2
    first.send("leave")
    stage.advance(2)
    assert second.last(Audience).count == presenter.last(Audience).count == 1


def test_a_device_that_waits_is_not_counted() -> None:
    """It is in no audience before it is admitted."""
    stage = Stage(waiting_room=True)
    chair = stage.join("chair", Role.CHAIR)
    stage.join("xixia", Role.AUDIENCE)
    stage.advance(2)
    assert not chair.all(Audience)
    assert not chair.all(Joined)[-1].audience


@pytest.mark.parametrize(("listeners", "seconds"), [(0, 2), (10, 2), (50, 2), (500, 20)])
def test_a_large_audience_is_told_its_own_number_more_seldom(listeners: int, seconds: float) -> None:
    """So that it makes no more than 25 messages a second."""
    assert period_s(listeners) == seconds


def test_a_circle_is_due_when_something_changed_and_its_time_has_passed() -> None:
    """Then it counts as told."""
    told = Told()
    assert not told.is_due(0, 100, 2)
    assert told.is_due(1, 100, 2)
    assert not told.is_due(2, 101.9, 2)
    assert told.is_due(2, 102, 2)
    assert not told.is_due(2, 200, 2)
