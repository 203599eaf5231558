"""A site that is a program: joins, publishes sources on one connection, receives on another, comes back when lost.

Before this module are a link, sources (`tracks.py`) and a sink (`judge.py` by way of `watch.py`); after it is the
wire. The peer connections are aiortc's, which shares no code with the media engine.

Coming back follows the two ways that there are. A lost socket is opened anew and resumed with `slots: 0` while media
goes on. A failed connection, or a seat that the server no longer has, means that everything is opened anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Coroutine, Sequence
from typing import Protocol

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

from telepresence.bots.link import Link
from telepresence.bots.peer import CONFIGURATION, codecs, ice_ufrag
from telepresence.bots.session import RefusedError, Session, UnreachableError, join
from telepresence.bots.tracks import BotSource
from telepresence.signaling.messages import (
    Answer,
    ClosingReason,
    Connection,
    ConnectionState,
    Direction,
    ErrorCode,
    Joined,
    Kind,
    Leave,
    Member,
    MemberLeft,
    MemberUpdate,
    Offer,
    Publish,
    Published,
    ServerMessage,
    Slots,
    TrackOffer,
)

log = logging.getLogger(__name__)

BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Waits before the tries to come back; the last one goes on for ever, so a seat kept for 30 s is found again."""

_LEAVE_S = 2.0  # a polite good-bye is worth so long
_FOR_GOOD = frozenset({
    ErrorCode.VERSION, ErrorCode.TOKEN_INVALID, ErrorCode.TOKEN_EXPIRED, ErrorCode.ROOM_UNKNOWN, ErrorCode.FORBIDDEN,
    ErrorCode.SDP_INVALID, ErrorCode.NO_COMMON_CODEC,
})  # fmt: skip
"""Refusals that asking again doesn't change."""

_SLOT_MID = re.compile(r"^[av]\d{1,2}$")  # source: messages.Slot

SourceKey = tuple[str, str]
"""Participant and source: what a slot carries."""


class Sink(Protocol):
    """Takes what is received, in the event loop: it must be quick."""

    def video(self, key: SourceKey, frame: VideoFrame) -> None:
        """A decoded picture of the source."""

    def audio(self, key: SourceKey, frame: AudioFrame) -> None:
        """A decoded piece of its sound: 16-bit stereo."""


