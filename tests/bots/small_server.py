"""A small server that speaks the protocol, for bots to meet in: aiortc on both sides, no media engine.

It decodes what comes up and encodes it again for the slots. Its rooms, rights and limits are none; it is only as
much of a server as the bots' tests need.
"""

import asyncio
import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from aiohttp import WSMsgType, web
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from telepresence.bots.link import Link
from telepresence.bots.peer import CONFIGURATION
from telepresence.signaling.messages import (
    Answer,
    Asked,
    ClientMessage,
    Closing,
    ClosingReason,
    Connection,
    ConnectionState,
    Consent,
    Direction,
    Done,
    Error,
    ErrorCode,
    Join,
    Joined,
    Kind,
    Leave,
    LeaveReason,
    Member,
    MemberLeft,
    MemberUpdate,
    Offer,
    OwnRole,
    Profile,
    Publish,
    Published,
    Record,
    Role,
    RoomInfo,
    RoomKind,
    ServerMessage,
    Slot,
    Slots,
    Source,
    TrackState,
    View,
    Waiting,
    Wish,
)

UP_FAILED = Connection(direction=Direction.UP, state=ConnectionState.FAILED, reason="as a test")
PATIENCE_S = 60.0
"""What takes a second on an idle machine has failed by then, however busy this one is."""

GOOD_TOKEN = "a-token-that-this-server-takes"


@dataclass
class Guest:
    """One participant of the small server."""

    id: str
    socket: web.WebSocketResponse
    role: Role = Role.MEMBER
    recording: bool = False
    views: list[View] = field(default_factory=list)
    resume: str = field(default_factory=lambda: secrets.token_hex(16))
    slots: int = 0
    up: RTCPeerConnection | None = None
    up_failed: bool = False
    down: RTCPeerConnection | None = None
    sources: dict[str, dict[str, MediaStreamTrack]] = field(default_factory=dict)
    carries: dict[int, tuple[str, str] | None] = field(default_factory=dict)

    def member(self) -> Member:
        """How the others see it."""
        sources = [
            Source(
                id=source,
                label=source.title(),
                profile=Profile.CONSULT,
                audio=TrackState(mid="0") if "audio" in tracks else None,
                video=TrackState(mid="1") if "video" in tracks else None,
            )
            for source, tracks in self.sources.items()
        ]
        return Member(
            participant=self.id, site=f"site-{self.id}", name=f"Hospital {self.id}", role=self.role,
            recording=self.recording, sources=tuple(sources),
        )  # fmt: skip


