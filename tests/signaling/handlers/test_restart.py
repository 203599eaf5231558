"""ICE restarts: the way of the packets changes, everything else goes on."""

import re

from stage import Client, Stage, answer_to, offer_sdp, tracks
from telepresence.engine.commands import Assign, Receive, Remote, Restart
from telepresence.signaling.messages import Direction, Done, ErrorCode, Offer, Published


def without_credentials(description: str) -> str:
    """Returns a description without what a restart changes."""
    return re.sub(r"a=ice-(ufrag|pwd):\S+|o=- \d+ \d+", "", description)


def watching() -> tuple[Stage, Client]:
    """A watcher whose media flows."""
    stage = Stage()
    stage.join("xixia", slots=0).publish("0", "1")
    client = stage.join("nanyang")
    client.answer()
    stage.engine.connect(stage.connection(client, Direction.DOWN))
    stage.engine.commands.clear()
    return stage, client


def test_the_down_connection_is_offered_again_with_new_credentials_alone() -> None:
    """Done, then the offer: same slots, SSRCs and mids, the next generation; the engine knows before the client does."""
    stage, client = watching()
    first = client.last(Offer)
    done, offer = client.send("restart", direction="down")
    assert isinstance(done, Done)
    assert isinstance(offer, Offer)
    assert offer.generation == first.generation + 1
    assert without_credentials(offer.sdp) == without_credentials(first.sdp)
    (restart,) = stage.engine.commands
    assert isinstance(restart, Restart)
    assert f"a=ice-ufrag:{restart.ufrag}\r\n" in offer.sdp
    assert f"a=ice-pwd:{restart.pwd}\r\n" in offer.sdp
    assert restart.ufrag not in first.sdp
    origins = [re.findall(r"o=- (\d+) (\d+)", sdp)[0] for sdp in (first.sdp, offer.sdp)]
    assert origins[0][0] == origins[1][0]
    assert int(origins[1][1]) > int(origins[0][1])


def test_the_answer_to_a_restart_brings_the_peers_ufrag_alone() -> None:
    """The slots are not set and not assigned again; the assigned tracks flow meanwhile."""
    stage, client = watching()
    before = dict(stage.engine.assigned)
    client.send("restart", direction="down")
    stage.engine.commands.clear()
    assert isinstance(client.answer()[-1], Done)
    (remote,) = stage.engine.commands
    assert isinstance(remote, Remote)
    assert stage.engine.assigned == before
    client.answer()
    assert client.error.code is ErrorCode.STALE_ANSWER
    assert not stage.engine.refusals


def test_sources_come_and_go_while_a_restart_is_unanswered() -> None:
    """The engine knows the slots since the first answer."""
    stage, client = watching()
    client.send("restart", direction="down")
    stage.join("late", slots=0).publish("1")
    assert [type(command) for command in stage.engine.commands if not isinstance(command, Restart)][-1] is Assign
    assert len(stage.engine.assigned) == 3


def test_an_answer_by_another_certificate_is_refused_and_changes_nothing() -> None:
    """DTLS goes on, so it must be the same peer; the right answer is still taken."""
    stage, client = watching()
    client.send("restart", direction="down")
    stage.engine.commands.clear()
    offer = client.last(Offer)
    other = re.sub(r"(a=fingerprint:sha-256) \S\S", r"\1 FF", answer_to(offer.sdp))
    client.send("answer", generation=offer.generation, sdp=other)
    assert client.error.code is ErrorCode.SDP_INVALID
    assert "fingerprint" in client.error.message
    assert not stage.engine.commands
    assert isinstance(client.answer()[-1], Done)


def test_a_restart_asked_twice_is_answered_by_its_newest_offer() -> None:
    """The first offer may have gone down with the way; its answer is stale."""
    _, client = watching()
    client.send("restart", direction="down")
    lost = client.last(Offer)
    client.send("restart", direction="down")
    client.send("answer", generation=lost.generation, sdp=answer_to(lost.sdp))
    assert client.error.code is ErrorCode.STALE_ANSWER
    assert isinstance(client.answer()[-1], Done)


