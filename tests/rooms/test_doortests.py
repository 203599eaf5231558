"""Stories of tests at the door: does media reach us?"""

import pytest

from stage import Client, Stage, offer_sdp
from telepresence.engine.commands import Close, Receive, Refused
from telepresence.signaling.messages import (
    Closing,
    ClosingReason,
    Connection,
    ConnectionState,
    Desk,
    Direction,
    ErrorCode,
    Reach,
    Role,
)
from telepresence.signaling.messages import (
    Tested as Answered,
)


def trial(stage: Stage, site: str = "xixia", role: Role = Role.MEMBER) -> Client:
    """A site that tests its way into the consultation."""
    client = stage.open()
    client.test(stage.token(site, role))
    return client


def reach(stage: Stage, chair: Client, site: str) -> Reach:
    """Returns what the desk knows of a site within a second."""
    stage.advance(1)
    return next(found.reach for found in chair.last(Desk).sites if found.site == site)


def test_a_test_that_connects_is_told_so_and_ends() -> None:
    """Nobody sees the tester; the desk sees that the site passed."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR, slots=0)
    member = stage.join("nanyang", slots=0)
    member.inbox.clear()
    client = trial(stage)
    assert client.last(Answered).title == "Consultation"
    assert "a=inactive" in client.last(Answered).sdp
    (conn,) = stage.engine.connections
    stage.engine.connect(conn)
    assert client.last(Connection) == Connection(direction=Direction.UP, state=ConnectionState.CONNECTED)
    assert client.last(Closing).reason is ClosingReason.TESTED
    assert client.close_code == 1000
    assert not stage.engine.connections
    assert not member.inbox
    assert reach(stage, chair, "xixia") is Reach.PASSED
    assert not stage.room().seats.keys() - {chair.participant, member.participant}


def test_a_test_receives_no_track_whatever_its_offer_says() -> None:
    """An offer that would send is answered inactive."""
    stage = Stage()
    client = stage.open()
    client.send("test", token=stage.token(), sdp=offer_sdp())
    received = [command for command in stage.engine.commands if isinstance(command, Receive)]
    assert [command.tracks for command in received] == [()]
    assert "a=recvonly" not in client.last(Answered).sdp


def test_a_test_that_does_not_connect_fails_after_ten_seconds() -> None:
    """The connection is closed; a later success wipes the failure out, a later failure does not wipe a success out."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR, slots=0)
    client = trial(stage)
    stage.advance(9)
    assert client.close_code is None
    stage.advance(1)
    assert client.last(Connection).state is ConnectionState.FAILED
    assert client.last(Closing).reason is ClosingReason.TESTED
    assert isinstance(stage.engine.commands[-1], Close)
    assert reach(stage, chair, "xixia") is Reach.FAILED
    trial(stage)
    stage.engine.connect(next(iter(stage.engine.connections)))
    assert reach(stage, chair, "xixia") is Reach.PASSED
    trial(stage)
    stage.engine.fail(next(iter(stage.engine.connections)), "DTLS")
    assert reach(stage, chair, "xixia") is Reach.PASSED


def test_a_refusal_of_the_engine_fails_the_test() -> None:
    """The reason is told."""
    stage = Stage()
    client = trial(stage)
    stage.on_event(Refused(command="open", conn=next(iter(stage.engine.connections)), reason="no ports"))
    assert "no ports" in client.last(Connection).reason
    assert not stage.engine.connections


def test_a_tester_that_goes_away_or_speaks_out_of_turn_leaves_nothing_behind() -> None:
    """The connection is closed at once, and the place is free."""
    stage = Stage()
    trial(stage).lose()
    assert not stage.engine.connections
    client = trial(stage)
    client.join(stage.token())
    assert client.error.code is ErrorCode.NOT_JOINED
    assert client.last(Closing).reason is ClosingReason.REFUSED
    assert not stage.engine.connections
    client.lose()
    stage.advance(20)
    assert not client.all(Connection)


def test_a_site_tests_with_two_devices_at_once() -> None:
    """The third is told to wait; another site is not."""
    stage = Stage()
    assert [bool(trial(stage).all(Answered)) for _ in range(3)] == [True, True, False]
    assert trial(stage, "nanyang").all(Answered)


def test_sixty_four_sites_test_at_once_and_the_next_is_told_to_wait() -> None:
    """A place is free again when a test is over."""
    stage = Stage()
    for number in range(64):
        trial(stage, f"site-{number}")
    late = trial(stage, "late")
    assert late.error.code is ErrorCode.TOO_MANY
    stage.advance(10)
    assert trial(stage, "late").all(Answered)


def test_a_test_needs_a_link_and_a_room_and_a_description() -> None:
    """Each refusal ends the socket."""
    stage = Stage()
    for token, code in (
        ("garbage", ErrorCode.TOKEN_INVALID),
        (stage.token(room="nowhere"), ErrorCode.ROOM_UNKNOWN),
        (stage.token(valid_s=-1), ErrorCode.TOKEN_EXPIRED),
    ):
        client = stage.open()
        client.test(token)
        assert client.error.code is code
        assert client.close_code == 4003
    client = stage.open()
    client.send("test", token=stage.token(), sdp="v=0")
    assert client.error.code in (ErrorCode.SDP_INVALID, ErrorCode.NO_COMMON_CODEC)
    assert not stage.engine.commands


@pytest.mark.parametrize("role", [Role.GUEST, Role.ENCODER])
def test_a_lock_does_not_keep_anybody_from_testing(role: Role) -> None:
    """Nor does a waiting room: a test is no join."""
    stage = Stage(waiting_room=True)
    stage.join("henan", Role.CHAIR).send("lock", locked=True)
    assert trial(stage, role=role).all(Answered)