class SmallServer:
    """Rooms for bots: everybody gets everybody else's sources into the slots asked for."""

    def __init__(self) -> None:
        self.guests: dict[str, Guest] = {}
        self.departed: dict[str, Guest] = {}
        self.joins: list[Join] = []
        self.departures: list[LeaveReason] = []
        self.answers_to_lose = 0
        self.role = Role.MEMBER
        self.recordings: list[bool] = []
        self.waiting: list[str] = []
        self.lets_in = asyncio.Event()
        self.lets_in.set()
        self.lets_back = asyncio.Event()
        self.lets_back.set()
        self._relay = MediaRelay()
        self._numbers = itertools.count(1)
        self._changed = asyncio.Condition()
        self.link = Link("", GOOD_TOKEN)

    async def until_joins(self, count: int) -> None:
        """Waits until there were so many joins and resumes."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self.joins) >= count)

    async def fail_up(self, participant: str) -> None:
        """Drops a guest's up connection, and says so now and, as the real server does, once more when it resumes."""
        guest = self.guests[participant]
        assert guest.up is not None
        guest.up_failed = True
        await send(guest.socket, UP_FAILED)
        await guest.up.close()

    async def send_away(self, participant: str, reason: ClosingReason) -> None:
        """Closes a guest's socket, saying why."""
        guest = self.guests.pop(participant)
        await send(guest.socket, Closing(reason=reason, message="as a test"))
        await guest.socket.close()

    async def ask_onto_stage(self, participant: str) -> None:
        """Asks one of the audience; its consent makes it a member."""
        await send(self.guests[participant].socket, Asked(wish=Wish.STAGE, by="The chair", participant="p0"))

    async def set_role(self, participant: str, role: Role) -> None:
        """Gives a guest another role, and takes what it may not publish."""
        guest = self.guests[participant]
        guest.role = role
        if role is Role.AUDIENCE and guest.up is not None:
            await guest.up.close()
            guest.up, guest.sources = None, {}
        await send(guest.socket, OwnRole(role=role))

    async def until(self, met: Callable[[], bool]) -> None:
        """Waits until something of this server's is so; it is looked at whenever somebody says something."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(met)

    async def close(self) -> None:
        """Ends all media."""
        for guest in self.guests.values():
            for connection in (guest.up, guest.down):
                if connection is not None:
                    await connection.close()

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """One socket's life."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        guest = None
        async for frame in socket:
            assert frame.type is WSMsgType.TEXT
            message = msgspec.json.decode(frame.data, type=ClientMessage)
            if isinstance(message, Join):
                guest = await self._join(socket, message)
            elif guest is not None:
                await self._serve(guest, message)
            async with self._changed:
                self._changed.notify_all()
        return socket

    async def _join(self, socket: web.WebSocketResponse, message: Join) -> Guest | None:
        """Lets in or back, or refuses. Who comes back waits while `lets_back` is not set, who is new while `lets_in` is not."""
        if message.resume is not None:
            await self.lets_back.wait()
        if message.token != GOOD_TOKEN:
            words = "This token was not issued by this server"
            await send(socket, Error(re=message.request, code=ErrorCode.TOKEN_INVALID, message=words))
            await send(socket, Closing(reason=ClosingReason.REFUSED))
            await socket.close()
            return None
        known = next((guest for guest in self.guests.values() if guest.resume == message.resume), None)
        if message.resume is not None and known is None:
            words = "Nobody here has this secret"
            await send(socket, Error(re=message.request, code=ErrorCode.RESUME_UNKNOWN, message=words))
            return None
        guest = known or Guest(f"p{next(self._numbers)}", socket, self.role)
        guest.socket = socket
        if not self.lets_in.is_set():
            await self._keep_waiting(guest, message)
        self.guests[guest.id] = guest
        await self._welcome(guest, message, resumed=known is not None)
        return guest

    async def _keep_waiting(self, guest: Guest, message: Join) -> None:
        """Tells it to wait, and returns when it need no longer."""
        waiting = Waiting(
            re=message.request, version=1, participant=guest.id, resume=guest.resume, title="Ward",
            kind=RoomKind.CONSULTATION, chair=None,
        )  # fmt: skip
        self.guests[guest.id] = guest
        await send(guest.socket, waiting)
        async with self._changed:
            self.waiting.append(guest.id)
            self._changed.notify_all()
        await self.lets_in.wait()

    async def _welcome(self, guest: Guest, message: Join, *, resumed: bool) -> None:
        """The join answer, and an offer for the slots asked for."""
        joined = Joined(
            re=message.request, version=1, participant=guest.id, resume=guest.resume, resumed=resumed, role=guest.role,
            audience=0, hand=False, waiting=(), sites=(), removed=(), hands=(), questions=(), chat=(), asked=(),
            room=RoomInfo(id="ward", kind=RoomKind.CONSULTATION, title="Ward"),
            members=tuple(other.member() for other in self.guests.values()), ice_servers=(), slots=message.slots,
        )  # fmt: skip
        await send(guest.socket, joined)
        if guest.up_failed:
            guest.up_failed = False
            await send(guest.socket, UP_FAILED)
        if message.slots:
            await self._open_down(guest, message.slots)
        async with self._changed:
            self.joins.append(message)
            self._changed.notify_all()

    async def _open_down(self, guest: Guest, slots: int) -> None:
        """Offers pairs of audio and video with the mids of the protocol."""
        if guest.down is not None:
            await guest.down.close()
        guest.down = down = RTCPeerConnection(CONFIGURATION)
        guest.slots = slots
        guest.carries = dict.fromkeys(range(slots))
        for _ in range(slots):
            down.addTransceiver("audio", direction="sendonly")
            down.addTransceiver("video", direction="sendonly")
        offer = await down.createOffer()
        sdp = offer.sdp
        for number in range(slots * 2):
            sdp = sdp.replace(f"a=mid:{number}\r\n", f"a=mid:{'av'[number % 2]}{number // 2}\r\n")
        mids = " ".join(f"a{slot} v{slot}" for slot in range(slots))
        old = " ".join(str(number) for number in range(slots * 2))
        sdp = sdp.replace(f"a=group:BUNDLE {old}\r\n", f"a=group:BUNDLE {mids}\r\n")
        await down.setLocalDescription(RTCSessionDescription(sdp, "offer"))
        await send(guest.socket, Offer(generation=1, sdp=down.localDescription.sdp))

    async def _serve(self, guest: Guest, message: ClientMessage) -> None:
        """Everything after the join."""
        match message:
            case Answer() if self.answers_to_lose:
                self.answers_to_lose -= 1
                await guest.socket.close()
            case Answer():
                assert guest.down is not None
                await guest.down.setRemoteDescription(RTCSessionDescription(message.sdp, "answer"))
                await send(guest.socket, Done(re=message.request))
                await self._fill_slots()
            case Publish():
                await self._publish(guest, message)
            case View():
                guest.views.append(message)
                await send(guest.socket, Done(re=message.request))
            case Record(recording=recording):
                guest.recording = recording
                self.recordings.append(recording)
                await send(guest.socket, Done(re=message.request))
                await self._tell(MemberUpdate(member=guest.member()))
            case Consent():
                await send(guest.socket, Done(re=message.request))
                await self.set_role(guest.id, Role.MEMBER)
            case Leave():
                self.departures.append(LeaveReason.LEFT)
                await send(guest.socket, Done(re=message.request))
                await send(guest.socket, Closing(reason=ClosingReason.LEFT))
                self.departed[guest.id] = self.guests.pop(guest.id)
                await self._tell(MemberLeft(participant=guest.id, reason=LeaveReason.LEFT))
                await guest.socket.close()

    async def _publish(self, guest: Guest, message: Publish) -> None:
        """Answers, and puts the sources into the others' slots."""
        guest.up = up = RTCPeerConnection(CONFIGURATION)
        await up.setRemoteDescription(RTCSessionDescription(message.sdp, "offer"))
        await up.setLocalDescription(await up.createAnswer())
        tracks = {transceiver.mid: transceiver.receiver.track for transceiver in up.getTransceivers()}
        guest.sources = {}
        for offered in message.tracks:
            guest.sources.setdefault(offered.source, {})[offered.kind] = tracks[offered.mid]
        await send(guest.socket, Published(re=message.request, sdp=up.localDescription.sdp))
        await self._tell(MemberUpdate(member=guest.member()))
        await self._fill_slots()

    async def _tell(self, message: ServerMessage) -> None:
        """Says it to everybody."""
        for guest in self.guests.values():
            await send(guest.socket, message)

    async def _fill_slots(self) -> None:
        """Puts each source that somebody doesn't have yet into a free slot of his."""
        for guest in self.guests.values():
            changed = []
            for other in self.guests.values():
                for source, tracks in other.sources.items():
                    key = (other.id, source)
                    free = [slot for slot, content in guest.carries.items() if content is None]
                    if other is guest or key in guest.carries.values() or not free:
                        continue
                    guest.carries[free[0]] = key
                    self._send_into(guest, free[0], tracks)
                    changed.append(Slot(index=free[0], participant=other.id, source=source))
            if changed:
                await send(guest.socket, Slots(slots=tuple(changed)))

    def _send_into(self, guest: Guest, slot: int, tracks: dict[str, MediaStreamTrack]) -> None:
        """Relays a source's tracks into one slot."""
        assert guest.down is not None
        for kind, track in tracks.items():
            transceiver = guest.down.getTransceivers()[slot * 2 + (kind == Kind.VIDEO)]
            transceiver.sender.replaceTrack(self._relay.subscribe(track, buffered=False))


async def send(socket: web.WebSocketResponse, message: ServerMessage) -> None:
    """One message as text; who has no socket now learns all when it comes back."""
    if not socket.closed:
        await socket.send_str(msgspec.json.encode(message).decode())
