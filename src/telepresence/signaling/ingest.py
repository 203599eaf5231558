"""WHIP (RFC 9725) as pure functions: an offer, a fragment or an end comes in, effects and what HTTP answers come out.

`whip.py` (the shell) comes before it. It takes the way of `join` and `publish`: the room gives a seat, `publishing.py`
answers the offer. The publisher is a member without a socket (`rooms/encoders.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telepresence.rooms import encoders, seats
from telepresence.rooms.effects import Effect
from telepresence.rooms.participant import Encoder, Identity, Knock, Participant, UpConnection
from telepresence.rooms.rights import passes_lock
from telepresence.rooms.room import Room
from telepresence.signaling import publishing, sdpfrag
from telepresence.signaling.handlers.join import find_room
from telepresence.signaling.messages import ErrorCode, Kind, LeaveReason, Role, TrackOffer
from telepresence.signaling.negotiation import UpOffer, direction_of, is_open, mid_of, up_offer
from telepresence.signaling.refusal import RefusalError
from telepresence.signaling.sdp import Description, parse
from telepresence.signaling.session import DESCRIPTION_COST

if TYPE_CHECKING:
    from telepresence.auth import Claims
    from telepresence.signaling.world import World

SOURCE = "encoder"
"""The id of the one source that a WHIP session has. Source: RFC 9725 §4.4.2 (a single MediaStream)."""

ANY = "*"

_ENTITY_TAG = re.compile(r'(W/)?"([^"]*)"')


class WhipError(Exception):
    """A request that HTTP refuses by `status`; `code` is for programs, `message` for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Nothing has changed."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Created:
    """A session has begun. `secret` names it in its address; `etag` names its ICE session."""

    participant: str
    secret: str
    etag: str
    sdp: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """ICE was restarted: the new entity-tag, and our side as a fragment."""

    etag: str
    fragment: str


def begin(world: World, claims: Claims, room_id: str, sdp: str, now: float) -> tuple[Created, list[Effect]]:
    """Seats the bearer of a token and answers its offer. Raises RefusalError, WhipError."""
    room = _room(world, claims, room_id)
    description = parse(sdp)
    offer = up_offer(description, _tracks(description, claims), room.codecs)
    _require_place(world, offer)
    secret = world.secret()
    superseded = encoders.supersede(room, claims.site, now)
    participant, seated = _sit(world, room, claims, secret, now)
    answered = publishing.answer(world, room, participant, offer)
    created = Created(participant.id, secret, etag_of(_up(participant)), answered.sdp)
    return created, [*superseded, *seated, *answered.commands, *answered.told]


def find(world: World, claims: Claims, room_id: str, secret: str) -> tuple[Room, Participant]:
    """Returns the session that this token began. Raises WhipError."""
    room = world.directory.find(room_id)
    participant = encoders.find(room, secret) if room else None
    if room is None or participant is None or participant.encoder is None or participant.up is None:
        raise WhipError(404, "session-unknown", "There is no such session (any more); begin another one by POST.")
    if participant.encoder.jti != claims.jti:
        raise WhipError(403, "forbidden", "This session was begun with another token; show that one.")
    return room, participant


def change(
    world: World, participant: Participant, if_match: str | None, text: str, now: float
) -> tuple[Restarted | None, list[Effect]]:
    """Restarts ICE, or takes note of candidates (null). Raises RefusalError, WhipError.

    `if_match` is the header field as it came: `*` asks for a restart, an entity-tag says whose candidates these are.
    """
    up = _up(participant)
    is_restart = _asks_restart(if_match, etag_of(up))
    if not participant.bucket.take(now, min(DESCRIPTION_COST, participant.bucket.burst)):
        raise RefusalError(ErrorCode.TOO_MANY, "More requests than a session may send; wait a second.")
    fragment = sdpfrag.read(text)
    if not is_restart:
        if fragment.ufrag not in (None, up.remote_ufrag):
            words = "The ice-ufrag is another one than this entity-tag's; an ICE restart needs `If-Match: *`."
            raise WhipError(422, "ice-mismatch", words)
        return None, []
    if fragment.ufrag is None:
        raise WhipError(400, "sdp-invalid", "An ICE restart needs a new `a=ice-ufrag` and `a=ice-pwd`.")
    local, commands = publishing.restart_ice(world, up, fragment.ufrag)
    first = participant.first_track()
    return Restarted(etag_of(up), sdpfrag.write(local, first.kind, first.mid)), commands


