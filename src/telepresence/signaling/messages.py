"""Every message of the signaling protocol, once: the schema and the TypeScript types are generated from here.

The contract in prose is `signaling/protocol.md`; golden examples are in `signaling/examples/`.
Before this module a WebSocket frame is text; after it, `session.py` sees only these structs.
Unknown fields are ignored, unknown message types are refused by name, and every bound on what a
client sends stands here beside the field.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

PROTOCOL_VERSIONS = (1,)
"""Versions this server speaks, best last."""

MAX_SDP_BYTES = 65_536
"""An SDP larger than this is refused. Source: security.md, "Tokens"."""

Request = Annotated[int, Meta(ge=0, le=2**31 - 1, description="Chosen by the client; the reply carries it as `re`.")]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Label = Annotated[str, Meta(max_length=80)]
Sdp = Annotated[str, Meta(min_length=1, max_length=MAX_SDP_BYTES)]
Pixels = Annotated[int, Meta(ge=0, le=16_384)]
"""Device pixels; twice the width of an 8K screen."""

Mid = Annotated[str, Meta(min_length=1, max_length=16, pattern=r"^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$")]


class Kind(StrEnum):
    """Kind of a media track. Source: W3C MediaStreamTrack.kind."""

    AUDIO = "audio"
    VIDEO = "video"


class Profile(StrEnum):
    """What a source shows: it decides how the picture degrades (domain.md, "What to protect")."""

    TALK = "talk"
    CONSULT = "consult"
    ULTRASOUND = "ultrasound"
    SURGERY = "surgery"
    STILL = "still"
    STETHOSCOPE = "stethoscope"
    SCREEN = "screen"


class RoomKind(StrEnum):
    """The two shapes of a meeting."""

    CONSULTATION = "consultation"
    BROADCAST = "broadcast"


class Role(StrEnum):
    """What a participant may do; the table of rights is in `signaling/protocol.md`."""

    ORGANISER = "organiser"
    CHAIR = "chair"
    MEMBER = "member"
    PRESENTER = "presenter"
    AUDIENCE = "audience"


class Presence(StrEnum):
    """`away`: the socket is lost and may resume; media goes on."""

    HERE = "here"
    AWAY = "away"


class Direction(StrEnum):
    """`up`: the client publishes, it offers. `down`: the client watches, the server offers."""

    UP = "up"
    DOWN = "down"


class ConnectionState(StrEnum):
    """The engine's view of a peer connection."""

    CONNECTED = "connected"
    FAILED = "failed"


class ErrorCode(StrEnum):
    """What went wrong, for programs; `message` says it for people."""

    MALFORMED = "malformed"
    UNKNOWN_MESSAGE = "unknown-message"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    NOT_JOINED = "not-joined"
    ALREADY_JOINED = "already-joined"
    JOIN_TIMEOUT = "join-timeout"
    VERSION = "version"
    TOKEN_INVALID = "token-invalid"
    TOKEN_EXPIRED = "token-expired"
    ROOM_UNKNOWN = "room-unknown"
    ROOM_FULL = "room-full"
    RESUME_UNKNOWN = "resume-unknown"
    FORBIDDEN = "forbidden"
    SDP_INVALID = "sdp-invalid"
    NO_COMMON_CODEC = "no-common-codec"
    STALE_ANSWER = "stale-answer"
    TRACK_UNKNOWN = "track-unknown"
    NO_CONNECTION = "no-connection"


class ClosingReason(StrEnum):
    """Why the server ends a session; whether to come back is the client's to know from it."""

    LEFT = "left"
    REPLACED = "replaced"
    DRAINING = "draining"
    REFUSED = "refused"


class LeaveReason(StrEnum):
    """Why a member is gone."""

    LEFT = "left"
    LOST = "lost"


