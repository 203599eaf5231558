"""A member that leaves on its own."""

from stage import Stage
from telepresence.signaling.messages import Closing, ClosingReason, Done, MemberLeft


def test_leaving_is_confirmed_and_closed() -> None:
    """`done`, `closing` with `left`, close code 1000; the room is told by `member-left`."""
    stage = Stage()
    client, other = stage.join("xixia"), stage.join("nanyang")
    done, closing = client.send("leave")
    assert isinstance(done, Done)
    assert isinstance(closing, Closing)
    assert closing.reason is ClosingReason.LEFT
    assert client.close_code == 1000
    client.lose()
    stage.advance(60)
    assert len(other.all(MemberLeft)) == 1
