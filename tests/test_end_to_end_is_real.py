"""Whether the end-to-end tests prove what they say: none of them may use the fake engine."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCES = sorted((HERE / "e2e").glob("*.py"))


def imported(source: Path) -> set[str]:
    """Dotted names that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_no_end_to_end_test_imports_a_fake(source: Path) -> None:
    """A call through the fake engine would prove nothing."""
    assert not [name for name in imported(source) if "fake" in name.lower()]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_no_end_to_end_test_asks_for_the_fake_engine(source: Path) -> None:
    """Nor may a server be started with it."""
    words = {node.value for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Constant)}
    assert not words & {"fake", "--fake-engine", "--engine=fake"}


def test_there_are_end_to_end_tests() -> None:
    """The two above would pass on an empty folder."""
    assert len([source for source in SOURCES if source.stem.startswith("test_")]) >= 5
