"""What the benchmarks share: the end-to-end tests' harness, percentiles, and how a report is printed.

Import this first: it puts the harness, which is in `tests/e2e`, on the path.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from playwright.async_api import Error

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

Result = TypeVar("Result")


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with what every benchmark understands."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument(
        "--json", metavar="FILE", help="write one JSON object there instead of a table; - is the screen"
    )
    return parser


def run(measuring: Coroutine[None, None, Result], *, within_s: float) -> Result:
    """Measures. Ends the process with words if that fails or takes longer than it may."""
    try:
        return asyncio.run(asyncio.wait_for(measuring, within_s))
    except TimeoutError:
        sys.exit(f"not finished within {within_s:g} s: somebody was not let in, or nothing was received")
    except (AssertionError, Error, OSError) as error:
        sys.exit(f"not measured: {error}")


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


def say(title: str, rows: Sequence[Mapping[str, object]], *, json_to: str | None) -> None:
    """Prints the rows, which share their keys, as a table, or writes them as one JSON object to a file or `-`."""
    if json_to is not None:
        text = json.dumps({"benchmark": title, "machine": machine(), "rows": list(rows)}, indent=2, ensure_ascii=False)
        if json_to == "-":
            print(text)
        else:
            Path(json_to).write_text(text + "\n")
        return
    heads = list(rows[0])
    widths = [max(len(head), *(len(str(row[head])) for row in rows)) for head in heads]
    print(title)
    print("  ".join(head.rjust(width) for head, width in zip(heads, widths, strict=True)))
    for row in rows:
        print("  ".join(str(row[head]).rjust(width) for head, width in zip(heads, widths, strict=True)))
