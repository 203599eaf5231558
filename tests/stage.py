"""A server without sockets, clock or media: sessions over a fake engine, in virtual time, from one seed.

`Stage` performs effects as the WebSocket shell does; a `Client` is one socket, with all that was sent to it.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from telepresence.auth import Authority, Secret
from telepresence.engine.commands import Event
from telepresence.engine.fake import FakeEngine
from telepresence.rooms.directory import RoomDirectory
from telepresence.rooms.effects import Admit, Effect, Hangup, Keep, Send, Submit
from telepresence.rooms.records import RoomRecord
from telepresence.rooms.room import Room, RoomLimits
from telepresence.signaling import events
from telepresence.signaling.description import MediaAddress
from telepresence.signaling.messages import Direction, Error, Joined, Offer, Role, RoomKind, ServerMessage, Slots
from telepresence.signaling.session import Session
from telepresence.signaling.world import World

REPOSITORY = Path(__file__).parent.parent
EXAMPLES = REPOSITORY / "signaling" / "examples"
SDP = Path(__file__).parent / "fixtures" / "sdp"

START = 1_800_000_000.0
"""The stage's wall clock when it opens, in seconds since 1970."""

SECRET = Secret(kid="k1", key="ab" * 32)
Message = TypeVar("Message", bound=ServerMessage)


def sdp(name: str) -> str:
    """Returns a description from the fixtures, its line ends as they came."""
    return (SDP / f"{name}.sdp").read_bytes().decode()


def example(name: str) -> dict[str, Any]:
    """Returns a golden example."""
    return json.loads((EXAMPLES / f"{name}.json").read_text())


def offer_sdp(ufrag: str = "Kx4d") -> str:
    """Returns a publisher's offer of a microphone (mid 0) and a camera (mid 1)."""
    return example("publish")["sdp"].replace("Kx4d", ufrag)


def answer_to(offer: str) -> str:
    """Returns what a browser answers to the server's offer."""
    drop = ("a=ssrc", "a=msid", "a=candidate", "a=end-of", "a=ice-lite")
    lines = [line for line in offer.split("\r\n") if not line.startswith(drop)]
    text = "\r\n".join(lines)
    return text.replace("a=sendonly", "a=recvonly").replace("a=setup:actpass", "a=setup:active")


def tracks(*mids: str, source: str = "camera") -> list[dict[str, Any]]:
    """Describes tracks of one source; mid 0 is the microphone, any other a camera."""
    return [{"mid": mid, "kind": "video" if mid != "0" else "audio", "source": source, "label": source} for mid in mids]


class Stage:
    """One server."""

    def __init__(
        self,
        *,
        members_max: int = 100,
        devices_max: int = 8,
        tracks_max: int = 100,
        burst: float = 60,
        waiting_room: bool = False,
        is_empty: bool = False,
    ) -> None:
        """The rooms `demo` (with a waiting room, if asked for) and `training` exist, unless it is to be empty.

        `kept` is all that was to be kept.
        """
        self.now = 0.0
        self.engine = FakeEngine()
        self.engine.listen(self.on_event)
        self.authority = Authority(SECRET, lambda: START + self.now)
        self.directory = RoomDirectory(
            rooms_max=10,
            tracks_max=tracks_max,
            limits=RoomLimits(members=members_max, devices_per_site=devices_max, rate_per_s=20, burst=burst),
            epoch=START,
        )
        self.kept: list[Keep] = []
        media = MediaAddress(("127.0.0.1",), 8081, self.engine.fingerprint)
        self.world = World(self.directory, self.authority, media, random.Random(7), join_timeout_s=5)  # noqa: S311 (a seed determines a run)
        self.clients: dict[int, Client] = {}
        self._ids = itertools.count(1)
        if not is_empty:
            self.create("demo", RoomKind.CONSULTATION, "Consultation", waiting_room=waiting_room)
            self.create("training", RoomKind.BROADCAST, "Training")

    def create(self, room_id: str, kind: RoomKind, title: str, **options: Any) -> Room:
        """Makes a room; `options` are fields of its record."""
        record = RoomRecord(id=room_id, kind=kind, title=title, created_at=START, **options)
        room, effects = self.directory.create(record)
        self.perform(effects)
        return room

    def room(self, room_id: str = "demo") -> Room:
        """Returns a room."""
        return self.directory.rooms[room_id]

    def token(self, site: str = "xixia", role: Role = Role.MEMBER, room: str = "demo", valid_s: float = 3600) -> str:
        """Returns a token."""
        return self.authority.issue(room=room, site=site, name=site.title(), role=role, valid_s=valid_s)

    def open(self) -> Client:
        """Opens a socket."""
        client = Client(self, Session(next(self._ids), self.world, self.now))
        self.clients[client.session.id] = client
        return client

    def join(self, site: str = "xixia", role: Role = Role.MEMBER, *, room: str = "demo", slots: int = 2) -> Client:
        """Opens a socket and joins a room with it, the consultation unless said."""
        client = self.open()
        client.join(self.token(site, role, room), slots=slots)
        return client

    def connection(self, client: Client, direction: Direction) -> int:
        """Returns the number of a client's connection in the engine."""
        participant = client.session.participant
        link = participant.up if direction is Direction.UP else participant.down
        assert link
        return link.conn

    def perform(self, effects: Iterable[Effect]) -> None:
        """Carries out effects as the shell does."""
        for effect in effects:
            match effect:
                case Submit(command):
                    self.engine.submit(command)
                case Send(session, message):
                    self.clients[session].inbox.append(message)
                case Hangup(session, code):
                    self.clients[session].close_code = code
                case Keep():
                    self.kept.append(effect)
                case Admit():
                    pass

    def on_event(self, event: Event) -> None:
        """Carries out an event of the engine."""
        self.perform(events.handle(self.directory, event, self.now))

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self.now += seconds
        self.perform(self.directory.tick(self.now))
        for client in self.clients.values():
            self.perform(client.session.tick(self.now))


