"""A site that is a program: joins, publishes and receives, does what it is asked, comes back when it is lost.

Before this module are a link, sources (`tracks.py`) and a sink (`watch.py`, `counting.py`, `recording.py`); after it,
`media.py` has the two peer connections and `session.py` the socket.

Coming back follows the two ways that there are. A lost socket is opened anew and resumed with `slots: 0` while media
goes on. A failed connection, or a seat that the server no longer has, means that everything is opened anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Final

from telepresence.bots.link import Link
from telepresence.bots.media import EncodedSink, Media, Sink, SourceKey
from telepresence.bots.session import RefusedError, Session, UnreachableError, join
from telepresence.bots.tracks import BotSource
from telepresence.signaling.messages import (
    Asked,
    Closing,
    ClosingReason,
    Connection,
    ConnectionState,
    Consent,
    ErrorCode,
    Joined,
    Leave,
    Member,
    MemberLeft,
    MemberUpdate,
    Muted,
    Offer,
    OwnRole,
    Record,
    Role,
    ServerMessage,
    Slots,
    Tile,
    View,
    Waiting,
    Wish,
)

log = logging.getLogger(__name__)

BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Waits before the tries to come back; the last one goes on for ever, so a seat kept for 30 s is found again."""

_LEAVE_S = 2.0  # a polite good-bye is worth so long
_FOR_GOOD = frozenset({
    ErrorCode.VERSION, ErrorCode.TOKEN_INVALID, ErrorCode.TOKEN_EXPIRED, ErrorCode.TOKEN_REVOKED, ErrorCode.ROOM_UNKNOWN,
    ErrorCode.ROOM_ENDED, ErrorCode.ROOM_LOCKED, ErrorCode.REMOVED, ErrorCode.FORBIDDEN, ErrorCode.SDP_INVALID,
    ErrorCode.NO_COMMON_CODEC,
})  # fmt: skip
"""Refusals that asking again doesn't change."""

SILENT_ROLES = frozenset({Role.AUDIENCE, Role.RECORDER, Role.ADMIN})
"""Who has these publishes nothing; see the table of rights in signaling/protocol.md."""

PARTINGS: Final[Mapping[ClosingReason, str]] = {
    ClosingReason.REMOVED: "The bot was removed from the meeting",
    ClosingReason.ENDED: "The meeting was ended",
    ClosingReason.REPLACED: "Another bot took this one's seat",
    ClosingReason.LEFT: "The bot has left",
}
"""Reasons after which it does not come back, in words."""

Tiles = Callable[[Mapping[str, Member]], tuple[Tile, ...]]
"""What a viewer wants to see of those who are there."""


