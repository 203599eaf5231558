"""Raised hands: their order, who sees them, and how often."""

from stage import Stage
from telepresence.signaling.messages import Done, ErrorCode, Hands, Role

ROOM = "training"


def names(message: Hands) -> list[str]:
    """Returns whose hands are up."""
    return [hand.name for hand in message.hands]


def test_the_stage_sees_hands_in_their_order() -> None:
    """Two of the audience and the presenter; a second press keeps the place."""
    stage = Stage()
    moderator = stage.join("desk", Role.MODERATOR, room=ROOM)
    presenter = stage.join("professor", Role.PRESENTER, room=ROOM)
    nanyang, xixia = (stage.join(name, Role.AUDIENCE, room=ROOM) for name in ("nanyang", "xixia"))
    for client in (xixia, nanyang, presenter, xixia):
        assert isinstance(client.send("raise-hand", raised=True)[0], Done)
        stage.advance(1)
    assert names(moderator.last(Hands)) == ["Xixia", "Nanyang", "Professor"]
    assert names(presenter.last(Hands)) == ["Xixia", "Nanyang", "Professor"]
    assert [hand.at for hand in moderator.last(Hands).hands] == sorted(hand.at for hand in moderator.last(Hands).hands)


def test_one_of_the_audience_sees_its_own_hand_alone() -> None:
    """Also in a join answer."""
    stage = Stage()
    xixia, nanyang = (stage.join(name, Role.AUDIENCE, room=ROOM) for name in ("xixia", "nanyang"))
    xixia.send("raise-hand", raised=True)
    stage.advance(5)
    assert names(xixia.last(Hands)) == ["Xixia"]
    assert not nanyang.all(Hands)
    late = stage.join("late", Role.AUDIENCE, room=ROOM)
    assert (late.joined.hand, late.joined.hands) == (False, ())
    back = stage.open()
    back.join(stage.token("xixia", Role.AUDIENCE, ROOM), slots=0, resume=xixia.joined.resume)
    assert back.joined.hand
    assert [hand.name for hand in back.joined.hands] == ["Xixia"]


def test_one_who_joins_the_stage_is_told_of_the_hands_that_are_up() -> None:
    """In the join answer."""
    stage = Stage()
    stage.join("xixia", Role.AUDIENCE, room=ROOM).send("raise-hand", raised=True)
    moderator = stage.join("desk", Role.MODERATOR, room=ROOM)
    assert [hand.name for hand in moderator.joined.hands] == ["Xixia"]


def test_a_hand_goes_down_by_its_owner_by_another_and_by_leaving() -> None:
    """Who was lowered learns it."""
    stage = Stage()
    moderator = stage.join("desk", Role.MODERATOR, room=ROOM)
    first, second, third = (stage.join(name, Role.AUDIENCE, room=ROOM) for name in ("a", "b", "c"))
    for client in (first, second, third):
        client.send("raise-hand", raised=True)
    stage.advance(1)
    assert names(moderator.last(Hands)) == ["A", "B", "C"]
    first.send("raise-hand", raised=False)
    moderator.send("lower-hand", participant=second.joined.participant)
    third.send("leave")
    assert second.last(Hands).hands == ()
    stage.advance(1)
    assert names(moderator.last(Hands)) == []


def test_a_hand_that_is_not_up_is_lowered_without_a_word() -> None:
    """Two moderators press at once; only somebody who is not there is an error."""
    stage = Stage()
    moderator, xixia = stage.join("desk", Role.MODERATOR, room=ROOM), stage.join("xixia", Role.AUDIENCE, room=ROOM)
    assert isinstance(moderator.send("lower-hand", participant=xixia.joined.participant)[0], Done)
    stage.advance(1)
    assert not moderator.all(Hands)
    moderator.send("lower-hand", participant="p-nobody")
    assert moderator.error.code is ErrorCode.PARTICIPANT_UNKNOWN


def test_many_hands_at_once_are_told_once_a_second() -> None:
    """Who hears me, raise your hand: the first one is told at once, the other ninety-nine together."""
    stage = Stage(members_max=200)
    moderator = stage.join("desk", Role.MODERATOR, room=ROOM)
    crowd = [stage.join(f"site-{number}", Role.AUDIENCE, room=ROOM, slots=0) for number in range(100)]
    for client in crowd:
        client.send("raise-hand", raised=True)
    assert len(moderator.all(Hands)) == 1
    stage.advance(0.9)
    assert len(moderator.all(Hands)) == 1
    stage.advance(0.2)
    assert len(moderator.all(Hands)) == 2
    assert len(moderator.last(Hands).hands) == 100
    stage.advance(10)
    assert len(moderator.all(Hands)) == 2


def test_in_a_consultation_all_see_the_hands() -> None:
    """There everybody is a member."""
    stage = Stage()
    xixia, nanyang = stage.join("xixia"), stage.join("nanyang")
    xixia.send("raise-hand", raised=True)
    assert names(nanyang.last(Hands)) == names(xixia.last(Hands)) == ["Xixia"]