def end(room: Room, participant: Participant, now: float) -> list[Effect]:
    """The publisher is done."""
    return seats.depart(room, participant, LeaveReason.LEFT, now)


def etag_of(up: UpConnection) -> str:
    """Returns the entity-tag of the ICE session as it stands in a header: our ice-ufrag, which each restart changes."""
    return f'"{up.ufrag}"'


# --- POST ---------------------------------------------------------------------------------------


def _room(world: World, claims: Claims, room_id: str) -> Room:
    if claims.room != room_id:
        raise RefusalError(ErrorCode.FORBIDDEN, "This token is for another room.")
    room = find_room(world, claims, "publish")
    if claims.role is not Role.ENCODER:
        raise RefusalError(
            ErrorCode.FORBIDDEN, f"The role {claims.role} takes part by its page; WHIP is for `encoder`."
        )
    if room.record.locked and not passes_lock(claims.role):
        raise RefusalError(ErrorCode.ROOM_LOCKED, "This meeting is locked; ask its chair.")
    return room


def _require_place(world: World, offer: UpOffer) -> None:
    try:
        publishing.require_place(world, None, offer)
    except RefusalError as error:
        raise RefusalError(ErrorCode.SERVER_FULL, error.message) from None


def _tracks(description: Description, claims: Claims) -> tuple[TrackOffer, ...]:
    """Makes all m-lines one source: what is not said in the offer is in the token. Raises WhipError.

    Nothing is taken in part, since nobody looks at an encoder's answer. Source: RFC 9725 §4.4.2, §4.4.3.
    """
    kinds = [section.kind for section in description.sections]
    for section in description.sections:
        where = f"Line {section.line.number} of the description (`{section.line.text[:60]}`): "
        if section.kind not in tuple(Kind) or kinds.count(section.kind) > 1:
            raise WhipError(406, "not-acceptable", f"{where}one m-line of audio and one of video are taken.")
        if not is_open(section) or direction_of(description, section) not in ("sendonly", "sendrecv"):
            raise WhipError(406, "not-acceptable", f"{where}it must be open and sendonly.")
    return tuple(
        TrackOffer(
            mid=mid_of(section), kind=Kind(section.kind), source=SOURCE, label=claims.label, profile=claims.profile
        )
        for section in description.sections
    )


def _sit(world: World, room: Room, claims: Claims, secret: str, now: float) -> tuple[Participant, list[Effect]]:
    identity = Identity(claims.site, claims.name, claims.role)
    encoder = Encoder(claims.jti, now + encoders.FIRST_MEDIA_S)
    knock = Knock(re=0, version=0, slots=0, secret=secret, resumed=False)
    return seats.sit(room, world.participant_id(), identity, encoder, knock, now)


# --- PATCH --------------------------------------------------------------------------------------


def _asks_restart(if_match: str | None, current: str) -> bool:
    """Tells what a PATCH is for. Raises WhipError: 428, 412."""
    if if_match is None:
        words = "Say by `If-Match` which ICE session is meant: its entity-tag for candidates, `*` for a restart."
        raise WhipError(428, "precondition-required", words)
    if if_match.strip() in (ANY, f'"{ANY}"'):  # RFC 9725's own example has it in quotation marks.
        return True
    strong = {f'"{tag}"' for weak, tag in _ENTITY_TAG.findall(if_match) if not weak}
    if current not in strong:
        words = "This ICE session is not the current one; wait for the answer to the newest restart."
        raise WhipError(412, "precondition-failed", words)
    return False


def _up(participant: Participant) -> UpConnection:
    assert participant.up is not None  # noqa: S101 (an encoder is gone as soon as its connection is)
    return participant.up
