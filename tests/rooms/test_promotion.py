"""From the audience onto the stage and back, without rejoining."""

import pytest

from stage import Client, Stage
from telepresence.engine.commands import Close, Open
from telepresence.rooms.records import Kept, RoomRecord, SeatRecord
from telepresence.signaling.messages import (
    Asked,
    AskedNoMore,
    Audience,
    ConnectionState,
    Direction,
    Done,
    Error,
    ErrorCode,
    Hands,
    LeaveReason,
    MemberLeft,
    MemberUpdate,
    OwnRole,
    QuestionUpdate,
    Role,
    Slots,
    Wish,
)
from telepresence.signaling.messages import Connection as ConnectionUpdate

ROOM = "training"


class Training:
    """A broadcast: a moderator, a presenter who publishes, and two of the audience, who all watch."""

    def __init__(self) -> None:
        """All are there."""
        self.stage = Stage()
        self.moderator = self.join("desk", Role.MODERATOR)
        self.presenter = self.join("professor", Role.PRESENTER)
        self.xixia, self.nanyang = self.join("xixia", Role.AUDIENCE), self.join("nanyang", Role.AUDIENCE)
        self.all = (self.moderator, self.presenter, self.xixia, self.nanyang)
        for client in self.all:
            client.answer()
        self.presenter.publish("0", "1")

    def join(self, site: str, role: Role) -> Client:
        """Joins, with three slots."""
        return self.stage.join(site, role, room=ROOM, slots=3)

    def promote(self, client: Client) -> None:
        """The moderator asks, the device says yes."""
        self.moderator.send("promote", participant=client.session.participant.id)
        assert isinstance(client.send("consent", wish="stage", accepted=True)[0], Done)

    def demote(self, client: Client) -> None:
        """The moderator sends the device back."""
        assert isinstance(self.moderator.send("demote", participant=client.session.participant.id)[0], Done)

    def resume(self, client: Client, *, slots: int = 0) -> Client:
        """The device loses its socket and comes back on another one."""
        client.lose()
        back = self.stage.open()
        back.join(self.stage.token("xixia", Role.AUDIENCE, ROOM), slots=slots, resume=client.joined.resume)
        return back

    def seen(self, client: Client) -> set[str | None]:
        """Returns whose sources stand in a client's slots."""
        return {slot[0] for slot in client.view().values() if slot}


def test_the_whole_way_up() -> None:
    """A hand, the question, yes: a role, a member to all, and its picture in everybody's slots, on the same socket."""
    training = Training()
    xixia, stage = training.xixia, training.stage
    own, opened = xixia.joined.participant, len([c for c in stage.engine.commands if isinstance(c, Open)])
    xixia.send("raise-hand", raised=True)
    assert [hand.name for hand in training.moderator.last(Hands).hands] == ["Xixia"]
    training.moderator.send("promote", participant=own)
    assert xixia.last(Asked) == Asked(wish=Wish.STAGE, by="Desk", participant=training.moderator.joined.participant)
    stage.advance(1)
    xixia.inbox.clear()
    assert isinstance(xixia.send("consent", wish="stage", accepted=True)[0], Done)
    assert [type(message) for message in xixia.inbox[:3]] == [Done, OwnRole, MemberUpdate]
    assert xixia.last(OwnRole).role is Role.MEMBER
    for client in training.all:
        member = client.last(MemberUpdate).member
        assert (member.participant, member.role, member.promoted, member.sources) == (own, Role.MEMBER, True, ())
    assert training.moderator.last(Hands).hands == xixia.last(Hands).hands == ()
    xixia.publish("0", "1", ufrag="Xi1a")
    for client in (training.moderator, training.presenter, training.nanyang):
        assert own in training.seen(client)
        assert client.last(MemberUpdate).member.sources
    assert len([c for c in stage.engine.commands if isinstance(c, Open)]) == opened + 1
    assert not stage.engine.refusals


