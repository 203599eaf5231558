"""The two peer connections of a participant: what it publishes on one, what it receives on the other.

Before this module `participant.py` has a socket; after it are the wire, and a sink that gets what is received. The peer
connections are aiortc's, which shares no code with the media engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

from telepresence.bots.peer import CONFIGURATION, codecs, ice_ufrag
from telepresence.bots.session import RefusedError, Session, UnreachableError
from telepresence.bots.tap import Encoded, Tap, Whole
from telepresence.bots.tracks import BotSource
from telepresence.signaling.messages import (
    Answer,
    Direction,
    ErrorCode,
    Kind,
    Offer,
    Publish,
    Published,
    TrackOffer,
)

log = logging.getLogger(__name__)

_SLOT_MID = re.compile(r"^[av]\d{1,2}$")  # source: messages.Slot

_REASON_S = 0.5
"""A server that closes a connection on purpose says so on the socket, which may be a little later than the media's end."""

SourceKey = tuple[str, str]
"""Participant and source: what a slot carries."""


class Sink(Protocol):
    """Takes what is received and decoded, in the event loop: it must be quick."""

    def video(self, key: SourceKey, frame: VideoFrame) -> None:
        """A decoded picture of the source."""

    def audio(self, key: SourceKey, frame: AudioFrame) -> None:
        """A decoded piece of its sound: 16-bit stereo."""


class EncodedSink(Protocol):
    """Takes what is received as it was sent; nothing is decoded for it."""

    def encoded(self, key: SourceKey, slot: int, piece: Encoded) -> None:
        """A whole frame or packet of the source, which came in this slot."""


class Media:
    """Both connections. `slots` says what each slot carries, `on_lost` hears in words why media is gone."""

    def __init__(
        self,
        sources: Sequence[BotSource],
        slots: Mapping[int, SourceKey],
        sink: Sink | EncodedSink | None,
        on_lost: Callable[[str], None],
    ) -> None:
        self._sources = sources
        self._slots = slots
        self._sink = sink
        self._on_lost = on_lost
        self._up: RTCPeerConnection | None = None
        self._down: RTCPeerConnection | None = None
        self._down_ufrag = ""
        self._answering = asyncio.Lock()
        self._receiving: dict[str, asyncio.Task[None]] = {}

    @property
    def up(self) -> RTCPeerConnection | None:
        """The connection that publishes, while there is one."""
        return self._up

    async def publish(self, session: Session) -> None:
        """Offers all sources on one new connection. Raises RefusedError and UnreachableError."""
        await self.close_up()
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

    async def answer(self, session: Session, offer: Offer) -> None:
        """Answers an offer for the down connection; another `ice-ufrag` than before means another connection."""
        async with self._answering:
            ufrag = ice_ufrag(offer.sdp)
            if self._down is None or ufrag != self._down_ufrag:
                await self._close_down()
                self._down, self._down_ufrag = self._new_connection(Direction.DOWN), ufrag
            down = self._down
            await down.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            self._receive_all(down)
            await down.setLocalDescription(await down.createAnswer())
            answer = Answer(request=session.next_request(), generation=offer.generation, sdp=down.localDescription.sdp)
        try:
            await session.request(answer)
        except RefusedError as error:
            if error.code is not ErrorCode.STALE_ANSWER:  # then a newer offer is on its way
                self._on_lost(f"the server refused the answer: {error}")
        except UnreachableError as error:
            # Whether the server has the answer is not known: without it the connection stays dark for ever, and a
            # resume with `slots: 0` would not mend that.
            if down is self._down:
                self._on_lost(f"the answer was not confirmed: {error}")

    async def packets_received(self) -> int:
        """RTP packets of the down connection so far."""
        if self._down is None:
            return 0
        stats = await self._down.getStats()
        return sum(entry.packetsReceived for entry in stats.values() if entry.type == "inbound-rtp")

    async def close(self) -> None:
        """Closes both connections."""
        await self.close_up()
        await self._close_down()

    async def close_up(self) -> None:
        """Closes the connection that publishes."""
        up, self._up = self._up, None
        if up is not None:
            await up.close()

    async def _close_down(self) -> None:
        """Closes the down connection and stops reading it."""
        down, self._down = self._down, None
        for task in self._receiving.values():
            task.cancel()
        self._receiving.clear()
        if down is not None:
            await down.close()

    def _receive_all(self, down: RTCPeerConnection) -> None:
        """Reads each slot's tracks from now on; unread ones would pile up in memory."""
        for transceiver in down.getTransceivers():
            mid, track = transceiver.mid or "", transceiver.receiver.track
            if track is None or mid in self._receiving or not _SLOT_MID.match(mid):
                continue
            decodes = hasattr(self._sink, "video")
            tap = None if decodes else Tap(transceiver.receiver)
            self._receiving[mid] = reading = asyncio.create_task(self._receive(int(mid[1:]), track, tap))
            reading.add_done_callback(_report_crash)

    async def _receive(self, slot: int, track: MediaStreamTrack, tap: Tap | None) -> None:
        """Hands on what a slot receives, under the name of what it carries at that moment."""
        with contextlib.suppress(MediaStreamError):
            while True:
                frame: object = await track.recv()
                key = self._slots.get(slot)
                if key is not None and self._sink is not None:
                    _hand_on(self._sink, key, slot, frame, tap)

    def _miss(self, connection: RTCPeerConnection, direction: Direction, state: str) -> None:
        """A connection has ended by itself, and nothing that was said meanwhile explains it."""
        if connection in {self._up, self._down}:
            self._on_lost(f"the {direction} connection has {state}")

    def _new_connection(self, direction: Direction) -> RTCPeerConnection:
        """A peer connection whose failure is noticed."""
        connection = RTCPeerConnection(CONFIGURATION)

        @connection.on("connectionstatechange")
        def changed() -> None:
            if connection.connectionState in {"failed", "closed"}:
                loop = asyncio.get_running_loop()
                loop.call_later(_REASON_S, self._miss, connection, direction, connection.connectionState)

        return connection


def _hand_on(sink: Sink | EncodedSink, key: SourceKey, slot: int, frame: object, tap: Tap | None) -> None:
    """Gives a sink what it takes."""
    if isinstance(frame, Whole):
        assert tap is not None  # noqa: S101  # only a tapped receiver brings these
        cast("EncodedSink", sink).encoded(key, slot, tap.encoded(frame))
    elif isinstance(frame, VideoFrame):
        cast("Sink", sink).video(key, frame)
    elif isinstance(frame, AudioFrame):
        cast("Sink", sink).audio(key, frame)


def _report_crash(reading: asyncio.Task[None]) -> None:
    """A sink that fails must not do so in silence."""
    if not reading.cancelled() and (error := reading.exception()) is not None:
        log.error("What is received can't be taken", exc_info=error)