class Participant:
    """One participant. `run` it as a task.

    `members` and `slots` tell what the server said last, `left_at` when others left (seconds, monotonic).
    """

    def __init__(
        self, link: Link, *, sources: Sequence[BotSource] = (), slots: int = 0, sink: Sink | None = None
    ) -> None:
        self._link = link
        self._sources = sources
        self._wanted_slots = slots
        self._sink = sink
        self._session: Session | None = None
        self._resume: str | None = None
        self._media_whole = False
        self._media_lost = False
        self._up: RTCPeerConnection | None = None
        self._down: RTCPeerConnection | None = None
        self._down_ufrag = ""
        self._answering = asyncio.Lock()
        self._receiving: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._leaving = False
        self._joined = asyncio.Event()
        self.trouble = ""
        self.joined: Joined | None = None
        self.members: dict[str, Member] = {}
        self.left_at: dict[str, float] = {}
        self.slots: dict[int, SourceKey] = {}

    async def wait_joined(self) -> Joined:
        """Waits for the first join and returns its answer."""
        await self._joined.wait()
        assert self.joined is not None  # noqa: S101  # set before the event
        return self.joined

    async def run(self) -> None:
        """Stays in the room until `leave`, coming back for ever.

        Raises RefusedError if the server says what asking again doesn't change. `trouble` holds the newest obstacle.
        """
        tries = 0
        try:
            while not self._leaving:
                before = self.joined
                try:
                    await self._attend()
                except UnreachableError as error:
                    self._note(str(error))
                except RefusedError as error:
                    self._take_refusal(error)
                tries = 0 if self.joined is not before else tries + 1
                if not self._leaving:
                    await asyncio.sleep(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])
        finally:
            await self._close_media()

    @property
    def is_publishing(self) -> bool:
        """True while the up connection is connected."""
        return self._up is not None and self._up.connectionState == "connected"

    async def leave(self) -> None:
        """Says good-bye, then `run` ends."""
        self._leaving = True
        session = self._session
        if session is None:
            return
        with contextlib.suppress(UnreachableError, RefusedError, TimeoutError):
            async with asyncio.timeout(_LEAVE_S):
                await session.request(Leave(request=session.next_request()))
        await session.close()

    async def drop_socket(self) -> None:
        """Loses the socket as a bad network would; media goes on and `run` resumes."""
        if self._session is not None:
            await self._session.close()

    async def _attend(self) -> None:
        """One socket's life, from opening to its end."""
        async with await Session.open(self._link) as session:
            listening = asyncio.create_task(session.listen(lambda message: self._on_message(session, message)))
            self._session = session
            try:
                await self._enter(session)
                self._after_closing(await listening)
            finally:
                self._session = None
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _enter(self, session: Session) -> None:
        """Joins or resumes, and publishes if there is nothing on the air."""
        keep = self._media_whole and self._resume is not None
        if not keep:
            await self._close_media()
            self._media_lost = False
            self.slots.clear()
        joined = await join(session, self._link, slots=0 if keep else self._wanted_slots, resume=self._resume)
        self._resume = joined.resume
        if keep and not joined.resumed:
            self._media_whole = False
            raise UnreachableError("The seat was given up meanwhile; joining anew")
        if not keep and self._sources:
            await self._publish(session)
        # What was opened may have been lost again by now: then this socket is about to be closed.
        self._media_whole = not self._media_lost
        self.joined = joined
        self._joined.set()
        log.info("%s the room %s as %s", "Resumed" if joined.resumed else "Joined", joined.room.id, joined.participant)

    def _take_refusal(self, error: RefusedError) -> None:
        """Decides what a refusal means. Raises it again if it is for good."""
        if error.code is ErrorCode.RESUME_UNKNOWN:
            self._resume = None
        if error.code in _FOR_GOOD:
            raise error
        self._media_whole = False
        self._note(str(error))

    def _after_closing(self, reason: ClosingReason | None) -> None:
        """The socket has ended: tells a loss from an order."""
        if self._leaving:
            return
        self._leaving = reason in {ClosingReason.REPLACED, ClosingReason.LEFT}
        self._note("The socket was lost" if reason is None else f"The server closed the socket: {reason}")

    def _on_message(self, session: Session, message: ServerMessage) -> None:
        """Acts on what came unasked; what takes time becomes a task of its own."""
        match message:
            case Joined(members=members):
                for gone in self.members.keys() - {member.participant for member in members}:
                    self._see_off(gone)
                self.members = {member.participant: member for member in members}
            case Offer():
                self._spawn(self._answer(session, message))
            case Slots(slots=changed):
                for slot in changed:
                    self._assign(slot.index, slot.participant, slot.source)
            case MemberUpdate(member=member):
                self.members[member.participant] = member
            case MemberLeft(participant=participant):
                self._see_off(participant)
            # While media is being opened anew, a failure is that of the connection it replaces.
            case Connection(state=ConnectionState.FAILED) if self._media_whole:
                self._lose_media(f"the server gave the {message.direction} connection up: {message.reason}")
            case _:
                log.debug("%s", message)

    def _see_off(self, participant: str) -> None:
        """Notes when a member left, so that what he no longer sends isn't held against him."""
        if self.members.pop(participant, None) is not None:
            self.left_at[participant] = time.monotonic()

    def _assign(self, index: int, participant: str | None, source: str | None) -> None:
        """Notes what a slot carries from now on."""
        if participant is None or source is None:
            self.slots.pop(index, None)
        else:
            self.slots[index] = (participant, source)

    async def _publish(self, session: Session) -> None:
        """Offers all sources on one new connection."""
        self._up = up = self._new_connection(Direction.UP)
        offered = []
        for source in self._sources:
            for track in source.open_tracks():
                transceiver = up.addTransceiver(track, direction="sendonly")
                transceiver.setCodecPreferences(codecs(track.kind, source.codec))
                offered.append((transceiver, source))
        await up.setLocalDescription(await up.createOffer())
        tracks = tuple(
            TrackOffer(
                mid=transceiver.mid or "", kind=Kind(transceiver.kind), source=source.id, label=source.label,
                profile=source.profile,
            )
            for transceiver, source in offered
        )  # fmt: skip
        request = Publish(request=session.next_request(), sdp=up.localDescription.sdp, tracks=tracks)
        answer = await session.request(request)
        if not isinstance(answer, Published):
            raise UnreachableError(f"The server answered publish with {type(answer).__name__}, not with Published")
        await up.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))

    async def _answer(self, session: Session, offer: Offer) -> None:
        """Answers an offer for the down connection; another `ice-ufrag` than before means another connection."""
        async with self._answering:
            ufrag = ice_ufrag(offer.sdp)
            if self._down is None or ufrag != self._down_ufrag:
                await self._close_down()
                self._down, self._down_ufrag = self._new_connection(Direction.DOWN), ufrag
            down = self._down
            await down.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            await down.setLocalDescription(await down.createAnswer())
            self._receive_all(down)
            answer = Answer(request=session.next_request(), generation=offer.generation, sdp=down.localDescription.sdp)
        try:
            await session.request(answer)
        except RefusedError as error:
            if error.code is not ErrorCode.STALE_ANSWER:  # then a newer offer is on its way
                self._lose_media(f"the server refused the answer: {error}")
        except UnreachableError as error:
            # Whether the server has the answer is not known: without it the connection stays dark for ever, and a
            # resume with `slots: 0` would not mend that.
            if down is self._down:
                self._lose_media(f"the answer was not confirmed: {error}")

    def _receive_all(self, down: RTCPeerConnection) -> None:
        """Reads each slot's tracks from now on; unread ones would pile up in memory."""
        for transceiver in down.getTransceivers():
            mid, track = transceiver.mid or "", transceiver.receiver.track
            if track is not None and mid not in self._receiving and _SLOT_MID.match(mid):
                self._receiving[mid] = asyncio.create_task(self._receive(int(mid[1:]), track))

    async def _receive(self, slot: int, track: MediaStreamTrack) -> None:
        """Hands on what a slot receives, under the name of what it carries at that moment."""
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                key = self.slots.get(slot)
                if key is None or self._sink is None:
                    continue
                if isinstance(frame, VideoFrame):
                    self._sink.video(key, frame)
                elif isinstance(frame, AudioFrame):
                    self._sink.audio(key, frame)

    def _new_connection(self, direction: Direction) -> RTCPeerConnection:
        """A peer connection whose failure is noticed."""
        connection = RTCPeerConnection(CONFIGURATION)

        @connection.on("connectionstatechange")
        def changed() -> None:
            if connection.connectionState in {"failed", "closed"} and connection in {self._up, self._down}:
                self._lose_media(f"the {direction} connection has {connection.connectionState}")

        return connection

    def _lose_media(self, why: str) -> None:
        """Media is gone: the socket is closed, so that `run` opens everything anew. When leaving, it is meant to."""
        if self._leaving:
            return
        self._note(f"Media was lost: {why}")
        self._media_whole, self._media_lost = False, True
        if self._session is not None:
            self._spawn(self._session.close())

    async def _close_media(self) -> None:
        """Closes both connections."""
        up, self._up = self._up, None
        if up is not None:
            await up.close()
        await self._close_down()
        self._media_whole = False

    async def _close_down(self) -> None:
        """Closes the down connection and stops reading it."""
        down, self._down = self._down, None
        for task in self._receiving.values():
            task.cancel()
        self._receiving.clear()
        if down is not None:
            await down.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        """Runs `work` as a task of its own, held until it is done."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._report_crash)

    def _report_crash(self, task: asyncio.Task[None]) -> None:
        """A task must not fail in silence: its failure loses media, and everything is opened anew."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A task failed", exc_info=error)
            self._lose_media(str(error))

    def _note(self, trouble: str) -> None:
        """Keeps and logs the newest obstacle."""
        self.trouble = trouble
        log.warning("%s", trouble)
