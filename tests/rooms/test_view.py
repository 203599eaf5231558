"""Stories of what a watcher shows: who has a slot, how large, and whose picture is paused."""

from stage import Client, Stage
from telepresence.engine.commands import Assign, View
from telepresence.signaling.messages import Direction, Done, Offer, Slots


def meeting(*names: str, slots: int = 2) -> tuple[Stage, Client, list[Client]]:
    """A watcher with few slots, and sites that publish a camera with a voice."""
    stage = Stage()
    watcher = stage.join("watcher", slots=slots)
    watcher.answer()
    sites = [stage.join(name, slots=0) for name in names]
    for site in sites:
        site.publish("0", "1")
    stage.engine.commands.clear()
    return stage, watcher, sites


def views(stage: Stage) -> list[tuple[int, int, int, bool]]:
    """Returns what the engine was told of sizes, in order: slot, width, height, pinned."""
    found = [command for command in stage.engine.commands if isinstance(command, View)]
    return [(view.slot, view.width, view.height, view.pinned) for view in found]


def seen(watcher: Client) -> list[str]:
    """Returns the participants in the watcher's slots."""
    return [holder[0] if holder else "" for _, holder in sorted(watcher.view().items())]


def ids(*clients: Client) -> list[str]:
    """Returns their participants."""
    return [client.joined.participant for client in clients]


def test_the_engine_is_told_the_size_of_each_picture_once() -> None:
    """Two tiles; the same list again says nothing, a changed one says what changed."""
    stage, watcher, (a, b) = meeting("a", "b")
    assert isinstance(watcher.show((a, 1280, 720), (b, 320, 180))[-1], Done)
    assert views(stage) == [(1, 1280, 720, False), (3, 320, 180, False)]
    watcher.show((a, 1280, 720), (b, 320, 180))
    assert len(views(stage)) == 2
    watcher.show((a, 1280, 720), (b, 640, 360))
    watcher.show((a, 1280, 720), (b, 640, 360), pinned=True)
    assert views(stage)[2:] == [(3, 640, 360, False), (1, 1280, 720, True), (3, 640, 360, True)]
    assert not stage.engine.refusals
    assert not [command for command in stage.engine.commands if isinstance(command, Assign)]


def test_before_the_first_list_everything_is_shown_at_full_size() -> None:
    """The engine hears of no size, whatever comes."""
    stage, _, sites = meeting("a", "b")
    sites[0].publish("1")
    assert not views(stage)


def test_what_is_not_listed_is_paused_and_its_voice_goes_on() -> None:
    """It keeps its slot, since nobody needs it."""
    stage, watcher, (a, b) = meeting("a", "b")
    before = dict(stage.engine.assigned)
    watcher.show((b, 640, 360))
    assert views(stage) == [(1, 0, 0, False), (3, 640, 360, False)]
    assert stage.engine.assigned == before
    assert seen(watcher) == ids(a, b)
    watcher.show()
    assert views(stage)[2:] == [(3, 0, 0, False)]


def test_a_listed_source_takes_the_slot_of_one_that_is_not() -> None:
    """Three sites, two slots: the third is shown in place of the one that was left out; the size is told before it."""
    stage, watcher, (a, b, c) = meeting("a", "b", "c")
    assert seen(watcher) == ids(a, b)
    watcher.show((c, 640, 360), (b, 320, 180))
    assert seen(watcher) == ids(c, b)
    first = [command for command in stage.engine.commands if isinstance(command, View | Assign) and command.slot == 1]
    assert [type(command) for command in first] == [View, Assign]
    assert not stage.engine.refusals


def test_a_listed_source_keeps_its_slot_and_of_too_many_the_first_are_seated() -> None:
    """All three are listed, the newest first: it waits, for both slots are taken by listed ones."""
    _, watcher, (a, b, c) = meeting("a", "b", "c")
    watcher.show((c, 640, 360), (b, 320, 180), (a, 320, 180))
    assert seen(watcher) == ids(a, b)
    _, watcher, (a, b, c) = meeting("a", "b", "c", slots=1)
    watcher.show((c, 640, 360), (b, 320, 180))
    assert seen(watcher) == ids(c)


def test_a_newcomer_is_paused_until_it_is_listed() -> None:
    """Its slot and its voice it has at once."""
    stage, watcher, (a,) = meeting("a")
    watcher.show((a, 640, 360))
    late = stage.join("late", slots=0)
    late.publish("0", "1")
    assert seen(watcher) == ids(a, late)
    assert views(stage) == [(1, 640, 360, False), (3, 0, 0, False)]
    watcher.show((a, 640, 360), (late, 640, 360))
    assert views(stage)[2:] == [(3, 640, 360, False)]


def test_a_tile_of_a_source_that_is_gone_means_nothing() -> None:
    """It may just have left; one that comes under that name is listed already."""
    stage, watcher, (a, b) = meeting("a", "b")
    b.send("leave")
    assert isinstance(watcher.show((b, 640, 360), (a, 320, 180))[-1], Done)
    assert views(stage) == [(1, 320, 180, False)]


def test_a_source_named_twice_counts_by_its_first_tile() -> None:
    """A pinned picture may stand in the strip as well."""
    stage, watcher, (a,) = meeting("a")
    watcher.show((a, 1280, 720), (a, 160, 90))
    assert views(stage) == [(1, 1280, 720, False)]


def test_a_listed_source_whose_connection_failed_gives_way() -> None:
    """The page still shows its tile; there is nothing to see in it."""
    stage, watcher, (a, b, c) = meeting("a", "b", "c")
    stage.engine.fail(stage.connection(a, Direction.UP))
    watcher.show((a, 320, 180), (b, 320, 180))
    assert seen(watcher) == ids(c, b)


def test_a_list_before_the_answer_holds_after_it_and_ends_with_the_connection() -> None:
    """The engine is told once it knows the slots; a new down connection begins at full size."""
    stage = Stage()
    site, watcher = stage.join("a", slots=0), stage.join("watcher")
    site.publish("1")
    watcher.show((site, 640, 360))
    assert not views(stage)
    watcher.answer()
    assert views(stage) == [(1, 640, 360, False)]
    back = stage.open()
    back.join(stage.token("watcher"), slots=2, resume=watcher.joined.resume)
    back.answer()
    assert len(views(stage)) == 1
    assert not stage.engine.views


def test_a_list_holds_over_a_lost_socket() -> None:
    """Media goes on, at the size it had."""
    stage, watcher, (a,) = meeting("a")
    watcher.show((a, 640, 360))
    watcher.lose()
    back = stage.open()
    back.join(stage.token("watcher"), slots=0, resume=watcher.joined.resume)
    back.show((a, 640, 360))
    assert len(views(stage)) == 1


def test_who_watches_nothing_may_say_so() -> None:
    """Without a down connection the list means nothing."""
    stage = Stage()
    client = stage.join(slots=0)
    assert isinstance(client.show()[-1], Done)
    assert not client.all(Offer)
    assert not views(stage)


def test_the_slots_message_tells_of_a_swap() -> None:
    """One message, with the one slot."""
    _, watcher, (_, b, c) = meeting("a", "b", "c")
    watcher.inbox.clear()
    watcher.show((c, 640, 360), (b, 320, 180))
    (message,) = watcher.all(Slots)
    assert [slot.index for slot in message.slots] == [0]
