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
Words = Annotated[str, Meta(min_length=1, max_length=2000)]
"""A line of chat, a question or its answer: plain text, never markup."""

Heads = Annotated[int, Meta(ge=0, le=999)]
"""How many people sit in the room of a site; 0: not stated."""

Time = float
"""Seconds since 1970, UTC."""

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
    """What a participant may do; the table of rights is in `signaling/protocol.md`.

    A token names one; the server may give its bearer another one for the time of the meeting (the chair handed on, a
    promotion to the stage), and messages name that one.
    """

    ORGANISER = "organiser"
    CHAIR = "chair"
    MEMBER = "member"
    GUEST = "guest"
    PRESENTER = "presenter"
    MODERATOR = "moderator"
    AUDIENCE = "audience"
    ENCODER = "encoder"
    RECORDER = "recorder"
    ADMIN = "admin"


class Presence(StrEnum):
    """`away`: the socket is lost and may resume; media goes on."""

    HERE = "here"
    AWAY = "away"


class Codec(StrEnum):
    """A codec of a room's set, which is fixed when the room is made."""

    OPUS = "opus"
    VP8 = "vp8"
    H264 = "h264"


class Wish(StrEnum):
    """What a participant may be asked for; nobody else switches it on."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    STAGE = "stage"
    CHAIR = "chair"


class Reach(StrEnum):
    """Whether a site has tried the media port, and with what success; `connected`: it is in the room."""

    UNTESTED = "untested"
    PASSED = "passed"
    FAILED = "failed"
    CONNECTED = "connected"


class QuestionState(StrEnum):
    """`answering`: it is being answered now, every screen shows it."""

    OPEN = "open"
    ANSWERING = "answering"
    ANSWERED = "answered"
    DISMISSED = "dismissed"


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
    TOKEN_REVOKED = "token-revoked"
    ROOM_ENDED = "room-ended"
    ROOM_LOCKED = "room-locked"
    REMOVED = "removed"
    NOT_ADMITTED = "not-admitted"
    PARTICIPANT_UNKNOWN = "participant-unknown"
    QUESTION_UNKNOWN = "question-unknown"
    NOT_ASKED = "not-asked"
    SERVER_FULL = "server-full"
    NOT_KEPT = "not-kept"


class ClosingReason(StrEnum):
    """Why the server ends a session; whether to come back is the client's to know from it."""

    LEFT = "left"
    REPLACED = "replaced"
    DRAINING = "draining"
    REFUSED = "refused"
    REMOVED = "removed"
    ENDED = "ended"
    TESTED = "tested"


class LeaveReason(StrEnum):
    """Why a member is gone."""

    LEFT = "left"
    LOST = "lost"
    REMOVED = "removed"
    DEMOTED = "demoted"


