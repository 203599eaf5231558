"""What the benchmarks share: the end-to-end tests' harness, percentiles, and how a report is printed.

Import this first: it puts the harness, which is in `tests/e2e`, on the path.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with what every benchmark understands."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so many of the values (`share`, 0 to 1) do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def machine() -> dict[str, object]:
    """What was measured on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def say(title: str, rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Prints the rows, which share their keys, as a table or as one JSON object."""
    if as_json:
        print(json.dumps({"benchmark": title, "machine": machine(), "rows": list(rows)}, indent=2))
        return
    heads = list(rows[0])
    widths = [max(len(head), *(len(str(row[head])) for row in rows)) for head in heads]
    print(title)
    print("  ".join(head.rjust(width) for head, width in zip(heads, widths, strict=True)))
    for row in rows:
        print("  ".join(str(row[head]).rjust(width) for head, width in zip(heads, widths, strict=True)))
