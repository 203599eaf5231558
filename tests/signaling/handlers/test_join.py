"""Who is let in, as what, and what they are told."""

import pytest

from stage import START, Client, Stage
from telepresence.auth import Authority, Secret
from telepresence.signaling.messages import (
    Connection,
    ConnectionState,
    Direction,
    ErrorCode,
    Joined,
    MemberUpdate,
    Offer,
    Role,
    Slots,
)


def test_the_join_answer_comes_first_then_the_offer_then_all_slots() -> None:
    """A page can draw itself from what it gets, in this order."""
    client = Stage().join(slots=3)
    assert [type(message) for message in client.inbox] == [Joined, Offer, Slots]
    assert client.joined.version == 1
    assert client.joined.slots == 3
    assert [member.name for member in client.joined.members] == ["Xixia"]
    assert client.view() == {0: None, 1: None, 2: None}


def test_the_others_are_told_of_a_newcomer_and_he_of_them() -> None:
    """The newcomer learns of all by the answer, the others by a message."""
    stage = Stage()
    first = stage.join("xixia")
    second = stage.join("nanyang", Role.CHAIR)
    assert [member.name for member in second.joined.members] == ["Xixia", "Nanyang"]
    assert first.last(MemberUpdate).member.role is Role.CHAIR
    assert not second.all(MemberUpdate)


def test_without_slots_there_is_no_down_connection() -> None:
    """An encoder that only publishes gets no offer."""
    stage = Stage()
    client = stage.join(slots=0)
    assert [type(message) for message in client.inbox] == [Joined]
    assert not stage.engine.commands


def test_resume_secrets_have_128_bits_and_differ() -> None:
    """Twenty-two characters of base64url."""
    stage = Stage()
    secrets = {stage.join("xixia").joined.resume for _ in range(5)}
    assert len(secrets) == 5
    assert {len(secret) for secret in secrets} == {22}


def test_a_client_of_no_common_version_is_told_the_versions() -> None:
    """The message names what this server speaks."""
    stage = Stage()
    client = stage.open()
    client.send("join", versions=[2, 3], token=stage.token())
    assert client.error.code is ErrorCode.VERSION
    assert "1" in client.error.message


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (Stage().token(valid_s=-1), ErrorCode.TOKEN_EXPIRED),
        (Stage().token(room="elsewhere"), ErrorCode.ROOM_UNKNOWN),
        ("garbage", ErrorCode.TOKEN_INVALID),
        (
            Authority(Secret(kid="k2", key="cd" * 32), lambda: START).issue(
                room="demo", site="x", name="X", role=Role.MEMBER, valid_s=60
            ),
            ErrorCode.TOKEN_INVALID,
        ),
    ],
    ids=["expired", "unknown room", "garbage", "foreign key"],
)
def test_a_bad_token_opens_nothing(token: str, code: ErrorCode) -> None:
    """The socket ends, the room never hears of it."""
    stage = Stage()
    inside = stage.join("nanyang")
    inside.inbox.clear()
    client = stage.open()
    client.join(token)
    assert client.error.code is code
    assert client.close_code == 4003
    assert not inside.inbox


def test_a_full_room_lets_nobody_else_in() -> None:
    """Two members, no third."""
    stage = Stage(members_max=2)
    stage.join("a")
    stage.join("b")
    third = stage.open()
    third.join(stage.token("c"))
    assert third.error.code is ErrorCode.ROOM_FULL


def test_one_link_does_not_take_all_seats_of_a_room() -> None:
    """Two devices of a site, no third; another site is let in, and a device that left makes room."""
    stage = Stage(devices_max=2)
    first, _ = stage.join("a"), stage.join("a")
    third = stage.open()
    third.join(stage.token("a"))
    assert third.error.code is ErrorCode.ROOM_FULL
    assert "devices" in third.error.message
    stage.join("b")
    first.send("leave")
    assert stage.join("a").joined


def test_a_resume_needs_the_same_site_and_role_as_well() -> None:
    """A secret that leaked is of no use with another's link."""
    stage = Stage()
    secret = stage.join("xixia").joined.resume
    for token in (stage.token("nanyang"), stage.token("xixia", Role.CHAIR), stage.token("xixia", room="training")):
        thief = stage.open()
        thief.join(token, resume=secret)
        assert thief.error.code is ErrorCode.RESUME_UNKNOWN


def test_who_is_gone_cannot_resume() -> None:
    """After leave, and after thirty seconds away."""
    stage = Stage()
    left, lost = stage.join("a"), stage.join("b")
    left.send("leave")
    lost.lose()
    stage.advance(31)
    for site, client in (("a", left), ("b", lost)):
        back = stage.open()
        back.join(stage.token(site), resume=client.joined.resume)
        assert back.error.code is ErrorCode.RESUME_UNKNOWN


def test_an_expired_token_does_not_cut_a_running_call() -> None:
    """It is checked at join and at resume alone."""
    stage = Stage()
    client = stage.open()
    token = stage.token(valid_s=60)
    client.join(token)
    stage.advance(100)
    assert client.close_code is None
    client.lose()
    back = stage.open()
    back.join(token, resume=client.joined.resume)
    assert back.error.code is ErrorCode.TOKEN_EXPIRED


def test_a_connection_that_died_while_away_is_told_on_resume() -> None:
    """The client then comes back with new connections."""
    stage = Stage()
    client = stage.join()
    client.answer()
    client.publish("0")
    client.lose()
    for conn in list(stage.engine.connections):
        stage.engine.fail(conn)
    back = stage.open()
    back.join(stage.token(), slots=0, resume=client.joined.resume)
    dead = {(message.direction, message.state) for message in back.all(Connection)}
    assert dead == {(Direction.UP, ConnectionState.FAILED), (Direction.DOWN, ConnectionState.FAILED)}


def resumed(stage: Stage, client: Client) -> dict[Direction, str]:
    """The socket breaks, a new one resumes without slots; returns what it learns of dead connections."""
    client.lose()
    back = stage.open()
    back.join(stage.token(), slots=0, resume=client.joined.resume)
    assert back.joined.resumed
    return {message.direction: message.reason for message in back.all(Connection)}


def test_an_offer_that_was_lost_with_its_socket_is_no_connection() -> None:
    """It was never answered, so the client has to begin anew; the up connection that stands goes on."""
    stage = Stage()
    client = stage.join()
    client.publish("0")
    stage.engine.connect(stage.connection(client, Direction.UP))
    told = resumed(stage, client)
    assert told.keys() == {Direction.DOWN}
    assert "before it was set up" in told[Direction.DOWN]


def test_an_answer_to_publish_that_was_lost_with_its_socket_is_no_connection() -> None:
    """Nothing connected, so perhaps the client never saw the answer."""
    stage = Stage()
    client = stage.join()
    client.answer()
    client.publish("0")
    assert resumed(stage, client).keys() == {Direction.UP}


def test_connections_that_stand_are_kept_by_a_resume() -> None:
    """Answered and connected: nothing is said of either."""
    stage = Stage()
    client = stage.join()
    client.answer()
    client.publish("0")
    stage.engine.connect(stage.connection(client, Direction.UP))
    assert not resumed(stage, client)
