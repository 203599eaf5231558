"""Writes a new migration: what `store/tables.py` has and the migrations do not make yet.

Use: `make migration WHAT="rooms have a colour"`. Look at what it wrote: a renamed column looks like one that went and one that came.
"""

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from telepresence.store import engines
from telepresence.store.migrate import FOLDER, configuration


def write(connection: Connection, what: str) -> None:
    """Makes the tables as the migrations have them, and writes the next one."""
    command.upgrade(configuration(connection), "head")
    number = int(ScriptDirectory(str(FOLDER)).get_current_head() or 0) + 1
    command.revision(configuration(connection), message=what, rev_id=f"{number:04}", autogenerate=True)


async def main(what: str) -> None:
    """Works on an empty SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        engine, _ = engines.make("", Path(folder))
        async with engine.begin() as connection:
            await connection.run_sync(write, what)
        await engine.dispose()


if __name__ == "__main__":
    if len(sys.argv) != 2 or not re.search(r"\w", sys.argv[1]):  # noqa: PLR2004 (the script and its one argument)
        sys.exit('Use: make migration WHAT="rooms have a colour"')
    asyncio.run(main(sys.argv[1]))
