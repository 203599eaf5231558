"""A chart is encoded once, and can be sent round and round."""

import av
import pytest
from av.video.codeccontext import VideoCodecContext

from telepresence.bots.chart import ChartFormat, Tone
from telepresence.bots.loop import chart_loop
from telepresence.bots.peer import VideoCodec, codecs
from telepresence.bots.timecode import Timecode, read_timecode
from telepresence.bots.watch import luma_of

FORM = ChartFormat(width=320, height=180, fps=25)
DECODERS = {VideoCodec.VP8: "libvpx", VideoCodec.H264: "h264"}


@pytest.mark.parametrize("codec", list(VideoCodec))
def test_a_loop_decodes_from_each_second_and_over_its_end(codec: VideoCodec) -> None:
    """A viewer who starts at either key frame reads every code, and the round after it too."""
    loop = chart_loop(form=FORM, label="Loop", number=7, tone=Tone(hz=440, level_dbfs=-20), codec=codec)
    assert (len(loop.video), len(loop.audio), loop.length_ms) == (50, 100, 2000)
    assert [packet.ms for packet in loop.video[:3]] == [0, 40, 80]
    for start in (0, 25):
        decoder = av.CodecContext.create(DECODERS[codec], "r")
        assert isinstance(decoder, VideoCodecContext)
        codes = [
            read_timecode(luma_of(picture))
            for packet in (*loop.video[start:], *loop.video)
            for picture in decoder.decode(av.Packet(packet.data))
        ]
        assert codes[0] == Timecode(start * 40, 7, start)
        assert None not in codes
        assert len(codes) >= 99 - start


def test_each_codec_is_offered_alone() -> None:
    """What was encoded beforehand can be nothing else; H264 is the profile that every browser has."""
    assert {codec.mimeType for codec in codecs("video")} == {"video/VP8", "video/rtx"}
    (h264,) = [codec for codec in codecs("video", VideoCodec.H264) if codec.mimeType == "video/H264"]
    assert h264.parameters["profile-level-id"] == "42e01f"