class Base(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Values on the wire: camelCase names, unknown fields ignored."""


# --- values -------------------------------------------------------------------------------------


class SourceName(Base):
    """Names a source in a room."""

    participant: Id
    source: Id


class RoomInfo(Base):
    """The room as a participant sees it. `chair` is a participant, null while there is none; times may be unknown."""

    id: Id
    kind: RoomKind
    title: str
    codecs: tuple[Codec, ...] = (Codec.OPUS, Codec.VP8, Codec.H264)
    starts_at: Time | None = None
    ends_at: Time | None = None
    waiting_room: bool = False
    locked: bool = False
    chair: Id | None = None
    spotlight: SourceName | None = None


class TrackState(Base):
    """One published track: `live` once the engine has had media of it.

    Muted by its owner or by the chair; only the owner opens it again.
    """

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
    """A participant is one device of one site. `promoted`: it came from the audience, and can be sent back there."""

    participant: Id
    site: Id
    name: str
    role: Role
    promoted: bool = False
    presence: Presence = Presence.HERE
    heads: Heads = 0
    recording: bool = False
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


class WaitingSite(Base):
    """A device that waits to be admitted."""

    participant: Id
    site: Id
    name: str
    since: Time


class InvitedSite(Base):
    """A site that was invited, or came, and whether media reaches it."""

    site: Id
    name: str
    role: Role
    reach: Reach


class RemovedSite(Base):
    """A site that was removed and stays out until it is readmitted."""

    site: Id
    name: str


class Hand(Base):
    """A raised hand."""

    participant: Id
    site: Id
    name: str
    at: Time


class Question(Base):
    """A question of a site, and what became of it."""

    id: Id
    site: Id
    name: str
    text: str
    at: Time
    state: QuestionState = QuestionState.OPEN
    answer: str = ""


class Line(Base):
    """A line of chat."""

    id: Id
    site: Id
    name: str
    text: str
    at: Time


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
    heads: Heads = 0


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


class Test(ClientBase, tag="test"):
    """Instead of `join`: tries whether media would flow. `sdp` offers one m-line of audio; nothing is sent on it."""

    token: Annotated[str, Meta(min_length=1, max_length=4096)]
    sdp: Sdp


class StateHeads(ClientBase, tag="heads"):
    """How many people sit before this device; attendance counts them."""

    heads: Heads


class Record(ClientBase, tag="record"):
    """The client records, or has stopped; everybody sees it."""

    recording: bool


class Say(ClientBase, tag="say"):
    """A line of chat."""

    text: Words


class RaiseHand(ClientBase, tag="raise-hand"):
    """Raises one's hand, or lowers it."""

    raised: bool


class LowerHand(ClientBase, tag="lower-hand"):
    """Lowers another's hand."""

    participant: Id


class Ask(ClientBase, tag="ask"):
    """A question to the stage, in writing."""

    text: Annotated[str, Meta(min_length=1, max_length=500)]


class SetQuestion(ClientBase, tag="set-question"):
    """What becomes of a question; `answer` is text for all, or empty."""

    question: Id
    state: QuestionState
    answer: Annotated[str, Meta(max_length=2000)] = ""


class Admit(ClientBase, tag="admit"):
    """Lets those in that wait."""

    participants: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=500)]


class Remove(ClientBase, tag="remove"):
    """Sends a site away, with all its devices, waiting or not; its link opens no door until `readmit`."""

    participant: Id


class Readmit(ClientBase, tag="readmit"):
    """A removed site may knock again."""

    site: Id


class Lock(ClientBase, tag="lock"):
    """Nobody new gets in, or again they do."""

    locked: bool


class MuteOther(ClientBase, tag="mute-other"):
    """Closes another's microphone or camera; only its owner opens it again.

    An encoder has no page to open it by: `muted: false` forwards its track again.
    """

    participant: Id
    mid: Mid
    muted: bool = True


class AskFor(ClientBase, tag="ask-for"):
    """Asks a participant to open its microphone or camera."""

    participant: Id
    wish: Literal["microphone", "camera"]


class Spotlight(ClientBase, tag="spotlight"):
    """Shows a source large to all; null ends it."""

    source: SourceName | None


class HandOn(ClientBase, tag="hand-on"):
    """Hands the chair to another participant."""

    participant: Id


class Promote(ClientBase, tag="promote"):
    """Asks one of the audience onto the stage; it gets `asked` and says `consent`."""

    participant: Id


class Demote(ClientBase, tag="demote"):
    """Sends one that was promoted back to the audience."""

    participant: Id


class Consent(ClientBase, tag="consent"):
    """The answer to `asked` for the stage."""

    wish: Literal["stage"]
    accepted: bool


class StepDown(ClientBase, tag="step-down"):
    """One that was promoted goes back to the audience by itself."""


class AskChair(ClientBase, tag="ask-chair"):
    """Asks the chair for the chair: of a site whose token is the chair's, on another device."""


class End(ClientBase, tag="end"):
    """Ends the meeting for all."""


ClientMessage = (
    Join
    | Test
    | Publish
    | Answer
    | View
    | Restart
    | Mute
    | Leave
    | StateHeads
    | Record
    | Say
    | RaiseHand
    | LowerHand
    | Ask
    | SetQuestion
    | Admit
    | Remove
    | Readmit
    | Lock
    | MuteOther
    | AskFor
    | Spotlight
    | HandOn
    | Promote
    | Demote
    | Consent
    | StepDown
    | AskChair
    | End
)


