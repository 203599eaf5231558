"""The table of rights in the contract and the one in the code are the same, and the session obeys it."""

import re
from collections.abc import Callable

import pytest

from stage import REPOSITORY, Client, Stage, example
from telepresence.rooms.rights import RIGHTS, WAITING_RIGHTS, effective, may, passes_lock, waits
from telepresence.signaling.frames import CLIENT_TYPES
from telepresence.signaling.messages import ErrorCode, Role

LAST = ("leave", "end")
"""They end the session, so they are sent when everything else was."""

IN_ORDER = [*(message for message in CLIENT_TYPES if message not in (*LAST, "join", "test")), *LAST]


def written_table() -> dict[tuple[str, str], bool]:
    """Reads the last table under "Rights" in the contract: messages down, roles across."""
    text = (REPOSITORY / "signaling" / "protocol.md").read_text().split("## Rights")[1]
    rows = [re.findall(r"[^|`\s]+", line) for line in text.split("| message |")[1].splitlines() if "|" in line]
    header, _, *body = rows
    return {(role, row[0]): cell == "yes" for row in body for role, cell in zip(header, row[1:], strict=True)}


def test_the_written_table_names_every_role_and_every_message_and_says_what_the_code_says() -> None:
    """Nothing is left out on either side."""
    table = written_table()
    assert {role for role, _ in table} == set(Role) == set(RIGHTS)
    assert {message for _, message in table} == set(CLIENT_TYPES)
    assert table == {(role, message): may(role, message) for role in Role for message in CLIENT_TYPES}


def forbidden(stage: Stage, client: Client, role: Role) -> set[str]:
    """Sends one of each message; returns which of them were forbidden by the role."""
    found: set[str] = set()
    for message in IN_ORDER:
        stage.advance(1)  # Nothing is refused for its number.
        client.inbox.clear()
        fields = {key: value for key, value in example(message).items() if key not in ("type", "request")}
        client.send(message, **fields)
        codes = [error.code for error in client.errors if "has no right" in error.message]
        assert set(codes) <= {ErrorCode.FORBIDDEN}
        found |= {message} if codes else set()
        if client.close_code is not None:
            return found | {message for message in LAST if not may(role, message)}
    return found


def plain(role: Role) -> Callable[[Stage], Client]:
    """Somebody who comes with a link of that role."""

    def come(stage: Stage) -> Client:
        client = stage.join(role=role)
        if role is Role.GUEST:
            stage.join("desk", Role.MODERATOR).send("admit", participants=[client.participant])
        return client

    return come


def second_chair(stage: Stage) -> Client:
    """The chair's link on a second device."""
    stage.join("henan", Role.CHAIR)
    return stage.join("henan", Role.CHAIR)


def former_chair(stage: Stage) -> Client:
    """Somebody who handed the chair on."""
    chair, heir = stage.join("henan", Role.CHAIR), stage.join("heir")
    chair.send("hand-on", participant=heir.participant)
    return chair


def heir(stage: Stage) -> Client:
    """A member to whom the chair was handed."""
    chair, heir = stage.join("henan", Role.CHAIR), stage.join("heir")
    chair.send("hand-on", participant=heir.participant)
    return heir


def organiser_without_chair(stage: Stage) -> Client:
    """An organiser who had the chair and handed it on."""
    organiser, heir = stage.join("office", Role.ORGANISER), stage.join("heir")
    organiser.send("hand-on", participant=organiser.participant)
    organiser.send("hand-on", participant=heir.participant)
    return organiser


BEARERS = [
    *((plain(role), role) for role in Role if role is not Role.ADMIN),
    (second_chair, Role.MEMBER),
    (former_chair, Role.MEMBER),
    (heir, Role.CHAIR),
    (organiser_without_chair, Role.ORGANISER),
]


@pytest.mark.parametrize(("come", "role"), BEARERS)
def test_each_cell_of_the_table_holds_in_a_session(come: Callable[[Stage], Client], role: Role) -> None:
    """A message is forbidden exactly where the table says no; the role is the present one, not the link's."""
    stage = Stage()
    client = come(stage)
    expected = {message for message in IN_ORDER if not written_table()[role, message]}
    assert forbidden(stage, client, role) == expected


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("message", ["join", "test"])
def test_the_door_asks_the_link_for_its_right(message: str, role: Role) -> None:
    """An administrator has none here."""
    stage = Stage()
    client = stage.open()
    if message == "join":
        client.join(stage.token(role=role))
    else:
        client.test(stage.token(role=role))
    assert bool(client.errors) == (not may(role, message))
    assert {error.code for error in client.errors} <= {ErrorCode.FORBIDDEN, ErrorCode.TOKEN_INVALID}


@pytest.mark.parametrize("role", [role for role in Role if waits(role, waiting_room=True)])
def test_who_waits_has_no_right_but_to_state_heads_and_to_leave(role: Role) -> None:
    """Whatever else it sends is refused for that reason."""
    stage = Stage(waiting_room=True)
    client = stage.join(role=role)
    for message in IN_ORDER:
        if message not in LAST:
            client.inbox.clear()
            client.send(message, **{key: value for key, value in example(message).items() if key != "type"})
            refused = [error.code for error in client.errors] == [ErrorCode.NOT_ADMITTED]
            assert refused == (message not in WAITING_RIGHTS), message
            stage.advance(1)
    client.send("leave")
    assert client.close_code == 1000


def test_only_guests_wait_without_a_waiting_room() -> None:
    """With one, members and audience wait too."""
    assert [role for role in Role if waits(role, waiting_room=False)] == [Role.GUEST]
    assert {role for role in Role if waits(role, waiting_room=True)} == {Role.GUEST, Role.MEMBER, Role.AUDIENCE}


def test_a_lock_lets_those_pass_who_lead() -> None:
    """And nobody else."""
    assert {role for role in Role if passes_lock(role)} == {
        Role.CHAIR,
        Role.ORGANISER,
        Role.MODERATOR,
        Role.PRESENTER,
    }


@pytest.mark.parametrize(
    ("role", "is_chair", "on_stage", "expected"),
    [
        (Role.CHAIR, True, False, Role.CHAIR),
        (Role.CHAIR, False, False, Role.MEMBER),
        (Role.ORGANISER, True, False, Role.ORGANISER),
        (Role.MEMBER, True, False, Role.CHAIR),
        (Role.AUDIENCE, False, True, Role.MEMBER),
        (Role.AUDIENCE, False, False, Role.AUDIENCE),
        (Role.AUDIENCE, True, True, Role.CHAIR),
        (Role.MODERATOR, False, False, Role.MODERATOR),
    ],
)
def test_the_present_role_comes_of_the_link_the_chair_and_the_stage(
    role: Role, is_chair: bool, on_stage: bool, expected: Role
) -> None:
    """One line of the contract each."""
    assert effective(role, is_chair=is_chair, on_stage=on_stage) is expected