class Participant:
    """One participant. `run` it as a task.

    `members` and `slots` tell what the server said last, `left_at` when others left (seconds, monotonic), `role` what it may do,
    `waiting` that it must be let in first, `parting` why it does not come back.
    """

    def __init__(
        self,
        link: Link,
        *,
        sources: Sequence[BotSource] = (),
        slots: int = 0,
        sink: Sink | EncodedSink | None = None,
        tiles: Tiles | None = None,
        accepts_stage: bool = False,
    ) -> None:
        """Without a sink nothing is decoded; without `tiles` the server chooses what comes."""
        self._link = link
        self._sources = sources
        self._wanted_slots = slots
        self._tiles = tiles
        self._shown: tuple[Tile, ...] | None = None
        self._accepts_stage = accepts_stage
        self._records = False
        self._session: Session | None = None
        self._resume: str | None = None
        self._media_whole = False
        self._media_lost = False
        self._publishing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._leaving = False
        self._joined, self._answered = asyncio.Event(), asyncio.Event()
        self.trouble = ""
        self.parting: Closing | None = None
        self.joined: Joined | None = None
        self.role: Role | None = None
        self.waiting: Waiting | None = None
        self.members: dict[str, Member] = {}
        self.left_at: dict[str, float] = {}
        self.slots: dict[int, SourceKey] = {}
        self.media = Media(sources, self.slots, sink, self._lose_media)

    async def wait_joined(self) -> Joined:
        """Waits for the first join and returns its answer."""
        await self._joined.wait()
        assert self.joined is not None  # noqa: S101  # set before the event
        return self.joined

    async def wait_answered(self) -> None:
        """Waits until it is in, or knows that it must be let in."""
        await self._answered.wait()

    async def run(self) -> None:
        """Stays in the room until `leave`, or until the server ends it for good (`parting`), coming back for ever.

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
        return self.media.up is not None and self.media.up.connectionState == "connected"

    async def record(self, *, recording: bool) -> None:
        """Says to everybody that this participant records, or has stopped. Raises RefusedError where it may not."""
        self._records = recording
        if self._session is not None and self.joined is not None:
            await self._session.request(Record(request=self._session.next_request(), recording=recording))

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
                try:
                    await self._enter(session)
                except UnreachableError:
                    # The server may have said why, as to one who waited and was sent away.
                    if not listening.done() or listening.exception() or listening.result() is None:
                        raise
                self._after_closing(await listening)
            finally:
                self._session = self.waiting = None
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _enter(self, session: Session) -> None:
        """Joins or resumes, and publishes if there is nothing on the air."""
        keep = self._media_whole and self._resume is not None
        if not keep:
            await self._close_media()
            self._media_lost = False
            self.slots.clear()
        self._shown = None
        joined = await join(session, self._link, slots=0 if keep else self._wanted_slots, resume=self._resume)
        self._resume = joined.resume
        if keep and not joined.resumed:
            self._media_whole = False
            raise UnreachableError("The seat was given up meanwhile; joining anew")
        await self._follow_role(session)
        if self._records:
            await session.request(Record(request=session.next_request(), recording=True))
        # What was opened may have been lost again by now: then this socket is about to be closed.
        self._media_whole = not self._media_lost
        self.joined = joined
        self._joined.set()
        self._answered.set()
        log.info("%s the room %s as %s", "Resumed" if joined.resumed else "Joined", joined.room.id, joined.participant)

    def _take_refusal(self, error: RefusedError) -> None:
        """Decides what a refusal means. Raises it again if it is for good."""
        if error.code is ErrorCode.RESUME_UNKNOWN:
            self._resume = None
        if error.code in _FOR_GOOD:
            raise error
        self._media_whole = False
        self._note(str(error))

    def _after_closing(self, closing: Closing | None) -> None:
        """The socket has ended: tells a loss from an order."""
        if self._leaving:
            return
        if closing is None:
            self._note("The socket was lost")
        elif closing.reason in PARTINGS:
            self._leaving, self.parting = True, closing
            self._note(PARTINGS[closing.reason] + (f": {closing.message}" if closing.message else ""))
        else:
            self._note(f"The server closed the socket: {closing.message or closing.reason}")

    def _on_message(self, session: Session, message: ServerMessage) -> None:
        """Acts on what came unasked; what takes time becomes a task of its own."""
        match message:
            case Joined():
                self._take_in(session, message)
            case Waiting(title=title, resume=resume):
                self.waiting, self._resume = message, resume
                self._answered.set()
                log.info("Waiting to be let in to “%s”", title)
            case Offer():
                self._spawn(self.media.answer(session, message))
            case Slots(slots=changed):
                for slot in changed:
                    self._assign(slot.index, slot.participant, slot.source)
            case MemberUpdate(member=member):
                self.members[member.participant] = member
                self._show(session)
            case MemberLeft(participant=participant):
                self._see_off(participant)
                self._show(session)
            # While media is being opened anew, a failure is that of the connection it replaces.
            case Connection(state=ConnectionState.FAILED) if self._media_whole:
                self._lose_media(f"the server gave the {message.direction} connection up: {message.reason}")
            case OwnRole() | Asked() | Muted():
                self._on_order(session, message)
            case _:
                log.debug("%s", message)

    def _on_order(self, session: Session, message: OwnRole | Asked | Muted) -> None:
        """Does what others want of it, as far as it was told to."""
        match message:
            case OwnRole(role=role):
                log.info("The bot's role is now %s", role)
                self.role = role
                self._spawn(self._change_role(session))
            case Asked(wish=Wish.STAGE, by=by):
                self._be_asked(session, by)
            case Asked(wish=wish, by=by):
                log.info("%s asks for the %s: a bot's is always open, or not there", by, wish)
            case Muted(mid=mid, by=by):
                log.warning("%s closed this bot's track %s", by, mid)

    def _take_in(self, session: Session, joined: Joined) -> None:
        """Takes the room as it is now."""
        for gone in self.members.keys() - {member.participant for member in joined.members}:
            self._see_off(gone)
        self.members = {member.participant: member for member in joined.members}
        self.role, self.waiting = joined.role, None
        self._show(session)
        if Wish.STAGE in joined.asked:
            self._be_asked(session, "Somebody")

    def _be_asked(self, session: Session, by: str) -> None:
        """Goes onto the stage if it was told to accept."""
        log.info("%s asks this bot onto the stage%s", by, "" if self._accepts_stage else " (--accept-stage says yes)")
        if self._accepts_stage:
            consent = Consent(request=session.next_request(), wish="stage", accepted=True)
            self._spawn(self._request(session, consent))

    async def _follow_role(self, session: Session) -> None:
        """Publishes once it may, and stops when it may no more. What it receives goes on."""
        async with self._publishing:
            if self.role in SILENT_ROLES:
                await self.media.close_up()
            elif self._sources and self.media.up is None:
                await self.media.publish(session)

    async def _change_role(self, session: Session) -> None:
        """The same in the midst of a meeting."""
        try:
            await self._follow_role(session)
        except (RefusedError, UnreachableError) as error:
            self._lose_media(str(error))

    def _show(self, session: Session) -> None:
        """Tells the server what this one wants to see, when that has changed."""
        if self._tiles is None or (tiles := self._tiles(self.members)) == self._shown:
            return
        self._shown = tiles
        self._spawn(self._request(session, View(request=session.next_request(), tiles=tiles)))

    async def _request(self, session: Session, message: Consent | View) -> None:
        """Asks for what is no condition of being here: a refusal is only noted."""
        try:
            await session.request(message)
        except (RefusedError, UnreachableError) as error:
            self._note(f"{type(message).__name__} was refused: {error}")

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
        await self.media.close()
        self._media_whole = False

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
