"""Servers of the end-to-end tests, each a process with ports and a data folder of its own.

`Server` is the server with three empty rooms and a window into the engine (`serve.py`). `Demo` is a command that ends in
`telepresence serve --demo`, as a person starts it.
"""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from telepresence.auth import Authority, load_secret
from telepresence.signaling.messages import Role

HERE = Path(__file__).parent
ROOM = "consultation"
"""The room of `Server` that most tests meet in."""

CLINIC = "clinic"
"""A consultation of it whose members wait to be admitted."""

TRAINING = "training"
"""A broadcast of it."""

READY_S = 20.0
"""For a start that takes a second on an idle machine."""

STOP_S = 10.0
PIPE_BYTES = 65_536
POLL_S = 0.02
LINK_VALID_S = 3_600


def free_port() -> int:
    """A TCP port of loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def settings_of(folder: Path, *, port: int, public_url: str = "", advertise: str = "") -> dict[str, str]:
    """Environment variables that give a server its own ports and folder."""
    return {
        "TELEPRESENCE_SERVER__PORT": str(port),
        "TELEPRESENCE_SERVER__PUBLIC_URL": public_url,
        "TELEPRESENCE_MEDIA__PORT": "0",
        "TELEPRESENCE_ADMIN__PORT": "0",
        "TELEPRESENCE_MEDIA__ADVERTISE": advertise,
        "TELEPRESENCE_DATA__DIRECTORY": str(folder / "var"),
        "TELEPRESENCE_LOG__FORMAT": "text",
    }


def site_of(link: str) -> str:
    """The site that a link's token names; whoever has the link can read it."""
    claims = link.partition("#t=")[2].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=="))["site"]


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that leads its own group, and what it has started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Server:
    """A server with the rooms `ROOM`, `CLINIC` and `TRAINING`. Use it as a context."""

    def __init__(self, folder: Path, *, public_url: str = "", advertise: str = "") -> None:
        """Keeps all that is its own in `folder`. It believes that people come by `public_url`, and media by `advertise`."""
        self._folder = folder
        self._settings = settings_of(folder, port=0, public_url=public_url, advertise=advertise)
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.media_port = 0
        self.origin = ""

    def __enter__(self) -> Self:
        """Starts it and waits until it listens."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, HERE / "serve.py"],
                env=os.environ | self._settings,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        ready = json.loads(self._read_line())
        self.port, self.origin, self.media_port = ready["port"], ready["url"], ready["mediaPort"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops it."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            stop(self._process)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def token(
        self,
        site: str,
        *,
        room: str = ROOM,
        role: Role = Role.MEMBER,
        valid_s: float = LINK_VALID_S,
    ) -> str:
        """A token of this server's for a site."""
        authority = Authority(load_secret(Path(self._settings["TELEPRESENCE_DATA__DIRECTORY"])), time.time)
        return authority.issue(room=room, site=site, name=site.capitalize(), role=role, valid_s=valid_s)

    def link(self, site: str, *, room: str = ROOM, role: Role = Role.MEMBER) -> str:
        """A link to a room for a site, as people get it."""
        return f"{self.origin}/room/{room}#t={self.token(site, room=room, role=role)}"

    def direct_link(self, site: str, *, room: str = ROOM, role: Role = Role.MEMBER) -> str:
        """A link that goes to the server itself, whatever stands before it."""
        return f"http://localhost:{self.port}/room/{room}#t={self.token(site, room=room, role=role)}"

    def snapshot(self) -> dict[str, Any]:
        """The engine's counters, connections, tracks and slots at this moment."""
        assert self._process is not None, "the server was not started"
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return json.loads(self._read_line())

    def drops(self) -> dict[str, int]:
        """Dropped datagrams and packets by reason; the reasons are those of `sfu/src/drops.rs`."""
        return self.snapshot()["drops"]

    @contextmanager
    def publisher(self, site: str, *, sources: Sequence[str] = ("--chart",)) -> Iterator[None]:
        """A bot in a process of its own that publishes, while the context lasts; `sources` as the command has them."""
        command = [sys.executable, "-m", "telepresence", "bot", "publish", "--url", self.origin]
        command += ["--token-env", "BOT_TOKEN", *sources]
        with (self._folder / f"{site}.log").open("wb") as log:
            bot = subprocess.Popen(
                command,
                env=os.environ | {"BOT_TOKEN": self.token(site)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield
        finally:
            stop(bot)

    def log(self) -> str:
        """What it has logged so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _read_line(self) -> bytes:
        """The next line of `serve.py`. It writes none unasked, so what is read ends with the line."""
        assert self._process is not None
        assert self._process.stdout is not None
        pipe, line, until = self._process.stdout.fileno(), b"", time.monotonic() + READY_S
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"the server does not answer within {READY_S:g} s:\n{self.log()}"
            piece = os.read(pipe, PIPE_BYTES)
            assert piece, f"the server has ended:\n{self.log()}"
            line += piece
        return line


class Demo:
    """A command that starts `telepresence serve --demo`, on ports and with a data folder of its own. Use it as a context."""

    def __init__(self, command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], cwd: Path) -> None:
        """`environment` is all that the command gets, beside the settings."""
        self._command = command
        self._folder = folder
        self._environment = dict(environment)
        self._cwd = cwd
        self._log = folder / "demo.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        self.started_in_s = 0.0

    def __enter__(self) -> Self:
        """Starts it and waits until it says that it listens."""
        self._folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment | settings_of(self._folder, port=self.port),
                cwd=self._cwd,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while "Listening on" not in self.log():
            assert self._process.poll() is None, f"it has ended:\n{self.log()}"
            assert time.monotonic() < began + READY_S, f"it does not listen after {READY_S:g} s:\n{self.log()}"
            time.sleep(POLL_S)
        self.started_in_s = time.monotonic() - began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops it."""
        if self._process is not None:
            stop(self._process)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None, "the demo was not started"
        return self._process.pid

    def link(self, site: str) -> str:
        """The printed link of a site."""
        return next(link for link in self.links if site_of(link) == site)

    direct_link = link
    """Nothing stands before it."""

    @property
    def links(self) -> list[str]:
        """The links that it printed, each once, in order."""
        words = self.log().split()
        return list(dict.fromkeys(word for word in words if word.startswith(f"{self.origin}/room/")))

    def log(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""