class Base(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Values on the wire: camelCase names, unknown fields ignored."""


# --- values -------------------------------------------------------------------------------------


class RoomInfo(Base):
    """The room as a participant sees it."""

    id: Id
    kind: RoomKind
    title: str


class TrackState(Base):
    """One published track: `live` once the engine has had media of it."""

    mid: Mid
    muted: bool = False
    live: bool = False


class Source(Base):
    """What one tile shows: a picture, a voice, or both in lip sync."""

    id: Id
    label: Label
    profile: Profile
    audio: TrackState | None = None
    video: TrackState | None = None


class Member(Base):
    """A participant is one device of one site."""

    participant: Id
    site: Id
    name: str
    role: Role
    presence: Presence = Presence.HERE
    sources: tuple[Source, ...] = ()


class IceServer(Base):
    """As W3C RTCIceServer."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


class Slot(Base):
    """What slot `index` of the down connection carries now; both fields null means empty.

    Slot i is the i-th pair of an audio and a video m-line of the offer: mids `a{i}` and `v{i}`.
    """

    index: Annotated[int, Meta(ge=0, le=24)]
    participant: Id | None = None
    source: Id | None = None


class SourceName(Base):
    """Names a source in a room."""

    participant: Id
    source: Id


class Tile(Base):
    """How large a client shows a source, in device pixels."""

    participant: Id
    source: Id
    width: Pixels
    height: Pixels
    pinned: bool = False


class TrackOffer(Base):
    """One m-line of a publisher's offer: which source it belongs to, and what that source is."""

    mid: Mid
    kind: Kind
    source: Id
    label: Label = ""
    profile: Profile = Profile.CONSULT
    muted: bool = False


# --- client → server ----------------------------------------------------------------------------


class ClientBase(Base, tag_field="type"):
    """What a client sends; `request` comes back as `re`."""

    request: Request


class Join(ClientBase, tag="join"):
    """The first message of a socket, within 5 s and 8 KiB.

    `slots` is the number of audio and video pairs that the down connection shall have; 0 keeps the
    one there is (a resumed socket) or has none. `resume` is the secret of an earlier join answer.
    """

    versions: Annotated[tuple[int, ...], Meta(min_length=1, max_length=16)]
    token: Annotated[str, Meta(min_length=1, max_length=4096)]
    slots: Annotated[int, Meta(ge=0, le=25)] = 12
    resume: Annotated[str, Meta(min_length=22, max_length=64)] | None = None


class Publish(ClientBase, tag="publish"):
    """The up connection's offer. A new `ice-ufrag` in it replaces the connection, the same one renegotiates it.

    With `restart` a new `ice-ufrag` restarts ICE: the connection and its DTLS go on.
    """

    sdp: Sdp
    tracks: Annotated[tuple[TrackOffer, ...], Meta(max_length=16)]
    restart: bool = False


class Answer(ClientBase, tag="answer"):
    """The answer to the newest `offer`."""

    generation: Request
    sdp: Sdp


class View(ClientBase, tag="view"):
    """All that the client shows now, in its order. Listed sources take slots before others, whose pictures are paused."""

    tiles: Annotated[tuple[Tile, ...], Meta(max_length=64)]


class Restart(ClientBase, tag="restart"):
    """The client's path changed: the server offers the down connection again, with new ICE credentials."""

    direction: Literal["down"]


class Mute(ClientBase, tag="mute"):
    """The publisher's own microphone or camera was switched off or on."""

    mid: Mid
    muted: bool


class Leave(ClientBase, tag="leave"):
    """Leaves the room at once; nothing can be resumed after it."""


ClientMessage = Join | Publish | Answer | View | Restart | Mute | Leave


# --- server → client ----------------------------------------------------------------------------


class ServerBase(Base, tag_field="type"):
    """What the server sends."""


class Joined(ServerBase, tag="joined"):
    """The join answer: everything a page needs to draw itself anew. `members` includes oneself, `speaker` may be oneself."""

    re: Request
    version: int
    participant: Id
    resume: str
    resumed: bool
    room: RoomInfo
    members: tuple[Member, ...]
    ice_servers: tuple[IceServer, ...]
    slots: int
    speaker: SourceName | None = None


class Offer(ServerBase, tag="offer"):
    """The down connection's offer; one is outstanding at a time."""

    generation: Request
    sdp: Sdp


class Published(ServerBase, tag="published"):
    """The answer to `publish`."""

    re: Request
    sdp: Sdp


class Slots(ServerBase, tag="slots"):
    """The slots whose content changed."""

    slots: tuple[Slot, ...]


class Speaker(ServerBase, tag="speaker"):
    """The active speaker of the room changed; both fields null: nobody speaks."""

    participant: Id | None = None
    source: Id | None = None


class MemberUpdate(ServerBase, tag="member"):
    """A member came or changed: its whole state."""

    member: Member


class MemberLeft(ServerBase, tag="member-left"):
    """A member is gone."""

    participant: Id
    reason: LeaveReason


class Connection(ServerBase, tag="connection"):
    """The engine's view of one of the client's own connections changed."""

    direction: Direction
    state: ConnectionState
    reason: str = ""


class Done(ServerBase, tag="done"):
    """A request that has no other answer was carried out."""

    re: Request


class Error(ServerBase, tag="error"):
    """A request (`re`) or a frame that could not be read (`re` null) was refused; nothing else changed."""

    code: ErrorCode
    message: str
    re: Request | None = None


class Closing(ServerBase, tag="closing"):
    """The last message of a socket."""

    reason: ClosingReason
    message: str = ""


ServerMessage = (
    Joined | Offer | Published | Slots | Speaker | MemberUpdate | MemberLeft | Connection | Done | Error | Closing
)
