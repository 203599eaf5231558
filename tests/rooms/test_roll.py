"""Who is in a room: the look-ups agree with what they are made from, whatever happens."""

from hypothesis import given, settings
from hypothesis import strategies as st

from stage import Client, Stage
from telepresence.rooms.room import Room
from telepresence.rooms.seats import hash_of
from telepresence.signaling.messages import Joined, Role, Waiting

ROOM = "training"
SITES = 2
DEVICES = 3

happenings = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "join",
                "guest",
                "admit",
                "promote",
                "promote and consent",
                "demote",
                "step-down",
                "publish",
                "raise-hand",
                "hand-on",
                "lose",
                "resume",
                "leave",
                "remove",
                "readmit",
                "wait",
            ]
        ),
        st.integers(0, DEVICES - 1),
    ),
    min_size=10,
    max_size=40,
)


class Meeting:
    """A broadcast with an organiser, and devices that come and go."""

    def __init__(self) -> None:
        """The organiser is there."""
        self.stage = Stage()
        self.organiser = self.stage.join("office", Role.ORGANISER, room=ROOM)
        self.devices: dict[int, Client] = {}

    @property
    def room(self) -> Room:
        """The room."""
        return self.stage.room(ROOM)

    def happen(self, what: str, number: int) -> None:
        """Something happens to a device, which may well be refused."""
        client = self.devices.get(number)
        if what in ("join", "guest"):
            role = Role.GUEST if what == "guest" else Role.AUDIENCE
            self.devices[number] = self.stage.join(f"site-{number % SITES}", role, room=ROOM)
        elif what == "wait":
            self.stage.advance(number * 16)
        elif what == "readmit":
            self.organiser.send("readmit", site=f"site-{number % SITES}")
        elif client is not None and client.inbox and isinstance(client.inbox[0], Joined | Waiting):
            self._happen_to(client, what, number)

    def _happen_to(self, client: Client, what: str, number: int) -> None:
        own = client.session.participant.id
        match what:
            case "admit":
                self.organiser.send("admit", participants=[own])
            case "promote" | "demote" | "hand-on" | "remove":
                self.organiser.send(what, participant=own)
            case "promote and consent":
                self.organiser.send("promote", participant=own)
                client.send("consent", wish="stage", accepted=True)
            case "publish":
                client.publish("0", "1", ufrag=f"Xi{number}a")
            case "raise-hand":
                client.send("raise-hand", raised=True)
            case "lose":
                client.lose()
            case "resume":
                self._resume(client, number)
            case _:
                client.send(what)

    def _resume(self, client: Client, number: int) -> None:
        first = client.inbox[0]
        assert isinstance(first, Joined | Waiting)
        back = self.stage.open()
        role = client.session.participant.identity.role
        back.join(self.stage.token(f"site-{number % SITES}", role, ROOM), resume=first.resume)
        self.devices[number] = back


@settings(max_examples=100, deadline=None)
@given(happenings)
def test_the_look_ups_agree_with_the_participants(story: list[tuple[str, int]]) -> None:
    """Members are those who may be seen, each is found by its secret, numbers of devices are its site's, hands are of those inside."""
    meeting = Meeting()
    for what, number in story:
        meeting.happen(what, number)
        check(meeting.room)
    assert not meeting.stage.engine.refusals


def check(room: Room) -> None:
    """Looks at each look-up."""
    roll = room.roll
    inside = list(room.participants.values())
    assert set(roll.members) == {participant.id for participant in inside if participant.is_seen}
    assert roll.audience() == sum(not participant.is_seen for participant in inside)
    seated = [*inside, *room.waiting.values()]
    assert len(roll) == len(seated)
    for participant in seated:
        assert roll.with_secret(participant.seat.secret_hash) is participant
        assert participant.is_admitted == (participant.id in room.participants)
        assert participant.seat.left_at is None
        assert room.seats[participant.id] is participant.seat
    for number in range(SITES):
        numbers = [p.seat.device for p in seated if p.site == f"site-{number}"]
        assert sorted(roll.devices(f"site-{number}")) == sorted(numbers)
    assert {hand.participant for hand in room.hands.all()} <= set(room.participants)
    assert not any(participant.sources for participant in inside if not participant.is_seen)


def test_who_is_gone_is_not_found_by_its_secret() -> None:
    """And its number is free again."""
    stage = Stage()
    first = stage.join("xixia", Role.AUDIENCE)
    roll, secret = stage.room().roll, first.joined.resume
    assert roll.with_secret(hash_of(secret)) is first.session.participant
    assert roll.devices("xixia") == {1}
    first.send("leave")
    assert roll.with_secret(hash_of(secret)) is None
    assert roll.devices("xixia") == frozenset()
