"""Stories of voices: who is the speaker, and whose voice is heard where slots are short."""

import pytest

from stage import Client, Stage, offer_sdp, tracks
from telepresence.engine.commands import Assign, Receive
from telepresence.signaling.messages import Direction, Kind, Slots, Speaker


def voice(stage: Stage, client: Client) -> int:
    """Returns the engine's number of a client's microphone."""
    assert stage.connection(client, Direction.UP)
    track = next(iter(client.session.participant.sources.values())).tracks[Kind.AUDIO]
    assert track.engine
    return track.engine


def group(stage: Stage, room: str = "demo") -> int:
    """Returns the number of a room's voices in the engine."""
    found = stage.directory.find(room)
    assert found
    return found.voice_group


def told(client: Client) -> list[str | None]:
    """Returns the speakers that a client was told of."""
    return [message.participant for message in client.all(Speaker)]


def test_the_voices_of_a_room_are_one_group_and_no_other_rooms() -> None:
    """Microphones are in it, pictures are not."""
    stage = Stage()
    here, there = stage.join("a"), stage.open()
    there.join(stage.token("b", room="training"))
    here.publish("0", "1")
    there.publish("0")
    received = [command for command in stage.engine.commands if isinstance(command, Receive)]
    groups = [[track.voice_group for track in command.tracks] for command in received]
    assert groups == [[group(stage), None], [group(stage, "training")]]
    assert group(stage) != group(stage, "training")


@pytest.mark.parametrize(("profile", "is_voice"), [("talk", True), ("stethoscope", False), ("screen", False)])
def test_a_stethoscope_and_a_shared_screen_are_no_voices(profile: str, is_voice: bool) -> None:
    """A louder voice must not take the place of a heart; the source's first track says what it is."""
    stage = Stage()
    client = stage.join(slots=0)
    picture, sound = tracks("1", "0")
    client.send("publish", sdp=offer_sdp(), tracks=[{**picture, "profile": profile}, {**sound, "profile": profile}])
    receive = stage.engine.commands[1]
    assert isinstance(receive, Receive)
    assert [track.voice_group is not None for track in receive.tracks] == [is_voice, False]


def test_everybody_is_told_who_speaks_once() -> None:
    """The speaker too; other loud voices change nothing; silence is told as well."""
    stage = Stage()
    a, b = stage.join("a"), stage.join("b")
    a.publish("0", "1")
    b.publish("0")
    first, second = voice(stage, a), voice(stage, b)
    stage.engine.speak(group(stage), first, speaker=first)
    stage.engine.speak(group(stage), first, second, speaker=first)
    stage.engine.speak(group(stage), second, first, speaker=second)
    stage.engine.speak(group(stage))
    assert told(a) == told(b) == [a.joined.participant, b.joined.participant, None]
    assert a.all(Speaker)[0].source == "camera"


def test_who_comes_later_is_told_the_present_speaker() -> None:
    """In the answer to its join; before anybody spoke it is null."""
    stage = Stage()
    a = stage.join("a")
    assert a.joined.speaker is None
    a.publish("0")
    stage.engine.speak(group(stage), voice(stage, a), speaker=voice(stage, a))
    late = stage.join("late").joined.speaker
    assert late
    assert (late.participant, late.source) == (a.joined.participant, "camera")


def test_a_speaker_who_leaves_speaks_no_more() -> None:
    """Told before the engine says so, and not again when it does; by a failed connection as by a `leave`."""
    stage = Stage()
    a, b, other = stage.join("a"), stage.join("b"), stage.join("other")
    a.publish("0")
    b.publish("0")
    stage.engine.speak(group(stage), speaker=voice(stage, a))
    a.send("leave")
    assert told(other) == [a.joined.participant, None]
    assert stage.join("late").joined.speaker is None
    stage.engine.speak(group(stage))
    assert len(told(other)) == 2
    stage.engine.speak(group(stage), speaker=voice(stage, b))
    stage.engine.fail(stage.connection(b, Direction.UP))
    assert told(other)[2:] == [b.joined.participant, None]


def test_voices_of_another_room_or_of_none_mean_nothing_here() -> None:
    """The group is the room's."""
    stage = Stage()
    a = stage.join("a")
    a.publish("0")
    stage.engine.speak(group(stage, "training"), voice(stage, a), speaker=voice(stage, a))
    stage.engine.speak(999, voice(stage, a), speaker=voice(stage, a))
    assert not told(a)


def test_where_slots_are_short_a_loud_voice_is_heard_and_a_listed_source_stays() -> None:
    """Two slots, four voices: the third speaks and takes the slot that is not shown; the fourth finds none to take."""
    stage = Stage()
    watcher = stage.join("watcher", slots=2)
    watcher.answer()
    sites = [stage.join(name, slots=0) for name in ("a", "b", "c", "d")]
    for site in sites:
        site.publish("0", "1")
    a, b, c, d = sites
    watcher.show((a, 640, 360))
    stage.engine.speak(group(stage), voice(stage, c), speaker=voice(stage, c))
    shown = [holder[0] if holder else "" for _, holder in sorted(watcher.view().items())]
    assert shown == [a.joined.participant, c.joined.participant]
    watcher.inbox.clear()
    stage.engine.speak(group(stage), voice(stage, c), voice(stage, d), voice(stage, b), speaker=voice(stage, d))
    assert not watcher.all(Slots)
    stage.engine.speak(group(stage), voice(stage, d), speaker=voice(stage, d))
    assert watcher.view()[1] == (d.joined.participant, "camera")
    assert not stage.engine.refusals


def test_where_there_are_slots_enough_voices_move_nobody() -> None:
    """Nothing moves that nobody moved."""
    stage = Stage()
    watcher = stage.join("watcher", slots=2)
    watcher.answer()
    a, b = stage.join("a", slots=0), stage.join("b", slots=0)
    for site in (a, b):
        site.publish("0")
    stage.engine.commands.clear()
    stage.engine.speak(group(stage), voice(stage, b), speaker=voice(stage, b))
    assert not [command for command in stage.engine.commands if isinstance(command, Assign)]
