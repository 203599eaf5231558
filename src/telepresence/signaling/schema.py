"""The JSON schema of the wire contract, generated from `messages.py`: `python -m telepresence.signaling.schema`.

It is written to standard output; `signaling/schema.json` is its committed copy, and the page's TypeScript types
are generated from that copy. Every message has a definition of its own under `$defs`, and so have the two unions
`ClientMessage` and `ServerMessage`.
"""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

import msgspec

from telepresence.signaling.messages import ClientMessage, ServerMessage

Definition = dict[str, Any]


def build() -> Definition:
    """Returns the schema as a JSON object."""
    client_definitions = _definitions(ClientMessage)
    server_definitions = _definitions(ServerMessage)
    for definition in server_definitions.values():
        _require_everything(definition)
    definitions = {**client_definitions, **server_definitions}
    definitions["ClientMessage"] = _union("ClientMessage", ClientMessage, "All that a client may send.")
    definitions["ServerMessage"] = _union("ServerMessage", ServerMessage, "All that the server may send.")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "SignalingMessage",
        "description": "Generated from src/telepresence/signaling/messages.py; the prose is signaling/protocol.md.",
        "anyOf": [{"$ref": "#/$defs/ClientMessage"}, {"$ref": "#/$defs/ServerMessage"}],
        "$defs": dict(sorted(definitions.items())),
    }


def render() -> str:
    """Returns the schema as the text of `signaling/schema.json`."""
    return json.dumps(build(), indent=2, ensure_ascii=False) + "\n"


def _definitions(union: Any) -> dict[str, Definition]:
    _, components = msgspec.json.schema_components([union], ref_template="#/$defs/{name}")
    for definition in components.values():
        if "description" in definition:
            definition["description"] = inspect.cleandoc(definition["description"])
    return components


def _union(title: str, union: Any, description: str) -> Definition:
    members = [{"$ref": f"#/$defs/{member.__name__}"} for member in union.__args__]
    return {"title": title, "description": description, "anyOf": members}


def _require_everything(definition: Definition) -> None:
    """The server writes every field, also those with a default, so a client may count on them."""
    if "properties" in definition:
        definition["required"] = list(definition["properties"])


if __name__ == "__main__":
    sys.stdout.write(render())