def test_the_way_back_leaves_socket_secret_and_down_connection_alone() -> None:
    """Its sources are gone for everybody, its up connection is closed; it goes on watching, and may be promoted again."""
    training = Training()
    xixia, stage = training.xixia, training.stage
    training.promote(xixia)
    xixia.publish("0", "1", ufrag="Xi1a")
    own, before = xixia.joined.participant, training.seen(xixia)
    up, down = (stage.connection(xixia, direction) for direction in (Direction.UP, Direction.DOWN))
    xixia.inbox.clear()
    stage.engine.commands.clear()
    training.demote(xixia)
    for client in training.all:
        assert client.last(MemberLeft) == MemberLeft(participant=own, reason=LeaveReason.DEMOTED)
    assert xixia.last(OwnRole).role is Role.AUDIENCE
    assert not xixia.all(Slots)
    assert own not in training.seen(training.nanyang)
    assert [command.conn for command in stage.engine.commands if isinstance(command, Close)] == [up]
    assert down in stage.engine.connections
    assert before
    xixia.send("publish", sdp="v=0", tracks=[])
    assert xixia.error.code is ErrorCode.FORBIDDEN
    training.promote(xixia)
    xixia.publish("0", "1", ufrag="Xi2b")
    assert own in training.seen(training.nanyang)
    assert not stage.engine.refusals


def test_one_steps_down_by_itself() -> None:
    """And still comes back by its secret, into the audience."""
    training = Training()
    first = training.xixia
    training.promote(first)
    first.publish("0", ufrag="Xi1a")
    assert isinstance(first.send("step-down")[0], Done)
    assert training.moderator.last(MemberLeft).reason is LeaveReason.DEMOTED
    first.lose()
    back = training.stage.open()
    back.join(training.stage.token("xixia", Role.AUDIENCE, ROOM), slots=0, resume=first.joined.resume)
    assert back.joined.resumed
    assert back.joined.role is Role.AUDIENCE
    assert not back.all(ConnectionUpdate)


def test_an_invitation_is_taken_back() -> None:
    """The page is told, and a yes that comes too late changes nothing."""
    training = Training()
    training.moderator.send("promote", participant=training.xixia.session.participant.id)
    training.demote(training.xixia)
    assert training.xixia.last(AskedNoMore).wish is Wish.STAGE
    training.xixia.send("consent", wish="stage", accepted=True)
    assert training.xixia.error.code is ErrorCode.NOT_ASKED
    assert training.xixia.session.participant.role is Role.AUDIENCE


def test_a_promotion_is_kept_over_a_resume() -> None:
    """A lost socket and a reloaded page: still on the stage, among the members, without being asked again."""
    training = Training()
    training.promote(training.xixia)
    training.xixia.publish("0", "1", ufrag="Xi1a")
    training.stage.engine.connect(training.stage.connection(training.xixia, Direction.UP))
    back = training.resume(training.xixia)
    assert back.joined.role is Role.MEMBER
    assert back.joined.participant in [member.participant for member in back.joined.members]
    assert not back.all(ConnectionUpdate)
    again = training.resume(back, slots=3)
    again.publish("0", "1", ufrag="Xi2b")
    assert again.joined.participant in training.seen(training.nanyang)


def test_the_question_is_repeated_to_one_who_comes_back() -> None:
    """It was asked while its socket was lost; the join answer says so, and yes counts."""
    training = Training()
    training.xixia.lose()
    training.moderator.send("promote", participant=training.xixia.joined.participant)
    back = training.resume(training.xixia)
    assert back.joined.asked == (Wish.STAGE,)
    back.send("consent", wish="stage", accepted=True)
    assert back.last(OwnRole).role is Role.MEMBER
    assert training.resume(back).joined.asked == ()


def test_who_refuses_stays_in_the_audience() -> None:
    """Nobody is told; a yes afterwards is too late."""
    training = Training()
    training.moderator.send("promote", participant=training.xixia.joined.participant)
    training.nanyang.inbox.clear()
    assert [type(reply) for reply in training.xixia.send("consent", wish="stage", accepted=False)] == [Done]
    assert not training.nanyang.inbox
    training.xixia.send("consent", wish="stage", accepted=True)
    assert training.xixia.error.code is ErrorCode.NOT_ASKED


def test_nobody_comes_onto_the_stage_unasked() -> None:
    """Nor by publishing."""
    training = Training()
    training.xixia.send("consent", wish="stage", accepted=True)
    assert training.xixia.error.code is ErrorCode.NOT_ASKED
    training.xixia.publish("0", "1")
    assert training.xixia.error.code is ErrorCode.FORBIDDEN
    assert training.xixia.joined.participant not in training.seen(training.nanyang)


