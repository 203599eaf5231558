"""Says whether a wheel has what `telepresence serve` needs: the page and the engine, stripped.

Use: `check_wheel.py WHEEL`. An `include` that matches nothing passes maturin in silence, so it is asserted here.
"""

import sys
import zipfile
from pathlib import Path

PARTS = {
    "the page": "telepresence/web/index.html",
    "the engine": "telepresence/engine/_native.abi3.so",
    "the command": "telepresence/cli/__init__.py",
    "the tables of the database": "telepresence/store/migrations/versions/0001_tables_of_the_first_release.py",
    "what makes them": "telepresence/store/migrations/env.py",
}
LARGEST_ENGINE_BYTES = 8_000_000
"""Stripped it is about 1.3 MB packed; with debug information it is several times that."""


def problems(names: dict[str, int]) -> list[str]:
    """What is wrong with a wheel that holds `names`, each with its size in bytes."""
    found = [f"{part} is missing ({path})" for part, path in PARTS.items() if path not in names]
    scripts = [name for name in names if name.startswith("telepresence/web/") and name.endswith(".js")]
    if not scripts:
        found.append("the page has no script (telepresence/web/**.js)")
    if names.get(PARTS["the engine"], 0) > LARGEST_ENGINE_BYTES:
        found.append(f"the engine is {names[PARTS['the engine']]:,} bytes: it was not stripped")
    return found


def main() -> int:
    """Prints what is wrong; 0 when nothing is."""
    wheel = Path(sys.argv[1])
    with zipfile.ZipFile(wheel) as archive:
        names = {entry.filename: entry.file_size for entry in archive.infolist()}
    for problem in problems(names):
        print(f"{wheel.name}: {problem}", file=sys.stderr)
    if problems(names):
        return 1
    print(f"{wheel} {wheel.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
