"""A film is encoded once, kept, and can be played round and round."""

from pathlib import Path

import av
import pytest

from telepresence.bots.clip import ClipError, find_film, load_clip


def test_the_film_of_the_package_is_there() -> None:
    """The demo clip is five seconds with sound, a keyframe each half second, and its rounds join in whole packets."""
    try:
        film = find_film()
    except ClipError as error:
        pytest.skip(str(error))
    with av.open(str(film)) as container:
        assert container.streams.audio
        assert container.duration is not None
        assert 5_000_000 < container.duration < 6_000_000


def test_a_clip_is_encoded_once_and_decodes_from_each_half_second(film: Path, tmp_path: Path) -> None:
    """The second time it comes from the cache; a viewer who starts at any keyframe sees all that follows."""
    cache = tmp_path / "cache"
    clip = load_clip(film, cache)
    files = list(cache.iterdir())
    written = files[0].stat().st_mtime_ns
    assert load_clip(film, cache) == clip
    assert [file.stat().st_mtime_ns for file in cache.iterdir()] == [written]
    assert len(clip.video) * 40 == clip.length_ms
    assert [packet.ms for packet in clip.audio] == list(range(0, clip.length_ms // 20 * 20, 20))
    # The lowest bit of a VP8 frame is 0 in a keyframe; source: RFC 6386 §9.1.
    keyframes = [number for number, packet in enumerate(clip.video) if not packet.data[0] & 1]
    assert {number % 12 for number in keyframes} == {0}
    for start in keyframes:
        decoder = av.CodecContext.create("libvpx", "r")
        pictures = [decoder.decode(av.Packet(packet.data)) for packet in clip.video[start:]]
        assert all(len(picture) == 1 for picture in pictures)


def test_what_cannot_be_played_is_named(tmp_path: Path) -> None:
    """A file that is none, and one that is no film."""
    with pytest.raises(ClipError, match=r"absent\.mp4 cannot be played: No such file"):
        load_clip(tmp_path / "absent.mp4", tmp_path / "cache")
    text = tmp_path / "text.mp4"
    text.write_text("this is no film")
    with pytest.raises(ClipError, match=r"text\.mp4 cannot be played"):
        load_clip(text, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())