def test_a_restart_before_the_first_answer_is_one_more_offer() -> None:
    """The answer to it sets the slots."""
    stage = Stage()
    client = stage.join()
    client.send("restart", direction="down")
    client.answer()
    assert stage.engine.slots[stage.connection(client, Direction.DOWN)] == {0, 1, 2, 3}
    assert not stage.engine.refusals


def test_without_a_down_connection_there_is_nothing_to_restart() -> None:
    """It failed, or none was asked for."""
    stage, client = watching()
    stage.engine.fail(stage.connection(client, Direction.DOWN))
    client.send("restart", direction="down")
    assert client.error.code is ErrorCode.NO_CONNECTION
    assert not stage.engine.commands


def test_a_restart_that_went_down_with_the_socket_leaves_the_media_alone() -> None:
    """After the resume nothing is told to have failed, and the client may ask again."""
    stage, client = watching()
    client.send("restart", direction="down")
    client.lose()
    back = stage.open()
    replies = back.join(stage.token("nanyang"), slots=0, resume=client.joined.resume)
    assert not [reply for reply in replies if type(reply).__name__ == "Connection"]
    back.send("restart", direction="down")
    assert isinstance(back.answer()[-1], Done)
    assert not stage.engine.refusals


def test_the_up_connection_is_restarted_by_its_publisher() -> None:
    """New credentials on both sides; connection, tracks and what the others see stay."""
    stage = Stage()
    client, other = stage.join("xixia", slots=0), stage.join("nanyang")
    other.answer()
    client.publish("0", "1")
    before, first = dict(stage.engine.assigned), client.last(Published).sdp
    stage.engine.commands.clear()
    client.publish("0", "1", ufrag="Moved", restart=True)
    restart, receive, remote = stage.engine.commands
    assert isinstance(restart, Restart)
    assert isinstance(receive, Receive)
    assert isinstance(remote, Remote)
    assert remote.ufrag == "Moved"
    answer = client.last(Published).sdp
    assert f"a=ice-ufrag:{restart.ufrag}\r\n" in answer
    assert without_credentials(answer) == without_credentials(first)
    assert stage.engine.assigned == before
    assert not stage.engine.refusals


def test_a_restart_that_is_repeated_renegotiates() -> None:
    """The answer was lost with the socket; the same offer is answered by the same credentials."""
    stage = Stage()
    client = stage.join(slots=0)
    client.publish("0")
    client.publish("0", ufrag="Moved", restart=True)
    first = client.last(Published).sdp
    client.publish("0", ufrag="Moved", restart=True)
    ufrag = re.findall(r"a=ice-ufrag:(\S+)", first)[0]
    assert f"a=ice-ufrag:{ufrag}\r\n" in client.last(Published).sdp
    assert [type(command) for command in stage.engine.commands[-1:]] == [Receive]


def test_a_restart_of_what_is_not_there_is_refused() -> None:
    """No connection, or one with another certificate: DTLS could not go on."""
    stage = Stage()
    client = stage.join(slots=0)
    client.publish("0", restart=True)
    assert client.error.code is ErrorCode.NO_CONNECTION
    client.publish("0")
    stage.engine.commands.clear()
    other = re.sub(r"(a=fingerprint:sha-256) \S\S", r"\1 FF", offer_sdp("Moved"))
    client.send("publish", sdp=other, tracks=tracks("0"), restart=True)
    assert client.error.code is ErrorCode.NO_CONNECTION
    assert not stage.engine.commands


def test_without_the_word_a_new_ufrag_replaces_the_connection() -> None:
    """As a reloaded page does, whose certificate is new as well."""
    stage = Stage()
    client = stage.join(slots=0)
    client.publish("0")
    before = stage.connection(client, Direction.UP)
    client.publish("0", ufrag="Moved")
    assert stage.connection(client, Direction.UP) != before
