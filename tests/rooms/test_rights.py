"""The table of rights in the contract and the one in the code are the same, and the session obeys it."""

import re

import pytest

from stage import REPOSITORY, Stage
from telepresence.rooms.rights import RIGHTS, may
from telepresence.signaling.frames import CLIENT_TYPES
from telepresence.signaling.messages import Error, ErrorCode, Role


def written_table() -> dict[tuple[str, str], bool]:
    """Reads the table under "Rights" in the contract."""
    text = (REPOSITORY / "signaling" / "protocol.md").read_text().split("## Rights")[1]
    rows = [re.findall(r"[^|`\s]+", line) for line in text.splitlines() if line.startswith("|")]
    header, _, *body = rows
    return {(row[0], name): cell == "yes" for row in body for name, cell in zip(header[1:], row[1:], strict=True)}


def test_the_written_table_names_every_role_and_every_message() -> None:
    """Nothing is left out on either side."""
    table = written_table()
    assert {role for role, _ in table} == set(Role) == set(RIGHTS)
    assert {message for _, message in table} == set(CLIENT_TYPES)


@pytest.mark.parametrize(("role", "message"), [(role, message) for role in Role for message in CLIENT_TYPES])
def test_each_cell_of_the_table_holds_in_a_session(role: Role, message: str) -> None:
    """A message is forbidden exactly where the table says no."""
    client = Stage().join(role=role)
    frames = {
        "publish": {"sdp": "v=0", "tracks": []},
        "answer": {"generation": 9, "sdp": "v=0"},
        "view": {"tiles": []},
        "restart": {"direction": "down"},
        "mute": {"mid": "0", "muted": True},
        "join": {"versions": [1], "token": "t"},
        "leave": {},
    }
    replies = client.send(message, **frames[message])
    forbidden = any(isinstance(reply, Error) and reply.code is ErrorCode.FORBIDDEN for reply in replies)
    assert forbidden == (not may(role, message)) == (not written_table()[role, message])
