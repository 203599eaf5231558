"""Whether the documents lead where they say: every relative link and image is in the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILT = frozenset({"node_modules", "target", "dist", "web", "test-artefacts"})
"""Folders that a build or a test makes, beside those that begin with a dot."""

LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def is_ours(document: Path) -> bool:
    """Is it written by hand?"""
    folders = document.relative_to(ROOT).parts[:-1]
    return not any(folder in BUILT or folder.startswith(".") for folder in folders)


DOCUMENTS = sorted(document for document in ROOT.rglob("*.md") if is_ours(document))


def headings(document: Path) -> set[str]:
    """Anchors of a document's headings, as the usual readers of Markdown make them."""
    lines = re.findall(r"^#+ +(.+)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}


def broken(document: Path) -> list[str]:
    """Relative links of a document that lead nowhere."""
    wrong = []
    for link in LINK.findall(FENCE.sub("", document.read_text())):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = document.parent / path if path else document
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in headings(target)):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    """A reader who follows a link, or looks at a picture, finds it."""
    assert broken(document) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    """The test above would pass on a reader that finds no links."""
    document = tmp_path / "document.md"
    document.write_text(
        "# A heading\n[a](missing.md) ![b](missing.png) [c](#a-heading) [d](#none) [e](https://e.example)\n"
    )
    assert broken(document) == ["missing.md", "missing.png", "#none"]


def test_there_are_documents() -> None:
    """Nor would an empty list of documents prove anything."""
    assert ROOT / "README.md" in DOCUMENTS


SHOWN_BY = re.compile(r"`([\w/]+\.(?:py|rs))::(\w+)`")


def test_every_test_that_a_document_names_exists() -> None:
    """A rule without a test would be a promise."""
    named = {place for document in (ROOT / "docs").glob("*.md") for place in SHOWN_BY.findall(document.read_text())}
    assert len(named) > 50
    folders = {".py": ROOT / "tests", ".rs": ROOT / "sfu" / "tests"}
    missing = []
    for name, test in named:
        file = folders[Path(name).suffix] / name
        if not file.is_file() or not re.search(rf"\b(?:def|fn) {test}\(", file.read_text()):
            missing.append(f"{name}::{test}")
    assert missing == []
