"""Commands and events are the JSON that the engine reads and writes: `sfu/tests/bridge.rs` reads the same examples."""

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from telepresence.engine.commands import Command, Event

EXAMPLES = json.loads((Path(__file__).parents[2] / "sfu/tests/golden/bridge.json").read_text())


@pytest.mark.parametrize(("part", "union"), [("commands", Command), ("events", Event)])
def test_each_kind_has_an_example_that_goes_round(part: str, union: Any) -> None:
    """Read and written again, nothing is added, lost or renamed; no kind is without an example."""
    seen = set()
    for example in EXAMPLES[part]:
        read = msgspec.convert(example, union)
        assert json.loads(msgspec.json.encode(read)) == example
        seen.add(type(read))
    assert seen == set(get_args(union))
