"""The fake engine refuses what the real one refuses, so that a test finds a wrong order of commands."""

from telepresence.engine.commands import Assign, Close, Failed, Open, Receive, Remote, Setup
from telepresence.engine.fake import FakeEngine
from telepresence.signaling.messages import Direction

OPEN = Open(conn=1, direction=Direction.DOWN, ufrag="abcd1234", pwd="x" * 24)


def test_a_command_for_a_connection_that_is_not_open_is_refused() -> None:
    """Before `open`, and after `close`."""
    engine = FakeEngine()
    engine.submit(Remote(conn=1, ufrag="abcd", setup=Setup.PASSIVE, fingerprint="00" * 32))
    engine.submit(OPEN)
    engine.submit(Close(conn=1))
    engine.submit(Receive(conn=1, tracks=()))
    assert [refusal.command for refusal in engine.refusals] == ["remote", "receive"]


def test_a_slot_or_track_that_does_not_exist_is_refused() -> None:
    """`assign` before `send`."""
    engine = FakeEngine()
    engine.submit(OPEN)
    engine.submit(Assign(conn=1, slot=0, track=5))
    assert engine.refusals[0].reason == "no such slot"


def test_a_failed_connection_is_forgotten_and_told() -> None:
    """As the real engine does by itself."""
    engine = FakeEngine()
    heard = []
    engine.listen(heard.append)
    engine.submit(OPEN)
    engine.fail(1, "dead")
    assert heard == [Failed(conn=1, reason="dead")]
    assert not engine.connections
