"""The command `telepresence`: a module a command. Errors are sentences; exit code 2 is a wrong use, 1 a failure."""

from __future__ import annotations

import typer

from telepresence.bots.cli import app as bots
from telepresence.cli import backup, cert, checks, room, serve, token

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="A WebRTC video-conferencing server that hospitals run themselves. Linux only.",
)

serve.add_to(app)
app.add_typer(room.app, name="room")
app.add_typer(token.app, name="token")
cert.add_to(app)
backup.add_to(app)
app.add_typer(bots, name="bot")
checks.add_to(app)


def main() -> None:
    """Runs the command line."""
    app()
