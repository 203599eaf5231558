"""What people are told when the engine speaks."""

from stage import Stage
from telepresence.engine.commands import Assign, Close, Connected, Refused
from telepresence.signaling.messages import Connection, ConnectionState, Direction, Paused


def test_a_connected_connection_is_told_with_its_direction() -> None:
    """Down, then up."""
    stage = Stage()
    client = stage.join()
    client.answer()
    client.publish("0")
    for conn in stage.engine.connections:
        stage.engine.connect(conn)
    told = [(message.direction, message.state) for message in client.all(Connection)]
    assert told == [(Direction.DOWN, ConnectionState.CONNECTED), (Direction.UP, ConnectionState.CONNECTED)]


def test_a_failed_down_connection_is_told_with_its_reason_and_given_no_more_tracks() -> None:
    """The client comes back by a new join; until then the engine hears nothing of it."""
    stage = Stage()
    watcher, other = stage.join("watcher"), stage.join("other", slots=0)
    watcher.answer()
    (conn,) = stage.engine.connections
    stage.engine.fail(conn, "no packet for 30 s")
    assert watcher.last(Connection).state is ConnectionState.FAILED
    assert watcher.last(Connection).reason == "no packet for 30 s"
    other.publish("1")
    assert not any(isinstance(command, Assign) for command in stage.engine.commands)


def test_an_event_of_a_closed_connection_means_nothing() -> None:
    """It crossed the close on its way."""
    stage = Stage()
    client = stage.join()
    client.inbox.clear()
    stage.on_event(Connected(conn=99))
    assert not client.inbox


def test_a_refused_remote_ends_the_connection() -> None:
    """The client is told that it failed, and the engine closes it."""
    stage = Stage()
    client = stage.join()
    client.answer()
    stage.on_event(Refused(command="remote", conn=1, reason="bad fingerprint"))
    assert client.last(Connection).state is ConnectionState.FAILED
    assert "bad fingerprint" in client.last(Connection).reason
    assert isinstance(stage.engine.commands[-1], Close)


def test_a_refused_assign_costs_nobody_the_connection() -> None:
    """It is a fault to be logged, no more."""
    stage = Stage()
    client = stage.join()
    stage.on_event(Refused(command="assign", conn=1, reason="no such track"))
    assert not client.all(Connection)


def test_pictures_that_the_link_does_not_carry_are_told_to_their_watcher_and_again_after_a_resume() -> None:
    """By the index of their slots; an empty list when all are there again."""
    stage = Stage()
    watcher, other = stage.join("watcher", slots=4), stage.join("other", slots=0)
    watcher.answer()
    conn = stage.connection(watcher, Direction.DOWN)
    stage.engine.pause(conn, 3, 7)
    assert watcher.last(Paused) == Paused(slots=(1, 3))
    assert not other.all(Paused)
    watcher.lose()
    again = stage.open()
    again.join(stage.token("watcher"), slots=0, resume=watcher.joined.resume)
    assert again.last(Paused) == Paused(slots=(1, 3))
    stage.engine.pause(conn)
    assert again.last(Paused) == Paused(slots=())