class Client:
    """One socket of a client."""

    def __init__(self, stage: Stage, session: Session) -> None:
        """Made by `Stage.open`."""
        self.stage = stage
        self.session = session
        self.inbox: list[ServerMessage] = []
        self.close_code: int | None = None
        self._requests = itertools.count(1)

    def send_raw(self, frame: str | bytes) -> list[ServerMessage]:
        """Sends a frame; returns what came back to this socket."""
        before = len(self.inbox)
        data = frame.encode() if isinstance(frame, str) else frame
        self.stage.perform(self.session.receive(data, self.stage.now))
        return self.inbox[before:]

    def send(self, kind: str, **fields: Any) -> list[ServerMessage]:
        """Sends a message; returns what came back to this socket."""
        return self.send_raw(json.dumps({"type": kind, "request": next(self._requests), **fields}))

    def join(self, token: str, *, slots: int = 2, resume: str | None = None) -> list[ServerMessage]:
        """Joins."""
        return self.send("join", versions=[1], token=token, slots=slots, resume=resume)

    def test(self, token: str) -> list[ServerMessage]:
        """Tests the way of the packets."""
        return self.send("test", token=token, sdp=example("test")["sdp"])

    def publish(
        self, *mids: str, source: str = "camera", ufrag: str = "Kx4d", restart: bool = False
    ) -> list[ServerMessage]:
        """Publishes tracks of one source."""
        return self.send("publish", sdp=offer_sdp(ufrag), tracks=tracks(*mids, source=source), restart=restart)

    def show(self, *shown: tuple[Client, int, int], pinned: bool = False) -> list[ServerMessage]:
        """Shows the cameras of those clients at those sizes, and nothing else."""
        tiles = [
            {"participant": client.joined.participant, "source": "camera", "width": width, "height": height}
            for client, width, height in shown
        ]
        return self.send("view", tiles=[{**tile, "pinned": pinned} for tile in tiles])

    def answer(self) -> list[ServerMessage]:
        """Answers the newest offer."""
        offer = self.last(Offer)
        return self.send("answer", generation=offer.generation, sdp=answer_to(offer.sdp))

    def lose(self) -> None:
        """The socket breaks."""
        self.stage.perform(self.session.lost(self.stage.now))

    def all(self, kind: type[Message]) -> list[Message]:
        """Returns all messages of a kind that came."""
        return [message for message in self.inbox if isinstance(message, kind)]

    def last(self, kind: type[Message]) -> Message:
        """Returns the newest message of a kind."""
        return self.all(kind)[-1]

    @property
    def joined(self) -> Joined:
        """The join answer."""
        return self.last(Joined)

    @property
    def participant(self) -> str:
        """Its id in the room."""
        return self.session.participant.id

    @property
    def errors(self) -> list[Error]:
        """All errors that came."""
        return self.all(Error)

    @property
    def error(self) -> Error:
        """The newest error."""
        return self.last(Error)

    def view(self) -> dict[int, tuple[str, str] | None]:
        """Returns what this client believes to stand in its slots."""
        seen: dict[int, tuple[str, str] | None] = {}
        for message in self.all(Slots):
            for slot in message.slots:
                is_empty = slot.participant is None or slot.source is None
                seen[slot.index] = None if is_empty else (str(slot.participant), str(slot.source))
        return seen


def as_json(message: ServerMessage) -> dict[str, Any]:
    """Returns a message as it is on the wire."""
    return json.loads(msgspec.json.encode(message))
