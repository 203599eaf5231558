"""The truth about a switched microphone."""

from stage import Stage
from telepresence.signaling.messages import Done, ErrorCode, MemberUpdate


def test_a_muted_microphone_is_told_to_everybody() -> None:
    """And told again when it is on."""
    stage = Stage()
    client, other = stage.join("xixia"), stage.join("nanyang")
    client.publish("0", "1")
    for muted in (True, False):
        assert isinstance(client.send("mute", mid="0", muted=muted)[0], Done)
        audio = other.last(MemberUpdate).member.sources[0].audio
        assert audio
        assert audio.muted is muted


def test_what_changes_nothing_is_told_to_nobody() -> None:
    """A second press of the same switch."""
    stage = Stage()
    client, other = stage.join("xixia"), stage.join("nanyang")
    client.publish("0", "1")
    other.inbox.clear()
    client.send("mute", mid="0", muted=False)
    assert not other.inbox


def test_a_track_that_is_not_published_is_unknown() -> None:
    """The message names its mid."""
    client = Stage().join()
    client.send("mute", mid="5", muted=True)
    assert client.error.code is ErrorCode.TRACK_UNKNOWN
    assert "5" in client.error.message
