"""Stories of a room, as its members live them."""

from stage import Stage
from telepresence.engine.commands import Assign, Close
from telepresence.signaling.messages import (
    Closing,
    ClosingReason,
    Direction,
    LeaveReason,
    Member,
    MemberLeft,
    MemberUpdate,
    Presence,
    Slots,
)


def member(stage: Stage, name: str) -> Member:
    """Returns the member with that name."""
    room = stage.directory.find("demo")
    assert room
    return next(found for found in room.members() if found.name == name)


def test_a_picture_comes_into_the_first_free_slot_of_everybody_else() -> None:
    """Xixia publishes: Nanyang sees it in slot 0, and the engine sends it there; Xixia sees nobody."""
    stage = Stage()
    xixia, nanyang = stage.join("xixia"), stage.join("nanyang")
    nanyang.answer()
    xixia.publish("0", "1")
    assert nanyang.view() == {0: (xixia.joined.participant, "camera"), 1: None}
    assert xixia.view() == {0: None, 1: None}
    assert {slot for _, slot in stage.engine.assigned} == {0, 1}
    assert not stage.engine.refusals


def test_the_member_message_comes_before_the_slots_that_show_it() -> None:
    """A page knows a source before a slot names it."""
    stage = Stage()
    xixia, nanyang = stage.join("xixia"), stage.join("nanyang")
    nanyang.inbox.clear()
    xixia.publish("0", "1")
    assert [type(message) for message in nanyang.inbox] == [MemberUpdate, Slots]


def test_who_publishes_before_the_watcher_answers_is_seen_after_the_answer() -> None:
    """The engine is given tracks only once the down connection is described."""
    stage = Stage()
    stage.join("xixia").publish("0", "1")
    nanyang = stage.join("nanyang")
    assert not stage.engine.assigned
    nanyang.answer()
    assert len(stage.engine.assigned) == 2


def test_a_voice_without_a_picture_takes_a_pair() -> None:
    """Only the audio of slot 0 is assigned."""
    stage = Stage()
    stage.join("xixia").publish("0")
    stage.join("nanyang").answer()
    assert [slot for _, slot in stage.engine.assigned] == [0]


def test_more_sources_than_slots_wait_and_enter_in_order() -> None:
    """Two slots, three sites: the third enters when the first leaves, into its slot."""
    stage = Stage()
    watcher = stage.join("watcher", slots=2)
    watcher.answer()
    sites = [stage.join(name) for name in ("a", "b", "c")]
    for site in sites:
        site.publish("1")
    ids = [site.joined.participant for site in sites]
    assert watcher.view() == {0: (ids[0], "camera"), 1: (ids[1], "camera")}
    sites[0].send("leave")
    assert watcher.view() == {0: (ids[2], "camera"), 1: (ids[1], "camera")}


def test_who_cannot_be_told_sees_no_new_source_before_it_can() -> None:
    """While the watcher's socket is lost a freed slot stays empty: a picture would stand under the wrong name."""
    stage = Stage()
    watcher = stage.join("watcher", slots=1)
    watcher.answer()
    first, second = stage.join("a"), stage.join("b")
    first.publish("1")
    second.publish("1")
    watcher.lose()
    first.send("leave")
    assert not [track for track in stage.engine.assigned.values() if track is not None]
    back = stage.open()
    back.join(stage.token("watcher"), slots=0, resume=watcher.joined.resume)
    assert back.view() == {0: (second.joined.participant, "camera")}
    assert [track for track in stage.engine.assigned.values() if track is not None]


def test_a_source_published_anew_keeps_its_slot_with_a_new_track() -> None:
    """A reload of the publisher moves no tile; the engine gets the new track, then loses the old connection."""
    stage = Stage()
    watcher, first, second = stage.join("watcher"), stage.join("a"), stage.join("b")
    watcher.answer()
    first.publish("1")
    second.publish("1")
    before = dict(stage.engine.assigned)
    watcher.inbox.clear()
    first.publish("1", ufrag="newUfrag")
    assert not watcher.all(Slots)
    assert stage.engine.assigned.keys() == before.keys()
    assert stage.engine.assigned != before
    assert [type(command) for command in stage.engine.commands[-2:]] == [Assign, Close]
    assert not stage.engine.refusals


def test_an_unpublished_source_leaves_its_slot() -> None:
    """An empty list of tracks ends publishing; the slot is told to be empty."""
    stage = Stage()
    xixia, nanyang = stage.join("xixia"), stage.join("nanyang")
    nanyang.answer()
    xixia.publish("0", "1")
    xixia.publish()
    assert nanyang.view()[0] is None
    assert not stage.engine.assigned


def test_the_same_link_on_a_second_device_joins_under_a_number_that_is_used_again() -> None:
    """Xixia, Xixia (2), Xixia (3); the second leaves, and the next device is (2) again."""
    stage = Stage()
    devices = [stage.join("xixia") for _ in range(3)]
    room = stage.directory.find("demo")
    assert room
    assert [found.name for found in room.members()] == ["Xixia", "Xixia (2)", "Xixia (3)"]
    devices[1].send("leave")
    stage.join("xixia")
    assert [found.name for found in room.members()] == ["Xixia", "Xixia (3)", "Xixia (2)"]


