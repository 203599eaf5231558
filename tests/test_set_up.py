"""The set-up on a bare machine: what is missing is named, with the command that installs it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from stage import REPOSITORY

BASICS = ("sort", "head", "grep", "printf", "sh")
"""What every Linux has; the script itself needs them."""


def need(tmp_path: Path, *tools: str, **programs: str) -> tuple[int, str]:
    """Runs the script where nothing is installed but the basics and `programs`; returns its exit code and words."""
    path = tmp_path / "bin"
    path.mkdir()
    for name in BASICS:
        (path / name).symlink_to(shutil.which(name) or name)
    for name, answer in programs.items():
        (path / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (path / name).chmod(0o755)
    bash = shutil.which("bash") or "bash"
    command = [bash, str(REPOSITORY / "scripts" / "need.sh"), *tools]
    done = subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 (our own script)
    return done.returncode, done.stdout + done.stderr


def test_on_a_bare_machine_each_tool_is_named_with_its_command(tmp_path: Path) -> None:
    """All at once, so that nobody installs one, tries again, and hears of the next."""
    code, text = need(tmp_path, "python", "rust", "node", "cc")
    assert code == 1
    for what in ("Python 3.11", "Rust 1.89", "Node.js 20.19", "npm", "a C compiler"):
        assert f"missing: {what}" in text
    assert text.count("missing:") == text.count("install:") == 5
    for command in ("apt-get install python3", "rustup", "apt-get install nodejs", "apt-get install gcc"):
        assert command in text


@pytest.mark.parametrize(("version", "code"), [("cargo 1.88.0", 1), ("cargo 1.89.0", 0), ("cargo 1.100.0", 0)])
def test_a_tool_that_is_too_old_counts_as_missing(tmp_path: Path, version: str, code: int) -> None:
    """Compared as versions, not as text."""
    done, text = need(tmp_path, "rust", cargo=version)
    assert done == code
    assert ("missing: Rust 1.89" in text) is bool(code)


def test_what_is_not_asked_for_is_not_missed(tmp_path: Path) -> None:
    """Work on the control plane needs neither Rust nor Node.js."""
    assert need(tmp_path, "cc", cc="cc") == (0, "")