@pytest.mark.parametrize(("kind", "who"), [("promote", "moderator"), ("demote", "presenter"), ("demote", "nanyang")])
def test_only_the_audience_is_promoted_and_only_who_was_promoted_sent_back(kind: str, who: str) -> None:
    """A moderator is no audience; a presenter was not promoted, nor was one of the audience."""
    training = Training()
    training.moderator.send(kind, participant=getattr(training, who).joined.participant)
    assert training.moderator.error.code is ErrorCode.FORBIDDEN


@pytest.mark.parametrize("kind", ["promote", "demote"])
def test_who_is_not_there_is_unknown(kind: str) -> None:
    """The message names it."""
    training = Training()
    training.moderator.send(kind, participant="p-nobody")
    assert training.moderator.error.code is ErrorCode.PARTICIPANT_UNKNOWN
    assert "p-nobody" in training.moderator.error.message


@pytest.mark.parametrize("kind", ["promote", "demote"])
def test_the_audience_promotes_and_demotes_nobody(kind: str) -> None:
    """Nor does one that was promoted."""
    training = Training()
    nanyang = training.nanyang.joined.participant
    training.xixia.send(kind, participant=nanyang)
    training.promote(training.xixia)
    training.xixia.send(kind, participant=nanyang)
    assert [error.code for error in training.xixia.all(Error)] == [ErrorCode.FORBIDDEN] * 2


def test_a_member_by_its_link_can_not_step_down() -> None:
    """There is no audience that it came from."""
    training = Training()
    training.presenter.send("step-down")
    assert training.presenter.error.code is ErrorCode.FORBIDDEN


def test_the_chair_hands_the_chair_on_before_it_goes_back() -> None:
    """A promoted site that was made chair."""
    training = Training()
    organiser = training.join("office", Role.ORGANISER)
    training.promote(training.xixia)
    organiser.send("hand-on", participant=training.xixia.joined.participant)
    training.xixia.send("step-down")
    assert training.xixia.error.code is ErrorCode.FORBIDDEN
    training.xixia.send("hand-on", participant=organiser.joined.participant)
    assert training.xixia.last(OwnRole).role is Role.MEMBER
    assert isinstance(training.xixia.send("step-down")[0], Done)


def test_on_the_stage_one_sees_hands_and_questions_that_one_could_not_see() -> None:
    """And, back in the audience, its own hand alone."""
    training = Training()
    training.nanyang.send("raise-hand", raised=True)
    training.nanyang.send("ask", text="Which dose?")
    assert not training.xixia.all(QuestionUpdate)
    training.promote(training.xixia)
    assert training.xixia.last(QuestionUpdate).question.text == "Which dose?"
    assert [hand.name for hand in training.xixia.last(Hands).hands] == ["Nanyang"]
    training.demote(training.xixia)
    assert training.xixia.last(Hands).hands == ()


def test_a_promotion_is_counted_out_of_the_audience() -> None:
    """And back in."""
    training = Training()
    training.stage.advance(2)
    counts = [training.presenter.last(Audience).count]
    training.promote(training.xixia)
    training.stage.advance(2)
    counts.append(training.presenter.last(Audience).count)
    training.demote(training.xixia)
    training.stage.advance(2)
    counts.append(training.presenter.last(Audience).count)
    assert counts == [2, 1, 2]


def test_a_promotion_outlives_a_restart_of_the_server() -> None:
    """The seat's row says so; the device comes back by its secret, onto the stage."""
    training = Training()
    training.promote(training.xixia)
    training.nanyang.send("ask", text="Which dose?")
    records = [keep.record for keep in training.stage.kept]
    room = next(record for record in records if isinstance(record, RoomRecord) and record.id == ROOM)
    seats = {record.participant: record for record in records if isinstance(record, SeatRecord)}
    questions = list(training.stage.room(ROOM).questions.records.values())
    assert seats[training.xixia.joined.participant].on_stage
    after = Stage()
    after.directory.rooms.clear()
    after.perform(after.directory.restore(Kept(rooms=[room], seats=list(seats.values()), questions=questions), 0))
    back = after.open()
    back.join(after.token("xixia", Role.AUDIENCE, ROOM), slots=0, resume=training.xixia.joined.resume)
    assert back.joined.role is Role.MEMBER
    assert back.joined.audience == 1
    assert [question.text for question in back.joined.questions] == ["Which dose?"]
    assert {message.state for message in back.all(ConnectionUpdate)} == {ConnectionState.FAILED}
    back.publish("0", "1")
    assert back.last(MemberUpdate).member.sources
