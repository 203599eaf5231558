"""A media engine without media, for tests and for work on the control plane without Rust.

It remembers what it was told, refuses what the real one refuses (a connection that is not open, a track or slot
that does not exist, another fingerprint), and tells what a test makes it tell.
"""

from __future__ import annotations

import json

from telepresence.engine.commands import (
    Assign,
    Close,
    Command,
    Connected,
    Event,
    Failed,
    Open,
    Paused,
    Receive,
    Refused,
    Remote,
    Restart,
    Send,
    TrackLive,
    View,
    Voices,
)
from telepresence.engine.face import Listener

FINGERPRINT = ":".join(["0A", "1B", "2C", "3D", "4E", "5F", "60", "71"] * 4)
"""A SHA-256 that no certificate has."""


class FakeEngine:
    """`commands` is all that was submitted; `assigned` is what stands in each slot of each connection.

    `views` is how large each slot is shown, `credentials` our newest ufrag and password of each connection.
    """

    def __init__(self, port: int = 8081) -> None:
        """`port` is what it says that it has bound."""
        self.port = port
        self.fingerprint = FINGERPRINT
        self.commands: list[Command] = []
        self.refusals: list[Refused] = []
        self.connections: dict[int, Open] = {}
        self.tracks: dict[int, int] = {}
        self.slots: dict[int, set[int]] = {}
        self.assigned: dict[tuple[int, int], int] = {}
        self.views: dict[tuple[int, int], View] = {}
        self.remotes: dict[int, Remote] = {}
        self.credentials: dict[int, tuple[str, str]] = {}
        self.is_closed = False
        self._listener: Listener | None = None

    def listen(self, listener: Listener) -> None:
        """Calls `listener` for each event from now on."""
        self._listener = listener

    def submit(self, command: Command) -> None:
        """Carries out a command at once."""
        self.commands.append(command)
        problem = self._carry_out(command)
        if problem:
            refusal = Refused(command=str(command.__struct_config__.tag), conn=command.conn, reason=problem)
            self.refusals.append(refusal)
            self._emit(refusal)

    def snapshot(self) -> bytes:
        """Returns connections and tracks by number; nothing is ever counted."""
        nothing: dict[str, int] = {}
        connections = [{"conn": conn} for conn in self.connections]
        tracks = [{"track": track} for track in self.tracks]
        counted = {"cpu_us": 0, "counters": nothing, "drops": nothing}
        return json.dumps({**counted, "connections": connections, "tracks": tracks, "slots": []}).encode()

    def close(self) -> None:
        """Stops it."""
        self.is_closed = True

    # --- what a test makes happen -------------------------------------------------------------------

    def connect(self, conn: int) -> None:
        """ICE and DTLS of that connection are done."""
        self._emit(Connected(conn=conn))

    def fail(self, conn: int, reason: str = "no packet for 30 s") -> None:
        """That connection is dead, and forgotten."""
        self._forget(conn)
        self._emit(Failed(conn=conn, reason=reason))

    def go_live(self, track: int) -> None:
        """The first media of that track arrives."""
        self._emit(TrackLive(conn=self.tracks[track], track=track))

    def speak(self, group: int, *loudest: int, speaker: int | None = None) -> None:
        """Those voices of a group are the loudest."""
        self._emit(Voices(group=group, loudest=loudest, speaker=speaker))

    def pause(self, conn: int, *slots: int) -> None:
        """That connection's link does not carry the pictures of these slots, and carries all others."""
        self._emit(Paused(conn=conn, slots=slots))

    # --- inside -------------------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        if self._listener:
            self._listener(event)

    def _carry_out(self, command: Command) -> str | None:
        if isinstance(command, Open):
            self.connections[command.conn] = command
            self.credentials[command.conn] = command.ufrag, command.pwd
            return None
        if command.conn not in self.connections:
            return "no such connection"
        match command:
            case Receive(conn=conn, tracks=tracks):
                self._forget_tracks(conn)
                self.tracks |= {track.track: conn for track in tracks}
            case Send(conn=conn, slots=slots):
                self.slots[conn] = {slot.slot for slot in slots}
            case Remote():
                return self._meet(command)
            case Restart(conn=conn, ufrag=ufrag, pwd=pwd):
                self.credentials[conn] = ufrag, pwd
            case Assign():
                return self._assign(command)
            case View():
                return self._view(command)
            case Close(conn=conn):
                self._forget(conn)
        return None

    def _meet(self, command: Remote) -> str | None:
        known = self.remotes.get(command.conn)
        if known and known.fingerprint != command.fingerprint:
            return "another fingerprint"
        self.remotes[command.conn] = command
        return None

    def _view(self, command: View) -> str | None:
        if command.slot not in self.slots.get(command.conn, set()):
            return "no such slot"
        self.views[command.conn, command.slot] = command
        return None

    def _assign(self, command: Assign) -> str | None:
        if command.slot not in self.slots.get(command.conn, set()):
            return "no such slot"
        self.assigned.pop((command.conn, command.slot), None)
        if command.track is not None:
            if command.track not in self.tracks:
                return "no such track"
            self.assigned[command.conn, command.slot] = command.track
        return None

    def _forget(self, conn: int) -> None:
        self.connections.pop(conn, None)
        self.slots.pop(conn, None)
        self.remotes.pop(conn, None)
        self.credentials.pop(conn, None)
        self.views = {key: view for key, view in self.views.items() if key[0] != conn}
        self.assigned = {key: track for key, track in self.assigned.items() if key[0] != conn}
        self._forget_tracks(conn)

    def _forget_tracks(self, conn: int) -> None:
        self.tracks = {track: owner for track, owner in self.tracks.items() if owner != conn}
