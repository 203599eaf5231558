"""Receiving without decoding: what aiortc has no switch for works with the version that is pinned."""

import pytest

from bots.conftest import on_air
from bots.small_server import SmallServer
from bots.test_bot_participant import Waiting, frames, small_chart
from telepresence.bots.chart import ChartFormat
from telepresence.bots.counting import Counter
from telepresence.bots.loop import chart_loop
from telepresence.bots.media import SourceKey
from telepresence.bots.participant import Participant
from telepresence.bots.peer import VideoCodec
from telepresence.bots.report import count_report
from telepresence.bots.tap import Encoded, _Unwrapped
from telepresence.signaling.messages import Codec, Kind


class Pieces(Counter):
    """A counter that keeps what it counts."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Encoded] = []

    def encoded(self, key: SourceKey, slot: int, piece: Encoded) -> None:
        """Counts and keeps."""
        super().encoded(key, slot, piece)
        self.kept.append(piece)


async def test_of_two_in_one_process_one_decodes_and_one_counts(server: SmallServer) -> None:
    """Both get the same frames; the counter's carry times by the sender's reports, on which sound and picture agree."""
    judge, counter = Waiting(), Pieces()
    decoding = Participant(server.link, slots=1, sink=judge)
    counting = Participant(server.link, slots=1, sink=counter)
    async with on_air(decoding), on_air(counting), on_air(Participant(server.link, sources=[small_chart(1, 440)])):
        await judge.until(
            lambda seen: frames(seen) > 90 and {piece.kind for piece in counter.kept if piece.ahead} == set(Kind),
            decoding,
        )
        report = await count_report(counting, counter)
    (source,) = report.sources
    assert source.video is not None
    assert source.audio is not None
    assert source.site == "site-p3"
    assert source.video.frames > 60
    assert source.video.keyframes >= 1
    assert report.packets > source.video.frames + source.audio.frames
    ends = {kind: max(at(piece) for piece in counter.kept if piece.kind is kind and piece.ahead) for kind in Kind}
    assert ends[Kind.AUDIO] == pytest.approx(ends[Kind.VIDEO], abs=0.5)
    pictures = [piece for piece in counter.kept if piece.kind is Kind.VIDEO]
    assert pictures[0].codec is Codec.VP8
    assert pictures[0].is_keyframe
    assert [piece.arrived for piece in pictures] == sorted(piece.arrived for piece in pictures)


def at(piece: Encoded) -> float:
    """When it was sent, on the sender's wall clock."""
    assert piece.ahead is not None
    return piece.seconds + piece.ahead


@pytest.mark.parametrize("codec", list(VideoCodec))
def test_key_frames_are_told_from_others(codec: VideoCodec) -> None:
    """A loop has one each second."""
    clip = chart_loop(form=ChartFormat(width=320, height=180), label="x", number=1, tone=None, seconds=2, codec=codec)
    keys = [
        index
        for index, packet in enumerate(clip.video)
        if Encoded(kind=Kind.VIDEO, codec=Codec(codec), data=packet.data, seconds=0, arrived=0, ahead=None).is_keyframe
    ]
    assert keys == [0, 30]


def test_timestamps_go_on_over_their_wrap_around() -> None:
    """Forward over the end, and back for what comes late."""
    clock = _Unwrapped()
    assert [clock.map(stamp) for stamp in (2**32 - 10, 5, 2**32 - 5, 20)] == [
        2**32 - 10,
        2**32 + 5,
        2**32 - 5,
        2**32 + 20,
    ]
