"""The desk: what those see who may admit, and what they do: admit, remove, lock, mute another."""

from __future__ import annotations

from telepresence.rooms.effects import Effect
from telepresence.rooms.room import Room, at_desk
from telepresence.signaling.messages import Desk, InvitedSite, Reach, RemovedSite, WaitingSite


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


def news(room: Room) -> list[Effect]:
    """At the end of a step: tells those at the desk, if anything changed there."""
    if not room.desk_changed:
        return []
    room.desk_changed = room.sites_changed = False
    if not any(at_desk(participant) for participant in room.participants.values()):
        return []
    return room.tell(Desk(waiting=waiting(room), sites=sites(room), removed=removed(room)), to=at_desk)