# --- server → client ----------------------------------------------------------------------------


class ServerBase(Base, tag_field="type"):
    """What the server sends."""


class Joined(ServerBase, tag="joined"):
    """The join answer: everything a page needs to draw itself anew. `speaker` may be oneself.

    `members` are those who may be seen and heard, oneself too unless in the audience. `role` is one's own, `hand` whether one's own hand is raised.
    `waiting`, `sites`, `removed` are empty but for those who may admit; `hands` and all `questions` are for the stage, the audience
    gets its own questions and those that are answered.
    """

    re: Request
    version: int
    participant: Id
    resume: str
    resumed: bool
    role: Role
    room: RoomInfo
    members: tuple[Member, ...]
    audience: int
    hand: bool
    waiting: tuple[WaitingSite, ...]
    sites: tuple[InvitedSite, ...]
    removed: tuple[RemovedSite, ...]
    hands: tuple[Hand, ...]
    questions: tuple[Question, ...]
    chat: tuple[Line, ...]
    asked: tuple[Wish, ...]
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


class Waiting(ServerBase, tag="waiting"):
    """The first answer to `join` of who must be admitted: nothing but title and chair is told. `joined` follows with the same `re`."""

    re: Request
    version: int
    participant: Id
    resume: str
    title: str
    kind: RoomKind
    chair: str | None


class Tested(ServerBase, tag="tested"):
    """The answer to `test`; `connection` (up) then says whether media would flow, and the socket is closed."""

    re: Request
    sdp: Sdp
    title: str
    kind: RoomKind


class RoomUpdate(ServerBase, tag="room"):
    """The room changed: its whole state."""

    room: RoomInfo


class OwnRole(ServerBase, tag="role"):
    """One's own role changed: promoted, sent back, chair or no more chair."""

    role: Role


class Audience(ServerBase, tag="audience"):
    """How many devices are in the audience; told at most every two seconds."""

    count: int


class Desk(ServerBase, tag="desk"):
    """For those who may admit: who waits, which sites were invited or came, who was removed. The whole state."""

    waiting: tuple[WaitingSite, ...]
    sites: tuple[InvitedSite, ...]
    removed: tuple[RemovedSite, ...]


class Hands(ServerBase, tag="hands"):
    """Raised hands, the first one first; to the stage, and to all of a consultation."""

    hands: tuple[Hand, ...]


class QuestionUpdate(ServerBase, tag="question"):
    """A question came or changed."""

    question: Question


class Chat(ServerBase, tag="chat"):
    """Somebody said something in writing."""

    line: Line


class Asked(ServerBase, tag="asked"):
    """Somebody asks for something: `by` is a name. Of a chair: participant `participant` asks for the chair."""

    wish: Wish
    by: str
    participant: Id


class AskedNoMore(ServerBase, tag="asked-no-more"):
    """What was asked for is taken back, or has passed: nobody waits for an answer."""

    wish: Wish


class Muted(ServerBase, tag="muted"):
    """One's own track was muted by another: `by` is a name."""

    mid: Mid
    by: str


class Paused(ServerBase, tag="paused"):
    """Slots whose picture is paused because one's own link does not carry it: all of them, an empty list when none is."""

    slots: tuple[Annotated[int, Meta(ge=0, le=24)], ...]


class CodecMissing(ServerBase, tag="codec-missing"):
    """This client can't decode a codec of the room: pictures sent in it will not be seen."""

    codec: Codec


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
    Joined
    | Waiting
    | Tested
    | Offer
    | Published
    | Slots
    | Speaker
    | MemberUpdate
    | MemberLeft
    | Connection
    | RoomUpdate
    | OwnRole
    | Audience
    | Desk
    | Hands
    | QuestionUpdate
    | Chat
    | Asked
    | AskedNoMore
    | Muted
    | Paused
    | CodecMissing
    | Done
    | Error
    | Closing
)