def test_a_lost_socket_is_away_for_thirty_seconds_and_then_gone() -> None:
    """The others are told of both; media goes on until the end."""
    stage = Stage()
    xixia, nanyang = stage.join("xixia"), stage.join("nanyang")
    nanyang.answer()
    xixia.publish("0", "1")
    xixia.lose()
    assert nanyang.last(MemberUpdate).member.presence is Presence.AWAY
    stage.advance(29.9)
    assert stage.engine.assigned
    stage.advance(0.2)
    assert nanyang.last(MemberLeft).reason is LeaveReason.LOST
    assert nanyang.view()[0] is None
    assert len(stage.engine.connections) == 1


def test_leaving_closes_both_connections_and_is_told_at_once() -> None:
    """Nothing of the participant is left in the engine."""
    stage = Stage()
    xixia, nanyang = stage.join("xixia"), stage.join("nanyang")
    xixia.answer()
    xixia.publish("0", "1")
    xixia.send("leave")
    assert nanyang.last(MemberLeft).reason is LeaveReason.LEFT
    assert len(stage.engine.connections) == 1
    assert not stage.engine.refusals


def test_a_resumed_socket_keeps_both_connections_and_hears_all_its_slots() -> None:
    """With `slots: 0` media goes on: no offer, the whole of the slots, and the others see it here again."""
    stage = Stage()
    xixia, nanyang = stage.join("xixia"), stage.join("nanyang")
    nanyang.answer()
    xixia.publish("0", "1")
    commands = len(stage.engine.commands)
    nanyang.lose()
    stage.advance(20)
    back = stage.open()
    back.join(stage.token("nanyang"), slots=0, resume=nanyang.joined.resume)
    assert back.joined.resumed
    assert back.joined.participant == nanyang.joined.participant
    assert back.joined.slots == 2
    assert back.view() == {0: (xixia.joined.participant, "camera"), 1: None}
    assert len(stage.engine.commands) == commands
    assert xixia.last(MemberUpdate).member.presence is Presence.HERE
    stage.advance(60)
    assert not xixia.all(MemberLeft)


def test_a_reloaded_page_gets_a_new_offer_and_the_old_connection_is_closed() -> None:
    """With `slots: N` the down connection is replaced."""
    stage = Stage()
    stage.join("xixia").publish("0", "1")
    nanyang = stage.join("nanyang")
    nanyang.answer()
    nanyang.lose()
    back = stage.open()
    back.join(stage.token("nanyang"), slots=3, resume=nanyang.joined.resume)
    assert back.joined.slots == 3
    back.answer()
    assert len(stage.engine.connections) == 3  # Xixia's two and Nanyang's new one
    assert {slot for _, slot in stage.engine.assigned} == {0, 1}
    assert not stage.engine.refusals


def test_a_socket_that_is_resumed_elsewhere_is_told_and_means_nothing_any_more() -> None:
    """The first window gets `closing: replaced`; its frames and its end change nothing."""
    stage = Stage()
    first, nanyang = stage.join("xixia"), stage.join("nanyang")
    second = stage.open()
    second.join(stage.token("xixia"), resume=first.joined.resume)
    assert first.last(Closing).reason is ClosingReason.REPLACED
    assert first.close_code == 4001
    nanyang.inbox.clear()
    assert first.send("leave") == []
    first.lose()
    stage.advance(60)
    assert not nanyang.inbox


def test_an_up_connection_that_failed_silences_its_tiles_but_leaves_them() -> None:
    """The sources stay in their slots with `live: false`; the engine sends nothing there."""
    stage = Stage()
    xixia, nanyang = stage.join("xixia"), stage.join("nanyang")
    nanyang.answer()
    xixia.publish("0", "1")
    for track in list(stage.engine.tracks):
        stage.engine.go_live(track)
    video = member(stage, "Xixia").sources[0].video
    assert video
    assert video.live
    room = stage.directory.find("demo")
    assert room
    up = room.participants[xixia.joined.participant].up
    assert up
    stage.engine.fail(up.conn)
    video = nanyang.last(MemberUpdate).member.sources[0].video
    assert video
    assert not video.live
    assert nanyang.view()[0] == (xixia.joined.participant, "camera")
    assert not stage.engine.assigned
    xixia.publish("0", "1", ufrag="again123")
    assert len(stage.engine.assigned) == 2


def test_the_tiles_of_a_failed_connection_go_after_thirty_seconds() -> None:
    """A reloaded page that no longer publishes leaves no dead picture; one that publishes again keeps its tile."""
    stage = Stage()
    silent, again, watcher = stage.join("silent"), stage.join("again"), stage.join("watcher")
    for site in (silent, again):
        site.publish("1")
    for conn, opened in list(stage.engine.connections.items()):
        if opened.direction is Direction.UP:
            stage.engine.fail(conn)
    stage.advance(29)
    again.publish("1", ufrag="again123")
    assert watcher.view() == {0: (silent.joined.participant, "camera"), 1: (again.joined.participant, "camera")}
    stage.advance(1)
    assert watcher.view() == {0: None, 1: (again.joined.participant, "camera")}
    assert not member(stage, "Silent").sources
    stage.advance(60)
    assert watcher.view()[1]


def test_media_that_arrives_is_told_once() -> None:
    """`track-live` becomes one member message to everybody, the publisher too."""
    stage = Stage()
    xixia, nanyang = stage.join("xixia"), stage.join("nanyang")
    xixia.publish("0", "1")
    nanyang.inbox.clear()
    track = next(iter(stage.engine.tracks))
    stage.engine.go_live(track)
    stage.engine.go_live(track)
    assert len(nanyang.all(MemberUpdate)) == 1
    source = xixia.last(MemberUpdate).member.sources[0]
    assert source.audio
    assert source.audio.live
