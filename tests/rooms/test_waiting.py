"""Stories of the waiting room: who waits learns nothing, and gets nothing, until it is admitted."""

from stage import Client, Stage
from telepresence.engine.commands import Open
from telepresence.signaling.messages import (
    Closing,
    ClosingReason,
    Desk,
    ErrorCode,
    Joined,
    MemberLeft,
    MemberUpdate,
    Offer,
    Reach,
    Role,
    Slots,
    Waiting,
    WaitingSite,
)


def desk_and_guest(stage: Stage) -> tuple[Client, Client]:
    """A chair who is in, and a guest who waits."""
    return stage.join("henan", Role.CHAIR), stage.join("luoyang", Role.GUEST)


def test_a_guest_learns_title_and_chair_and_nothing_else() -> None:
    """It gets one message, and no connection is opened for it, while those inside talk, write and publish."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    before = len(stage.engine.commands)
    guest = stage.join("luoyang", Role.GUEST, slots=4)
    assert stage.engine.commands[before:] == []
    chair.publish("0", "1")
    chair.send("say", text="She does not know yet.")
    chair.send("lock", locked=True)
    chair.send("spotlight", source={"participant": chair.participant, "source": "camera"})
    stage.join("xixia", Role.MODERATOR).send("leave")
    stage.advance(5)
    (waiting,) = guest.inbox
    assert waiting == Waiting(
        re=1,
        version=1,
        participant=guest.participant,
        resume=waiting.resume if isinstance(waiting, Waiting) else "",
        title="Consultation",
        kind=stage.room().kind,
        chair="Henan",
    )


def test_nobody_but_the_desk_hears_of_who_waits() -> None:
    """A member sees neither its coming nor its going; the chair sees both within half a second."""
    stage = Stage()
    chair, member = stage.join("henan", Role.CHAIR), stage.join("xixia")
    member.inbox.clear()
    guest = stage.join("luoyang", Role.GUEST)
    since = stage.room().wall(stage.now)
    site = WaitingSite(participant=guest.participant, site="luoyang", name="Luoyang", since=since)
    stage.advance(0.5)
    assert chair.last(Desk).waiting == (site,)
    guest.send("leave")
    stage.advance(0.5)
    assert chair.last(Desk).waiting == ()
    assert not member.inbox
    assert not chair.all(MemberLeft)


def test_a_guest_that_is_admitted_gets_all_that_a_join_brings() -> None:
    """The same `re`, then its offer and slots with what is there; the others see it come."""
    stage = Stage()
    chair, guest = desk_and_guest(stage)
    chair.publish("0", "1")
    chair.send("admit", participants=[guest.participant])
    assert [type(message) for message in guest.inbox] == [Waiting, Joined, Offer, Slots]
    assert (guest.joined.re, guest.joined.resumed, guest.joined.role) == (1, False, Role.GUEST)
    assert guest.joined.resume == guest.last(Waiting).resume
    assert chair.last(MemberUpdate).member.participant == guest.participant
    assert chair.last(Desk).waiting == ()
    guest.answer()
    assert len(stage.engine.assigned) == 2
    assert guest.view()[0] == (chair.participant, "camera")
    assert not guest.errors


def test_one_is_admitted_and_the_other_waits_on() -> None:
    """Admission is one by one; a name that went away in the meantime does no harm to the other."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    first, second, third = (stage.join(site, Role.GUEST) for site in ("a", "b", "c"))
    first.send("leave")
    chair.send("admit", participants=[first.participant, second.participant, second.participant])
    assert second.all(Joined)
    assert not third.all(Joined)
    stage.advance(0.5)
    assert [site.site for site in chair.last(Desk).waiting] == ["c"]
    chair.send("admit", participants=[second.participant])
    assert chair.error.code is ErrorCode.PARTICIPANT_UNKNOWN


def test_members_wait_where_there_is_a_waiting_room_and_so_does_their_second_device() -> None:
    """Chair, organiser and encoder do not."""
    stage = Stage(waiting_room=True)
    chair = stage.join("henan", Role.CHAIR)
    assert stage.join("office", Role.ORGANISER).all(Joined)
    assert stage.join("scope", Role.ENCODER).all(Joined)
    first = stage.join("xixia")
    chair.send("admit", participants=[first.participant])
    second = stage.join("xixia")
    assert first.all(Joined)
    assert not second.all(Joined)
    stage.advance(0.5)
    assert [site.name for site in chair.last(Desk).waiting] == ["Xixia (2)"]


def test_a_reloaded_waiting_page_has_its_place_again() -> None:
    """It is the same participant, the desk's list does not change, and `joined` answers the newest join."""
    stage = Stage()
    chair, guest = desk_and_guest(stage)
    stage.join("kaifeng", Role.GUEST)
    guest.lose()
    stage.advance(20)
    again = stage.open()
    again.send("heads", heads=1)
    again = stage.open()
    again.join(stage.token("luoyang", Role.GUEST), slots=2, resume=guest.last(Waiting).resume)
    assert again.last(Waiting).participant == guest.last(Waiting).participant
    stage.advance(40)
    assert [site.site for site in chair.last(Desk).waiting] == ["luoyang", "kaifeng"]
    chair.send("admit", participants=[again.participant])
    assert again.joined.resume == guest.last(Waiting).resume
    assert len(again.joined.members) == 2


