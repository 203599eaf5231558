"""The golden examples hold both ways, and the contract speaks of all that there is."""

import json
from pathlib import Path

import msgspec
import pytest

from stage import EXAMPLES, REPOSITORY, Stage
from telepresence.signaling import schema
from telepresence.signaling.messages import ClientMessage, ClosingReason, Error, ErrorCode, Role, ServerMessage

GOLDEN = sorted(EXAMPLES.glob("*.json"))
REFUSED = sorted((EXAMPLES / "refused").glob("*.json"))
KINDS = {str(kind.__struct_config__.tag): kind for kind in (*ClientMessage.__args__, *ServerMessage.__args__)}
PROTOCOL = (REPOSITORY / "signaling" / "protocol.md").read_text()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_an_example_is_read_and_written_back_without_a_difference(path: Path) -> None:
    """What the example says, the struct says, field by field."""
    content = json.loads(path.read_text())
    message = msgspec.json.decode(path.read_bytes(), type=KINDS[content["type"]])
    assert json.loads(msgspec.json.encode(message)) == content


def test_every_message_has_an_example() -> None:
    """One file a type."""
    assert {path.stem for path in GOLDEN} == set(KINDS)


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_a_bad_frame_is_refused_with_its_code(path: Path) -> None:
    """Each file says a frame and the error it earns; before a join the socket ends as well."""
    content = json.loads(path.read_text())
    stage = Stage()
    client = stage.join(role=Role(content.get("role", "member"))) if content.get("joined") else stage.open()
    client.send_raw(content["frame"])
    assert client.error.code == content["code"]
    assert client.close_code == (None if content.get("joined") else 4003)


def test_the_committed_schema_is_the_generated_one() -> None:
    """Stale? Run `python -m telepresence.signaling.schema > signaling/schema.json`."""
    assert (REPOSITORY / "signaling" / "schema.json").read_text() == schema.render()


def test_the_schema_defines_each_message_and_both_unions() -> None:
    """The page's types are generated from these names."""
    definitions = schema.build()["$defs"]
    assert {kind.__name__ for kind in KINDS.values()} | {"ClientMessage", "ServerMessage"} <= definitions.keys()


def test_the_prose_names_every_message_code_and_reason() -> None:
    """Nothing is in the code that the contract does not speak of."""
    for name in (*KINDS, *ErrorCode, *ClosingReason):
        assert f"`{name}`" in PROTOCOL, name


def test_unknown_fields_are_ignored() -> None:
    """A newer client may say more."""
    client = Stage().join()
    replies = client.send("leave", mood="good")
    assert not any(isinstance(reply, Error) for reply in replies)
