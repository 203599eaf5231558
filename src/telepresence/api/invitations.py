"""From what an organiser asks for to the records of a room and its links, and back to what he is shown. Pure.

`rooms.py` calls it before the room is made and kept, and after it.
"""

from __future__ import annotations

import functools
import io
import secrets
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import quote

import msgspec
import segno
from msgspec import Meta

from telepresence.auth import Authority, link_expiry, new_jti
from telepresence.ids import RULE, is_plain
from telepresence.rooms.records import InvitationRecord, RoomRecord
from telepresence.signaling.messages import Codec, Profile, Role, RoomKind

MAX_SITES = 500
"""As many as a room has seats by default; more are invited by a link that several share."""

DEFAULT_SPAN_S = 2 * 3600
MAX_SPAN_S = 7 * 24 * 3600
"""A course of a week is one room; a longer one would keep its links alive for too long."""

MAX_AHEAD_S = 366 * 24 * 3600

ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without those that look alike."""

ID_LENGTH = 10

QR_CACHED = 1000
"""A code takes some milliseconds to make and 9 kB to keep; the start page asks for the same ones again and again."""

Time = Annotated[float, Meta(ge=0, le=4e9)]
Line = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A title or a name: one line, without control characters."""


class Ask(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What comes from outside: a key that is not known is a mistake that would be missed."""


class NewSite(Ask, frozen=True, kw_only=True):
    """A site to invite; `label` and `profile` are of what an encoder sends."""

    site: Annotated[str, Meta(min_length=1, max_length=64)]
    name: Line
    role: Role = Role.MEMBER
    label: Annotated[str, Meta(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    profile: Profile = Profile.CONSULT


class NewRoom(Ask, frozen=True, kw_only=True):
    """The body of `POST /api/rooms`. Times in seconds since 1970."""

    kind: RoomKind
    title: Line
    sites: Annotated[list[NewSite], Meta(min_length=1, max_length=MAX_SITES)]
    starts_at: Time | None = None
    ends_at: Time | None = None
    waiting_room: bool = False
    h264: bool = True
    id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What goes out."""


class LinkAnswer(Answer, frozen=True, kw_only=True):
    """One site's link. `expires_at` in seconds since 1970; `qr` is SVG text."""

    site: str
    name: str
    role: Role
    url: str
    expires_at: int
    qr: str


class RoomAnswer(Answer, frozen=True, kw_only=True):
    """A room with its links, as its organiser sees it. `state`: planned, open or ended."""

    id: str
    kind: RoomKind
    title: str
    starts_at: float | None
    ends_at: float | None
    waiting_room: bool
    links: list[LinkAnswer]
    state: str
    members: int
    audience: int


class RoomsAnswer(Answer, frozen=True, kw_only=True):
    """All rooms of an organiser."""

    rooms: list[RoomAnswer]


class PlanError(ValueError):
    """A room can't be made as asked for. `field` is the place, as in `sites.2.role`; the text says what would be right."""

    def __init__(self, field: str, message: str) -> None:
        """`message` is a clause that follows the field's name."""
        super().__init__(f"`{field}` {message}.")
        self.field = field


def plan(wanted: NewRoom, organiser: str, now: float) -> tuple[RoomRecord, list[InvitationRecord]]:
    """Returns the records of a room. Raises PlanError."""
    room_id = wanted.id or "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))
    _require_plain("id", room_id)
    _require_sites(wanted.sites)
    starts_at = now if wanted.starts_at is None else wanted.starts_at
    ends_at = starts_at + DEFAULT_SPAN_S if wanted.ends_at is None else wanted.ends_at
    _require_times(starts_at, ends_at, now)
    record = RoomRecord(
        id=room_id,
        kind=wanted.kind,
        title=wanted.title,
        created_at=now,
        organiser=organiser,
        starts_at=starts_at,
        ends_at=ends_at,
        waiting_room=wanted.waiting_room,
        codecs=(Codec.OPUS, Codec.VP8, *((Codec.H264,) if wanted.h264 else ())),
    )
    return record, [_invite(site, place, record, ends_at) for place, site in enumerate(wanted.sites)]


def _invite(site: NewSite, place: int, record: RoomRecord, ends_at: float) -> InvitationRecord:
    return InvitationRecord(
        jti=new_jti(),
        room=record.id,
        site=site.site,
        name=site.name,
        role=site.role,
        expires_at=link_expiry(ends_at),
        label=site.label,
        profile=site.profile,
        place=place,
    )


def _require_plain(field: str, text: str) -> None:
    if not is_plain(text):
        raise PlanError(field, f"is {text!r}; an id has {RULE}")


def _require_sites(sites: Iterable[NewSite]) -> None:
    """An encoder is known by its label too: a site may send two pictures by two of them."""
    seen: dict[tuple[str, Role, str], int] = {}
    for index, site in enumerate(sites):
        _require_plain(f"sites.{index}.site", site.site)
        if site.role is Role.ADMIN:
            text = "is admin, which is for no room; `telepresence token --role admin` makes such tokens"
            raise PlanError(f"sites.{index}.role", text)
        first = seen.setdefault((site.site, site.role, site.label), index)
        if first != index:
            text = (
                f"is {site.site!r} as {site.role}, as sites.{first} is already; one link serves all devices of a site"
            )
            raise PlanError(f"sites.{index}.site", text)


def _require_times(starts_at: float, ends_at: float, now: float) -> None:
    if ends_at <= starts_at:
        raise PlanError("endsAt", "is not after the start")
    if ends_at <= now:
        raise PlanError("endsAt", "is past; times are seconds since 1970, UTC")
    if ends_at - starts_at > MAX_SPAN_S:
        raise PlanError(
            "endsAt", f"is more than {MAX_SPAN_S // 86_400} days after the start; make a room for each part"
        )
    if starts_at - now > MAX_AHEAD_S:
        raise PlanError("startsAt", "is more than a year ahead; times are seconds since 1970, UTC")


def link(base: str, room: str, token: str) -> str:
    """Returns a link: the token stands behind `#`, so no server's log ever sees it."""
    return f"{base}/room/{quote(room, safe='')}#t={token}"


def start_link(base: str, token: str) -> str:
    """Returns an organiser's link to the start page."""
    return f"{base}/#t={token}"


def links(invitations: Iterable[InvitationRecord], authority: Authority, base: str) -> list[LinkAnswer]:
    """Returns the links of invitations, each with its QR code: some milliseconds each, so call it in a thread."""
    return [
        _link_of(invitation, link(base, invitation.room, authority.token_of(invitation))) for invitation in invitations
    ]


def _link_of(invitation: InvitationRecord, url: str) -> LinkAnswer:
    return LinkAnswer(
        site=invitation.site,
        name=invitation.name,
        role=invitation.role,
        url=url,
        expires_at=invitation.expires_at,
        qr=qr_code(url),
    )


QR_MASK = 0
"""Readers read any of the eight masks. Trying which is best takes four times as long, and tokens are even enough for each."""


@functools.lru_cache(QR_CACHED)
def qr_code(url: str) -> str:
    """Returns a QR code as SVG text that fills whatever box it is put into."""
    text = io.BytesIO()
    segno.make(url, error="l", micro=False, mask=QR_MASK).save(
        text, kind="svg", xmldecl=False, omitsize=True, light="#fff"
    )
    return text.getvalue().decode()