def test_who_was_away_when_it_was_admitted_is_in_at_its_next_join() -> None:
    """Nothing was opened for it before; the others saw it as away."""
    stage = Stage()
    chair, guest = desk_and_guest(stage)
    guest.lose()
    before = len(stage.engine.commands)
    chair.send("admit", participants=[guest.participant])
    assert stage.engine.commands[before:] == []
    assert chair.last(MemberUpdate).member.presence == "away"
    again = stage.open()
    again.join(stage.token("luoyang", Role.GUEST), resume=guest.last(Waiting).resume)
    assert again.joined.participant == guest.participant
    assert isinstance(stage.engine.commands[-1], Open)


def test_who_waits_and_stays_away_is_gone_after_half_a_minute() -> None:
    """Its secret is worth nothing then."""
    stage = Stage()
    chair, guest = desk_and_guest(stage)
    guest.lose()
    stage.advance(29)
    assert chair.last(Desk).waiting
    stage.advance(1)
    assert not chair.last(Desk).waiting
    again = stage.open()
    again.join(stage.token("luoyang", Role.GUEST), resume=guest.last(Waiting).resume)
    assert again.error.code is ErrorCode.RESUME_UNKNOWN


def test_who_waits_takes_no_frame_of_a_description_s_size() -> None:
    """The limit of the door still holds; the socket stays."""
    stage = Stage()
    _, guest = desk_and_guest(stage)
    guest.send_raw('{"type":"heads","request":2,"heads":1,"x":"' + "x" * 9000 + '"}')
    assert guest.error.code is ErrorCode.TOO_LARGE
    assert guest.close_code is None


def test_a_waiting_site_that_is_removed_is_told_and_stays_out() -> None:
    """The chair needs no admission for it."""
    stage = Stage()
    chair, guest = desk_and_guest(stage)
    chair.send("remove", participant=guest.participant)
    assert guest.last(Closing).reason is ClosingReason.REMOVED
    assert guest.close_code == 4003
    assert stage.join("luoyang", Role.GUEST).error.code is ErrorCode.REMOVED
    stage.advance(0.5)
    assert [site.site for site in chair.last(Desk).removed] == ["luoyang"]


def test_the_desk_s_list_of_sites_has_each_once_in_its_best_state() -> None:
    """Two devices of a site are one entry; who left is what its connection showed."""
    stage = Stage()
    chair = stage.join("henan", Role.CHAIR)
    first, _ = stage.join("xixia"), stage.join("xixia")
    stage.advance(1)
    assert [(site.site, site.reach) for site in chair.last(Desk).sites] == [
        ("henan", Reach.CONNECTED),
        ("xixia", Reach.CONNECTED),
    ]
    first.answer()
    stage.engine.connect(stage.room().participants[first.participant].down.conn)  # pyright: ignore[reportOptionalMemberAccess]
    for client in stage.clients.values():
        if client is not chair:
            client.send("leave")
    stage.advance(1)
    assert chair.last(Desk).sites[1].reach is Reach.PASSED


def test_many_newcomers_do_not_flood_the_desk() -> None:
    """A hundred members join within a second: the desk's list of sites is told for the first, and once for the others."""
    stage = Stage(members_max=200)
    chair = stage.join("henan", Role.CHAIR)
    stage.advance(1)
    chair.inbox.clear()
    for number in range(100):
        stage.join(f"site-{number}", slots=0)
    stage.advance(1)
    assert len(chair.all(Desk)) == 2
    assert len(chair.last(Desk).sites) == 101


def test_five_hundred_who_wait_do_not_flood_the_desk() -> None:
    """A broadcast's waiting room fills within five seconds: the first is told at once, the rest twice a second, the last one too."""
    stage = Stage(members_max=600, waiting_room=True)
    chair = stage.join("henan", Role.CHAIR, slots=0)
    stage.advance(1)
    chair.inbox.clear()
    stage.join("site-0", Role.AUDIENCE, slots=0)
    assert len(chair.last(Desk).waiting) == 1
    for number in range(1, 500):
        stage.advance(0.01)
        stage.join(f"site-{number}", Role.AUDIENCE, slots=0)
    stage.advance(0.5)
    assert len(chair.all(Desk)) <= 12
    assert len(chair.last(Desk).waiting) == 500


def test_who_waits_is_told_who_has_the_chair() -> None:
    """It comes, is handed on, and is empty: each time the whole answer, with the number of the newest join."""
    stage = Stage()
    guest = stage.join("luoyang", Role.GUEST)
    assert guest.last(Waiting).chair is None
    henan, xixia = stage.join("henan", Role.CHAIR), stage.join("xixia")
    henan.send("hand-on", participant=xixia.participant)
    henan.send("leave")
    xixia.send("leave")
    told = guest.all(Waiting)
    assert [waiting.chair for waiting in told] == [None, "Henan", "Xixia", None]
    assert {(waiting.re, waiting.resume, waiting.participant) for waiting in told} == {
        (1, told[0].resume, guest.participant)
    }
