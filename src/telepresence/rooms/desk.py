"""The desk: what those see who may admit, and what they do: admit, remove, lock, mute another."""

from __future__ import annotations

from dataclasses import replace

from telepresence.rooms import doortests, seats
from telepresence.rooms.effects import Effect, Keep
from telepresence.rooms.participant import Participant
from telepresence.rooms.records import RemovalRecord
from telepresence.rooms.room import Room, at_desk, tell_one
from telepresence.rooms.watching import reconcile_all, tell_speaker
from telepresence.signaling.closing import goodbye
from telepresence.signaling.messages import (
    ClosingReason,
    Desk,
    InvitedSite,
    LeaveReason,
    Muted,
    Reach,
    RemovedSite,
    Role,
    SourceName,
    WaitingSite,
)

DESK_S = 0.5
"""The desk is told at most so often: a broadcast's waiting room fills by the hundred. Source: protocol.md, "The waiting room"."""

SITES_S = 1.0
"""The list of sites is told no more often for its own sake: a broadcast's sites come by the hundred."""


def waiting(room: Room) -> tuple[WaitingSite, ...]:
    """Returns who waits, the first one first."""
    return tuple(
        WaitingSite(participant=p.id, site=p.site, name=p.name, since=p.seat.joined_at) for p in room.waiting.values()
    )


def sites(room: Room) -> tuple[InvitedSite, ...]:
    """Returns each site that was invited, came or tested its way, once, in its best state."""
    inside = {participant.site for participant in room.participants.values()}
    return tuple(
        InvitedSite(site=key, name=site.name, role=site.role, reach=Reach.CONNECTED if key in inside else site.reach)
        for key, site in room.sites.items()
    )


def removed(room: Room) -> tuple[RemovedSite, ...]:
    """Returns which sites stay out."""
    return tuple(
        RemovedSite(site=removal.site, name=removal.name)
        for removal in room.removals.values()
        if removal.readmitted_at is None
    )


def news(room: Room, now: float) -> list[Effect]:
    """At the end of a step or by the clock: tells those at the desk what changed there; of sites alone with more patience."""
    if not (room.desk_changed or room.sites_changed):
        return []
    if now - room.desk_told_at < (DESK_S if room.desk_changed else SITES_S):
        return []
    room.desk_changed = room.sites_changed = False
    if not any(at_desk(participant) for participant in room.roll.members.values()):
        return []
    room.desk_told_at = now
    return room.tell(Desk(waiting=waiting(room), sites=sites(room), removed=removed(room)), to=at_desk)


# --- what those at the desk do ------------------------------------------------------------------


def lock(room: Room, *, locked: bool) -> list[Effect]:
    """Closes the door for those who are new, or opens it again."""
    if room.record.locked == locked:
        return []
    return [room.keep(locked=locked), *room.tell_room()]


def is_safe_from(room: Room, site: str, remover: Participant) -> bool:
    """Tells whether that site cannot be removed by `remover`: one's own, an organiser's, the chair's but by an organiser."""
    is_organisers = any(seat.site == site for seat in room.roll.members.values() if seat.role is Role.ORGANISER)
    is_chairs = room.chair is not None and room.chair.site == site
    return site == remover.site or is_organisers or (is_chairs and remover.role is not Role.ORGANISER)


def remove(room: Room, target: Participant, now: float) -> list[Effect]:
    """Sends a site away with all its devices, waiting or not; it stays out until it is readmitted."""
    removal = RemovalRecord(room=room.id, site=target.site, name=target.identity.name, removed_at=room.wall(now))
    room.removals[target.site] = removal
    room.desk_changed = True
    effects: list[Effect] = [Keep(removal)]
    text = "This site was removed from the meeting."
    gone = [p for p in (*room.participants.values(), *room.waiting.values()) if p.site == target.site]
    for participant in gone:
        session = participant.session
        effects += [] if session is None else goodbye(session, ClosingReason.REMOVED, text)
    effects += seats.depart_all(room, gone, LeaveReason.REMOVED, now)
    for test in list(room.tests.values()):
        if test.site == target.site:
            effects += goodbye(test.session, ClosingReason.REMOVED, text) + doortests.abandon(room, test.session)
    return effects


def readmit(room: Room, site: str, now: float) -> list[Effect]:
    """A site that was removed may knock again."""
    removal = room.removals[site] = replace(room.removals[site], readmitted_at=room.wall(now))
    room.desk_changed = True
    return [Keep(removal)]


def hold(room: Room, owner: Participant, mid: str, by: Participant) -> list[Effect] | None:
    """Stops forwarding a track until its owner opens it again; null when there is no such track."""
    track = owner.track_of(mid)
    if track is None:
        return None
    if track.held:
        return []
    track.held = track.muted = True
    told = tell_one(owner, Muted(mid=mid, by=by.name))
    return told + room.tell_member(owner) + tell_speaker(room) + reconcile_all(room)


def light(room: Room, source: SourceName | None) -> list[Effect]:
    """Shows a source large to all, or none."""
    if room.spotlight == source:
        return []
    room.spotlight = source
    return room.tell_room()
