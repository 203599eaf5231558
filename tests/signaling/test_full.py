"""A server that sends as much as it may: who is refused, and who goes on."""

from stage import Client, Stage, offer_sdp, tracks
from telepresence.rooms.load import Load
from telepresence.signaling.messages import Error, ErrorCode, Published


def fill(stage: Stage) -> None:
    """From now on the server is full."""
    stage.world.load = Load(1)
    stage.world.load.measured(0, 0.0)
    stage.world.load.measured(1_000_000, 1.0)
    assert stage.world.load.is_full


def publish(client: Client, *mids: str, ufrag: str = "Kx4d") -> None:
    """Publishes those tracks."""
    client.send("publish", sdp=offer_sdp(ufrag), tracks=tracks(*mids))


def test_a_full_server_says_so_to_those_who_are_new_and_takes_back_its_own() -> None:
    """A lost socket resumes."""
    stage = Stage()
    inside = stage.join("xixia")
    fill(stage)
    late = stage.join("nanyang")
    assert late.last(Error).code is ErrorCode.SERVER_FULL
    assert "full" in late.last(Error).message
    again = stage.open()
    again.join(stage.token("xixia"), resume=inside.joined.resume)
    assert again.joined.resumed


def test_a_full_server_takes_no_new_tracks_and_keeps_those_it_has() -> None:
    """Who was on the air may publish the same anew, also after the connection has died."""
    stage = Stage()
    speaker, listener = stage.join("xixia"), stage.join("nanyang")
    publish(speaker, "0", "1")
    fill(stage)
    publish(listener, "0")
    assert listener.last(Error).code is ErrorCode.SERVER_FULL
    up = speaker.session.participant.up
    assert up
    stage.engine.fail(up.conn)
    publish(speaker, "0", "1", ufrag="Qy5e")
    assert len(speaker.all(Published)) == 2
