"""Tests at the door: a connection without tracks that shows whether media would flow, before anybody joins."""

from __future__ import annotations

from telepresence.engine.commands import Close
from telepresence.rooms.effects import Effect, Send, Submit
from telepresence.rooms.room import DoorTest, Room
from telepresence.signaling.closing import goodbye
from telepresence.signaling.messages import (
    ClosingReason,
    Connection,
    ConnectionState,
    Direction,
    ErrorCode,
    Reach,
)
from telepresence.signaling.refusal import RefusalError

TEST_S = 10.0
"""A test that has not connected by then has failed. Source: protocol.md, "`test`"."""

TESTS_MAX, SITE_TESTS_MAX = 64, 2
"""Tests at once in a room, and of one site in it. Source: protocol.md, "Transport"."""


def require_place(room: Room, site: str) -> None:
    """Raises RefusalError: too-many."""
    if sum(test.site == site for test in room.tests.values()) >= SITE_TESTS_MAX:
        raise RefusalError(ErrorCode.TOO_MANY, f"{SITE_TESTS_MAX} devices of this site test now; try again in 10 s.")
    if len(room.tests) >= TESTS_MAX:
        raise RefusalError(ErrorCode.TOO_MANY, f"{TESTS_MAX} sites test this room's door now; try again in 10 s.")


def begin(room: Room, conn: int, session: int, site: str, now: float) -> None:
    """A test of that connection begins."""
    room.tests[conn] = DoorTest(conn, session, site, now + TEST_S)


def finish(room: Room, test: DoorTest, state: ConnectionState, reason: str = "") -> list[Effect]:
    """The test's outcome is told and noted, and its socket ends. A connection that failed is still closed by the caller."""
    del room.tests[test.conn]
    note(room, test.site, Reach.PASSED if state is ConnectionState.CONNECTED else Reach.FAILED)
    told = Send(test.session, Connection(direction=Direction.UP, state=state, reason=reason))
    return [told, *goodbye(test.session, ClosingReason.TESTED)]


def note(room: Room, site: str, reach: Reach) -> None:
    """Notes whether media reaches a site. One success of any of its devices counts for good."""
    known = room.sites[site]
    if known.reach not in (reach, Reach.PASSED):
        known.reach = reach
        room.sites_changed = True


def abandon(room: Room, session: int) -> list[Effect]:
    """The socket of a test is gone."""
    tests = [test for test in room.tests.values() if test.session == session]
    for test in tests:
        del room.tests[test.conn]
    return [Submit(Close(conn=test.conn)) for test in tests]


def tick(room: Room, now: float) -> list[Effect]:
    """Ends those that took too long."""
    late = [test for test in room.tests.values() if now >= test.until]
    reason = f"nothing reached the media port within {TEST_S:g} s"
    return [
        effect
        for test in late
        for effect in (*finish(room, test, ConnectionState.FAILED, reason), Submit(Close(conn=test.conn)))
    ]
