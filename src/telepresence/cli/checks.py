"""`telepresence doctor`, `config` and `version`: what is there, and whether it is good."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from telepresence import doctor
from telepresence.cli.common import ConfigOption, read_settings
from telepresence.settings import render


def add_to(app: typer.Typer) -> None:
    """Adds the three commands."""
    app.command("doctor", epilog="Example: telepresence doctor --config config/hospital.toml")(check)
    app.command("config", epilog="Example: telepresence config --print > telepresence.toml")(show_config)
    app.command(epilog="Example: telepresence version")(version)


def check(config: ConfigOption = None) -> None:
    """Check this machine: ports, clock, UDP buffers, engine, page. Exit code 1 if something fails."""
    console = Console()
    colours = {doctor.Verdict.OK: "green", doctor.Verdict.WARNING: "yellow", doctor.Verdict.FAILED: "red"}
    findings = list(doctor.examine(read_settings(config)))
    for finding in findings:
        colour = colours[finding.verdict]
        console.print(
            f"[{colour}]{finding.verdict:8}[/{colour}]{escape(finding.subject)}: {escape(finding.found)}",
            soft_wrap=True,
        )
        if finding.advice:
            console.print(f"        → {escape(finding.advice)}", soft_wrap=True, highlight=False)
    if any(finding.verdict is doctor.Verdict.FAILED for finding in findings):
        raise typer.Exit(1)


def show_config(
    file: ConfigOption = None,
    print_default: Annotated[
        bool, typer.Option("--print", help="Print the defaults as a commented TOML file.")
    ] = False,
) -> None:
    """Check a settings file and the environment, or print the commented defaults."""
    if print_default:
        typer.echo(render(), nl=False)
        return
    read_settings(file)
    typer.echo("The settings are good.")


def version() -> None:
    """Print the versions of what is installed."""
    try:
        import telepresence.engine._native  # noqa: F401, PLC0415 (whether it loads is the question)

        engine = "built in"
    except ImportError:
        engine = "missing (make engine)"
    try:
        own = importlib.metadata.version("telepresence")
    except importlib.metadata.PackageNotFoundError:
        own = "not installed (runs from its source tree)"
    typer.echo(f"telepresence {own}")
    typer.echo(f"engine       {engine}")
    typer.echo(f"Python       {platform.python_version()}")
    typer.echo(f"aiohttp      {importlib.metadata.version('aiohttp')}")
