"""From what an organiser asks for to a room and its links."""

import msgspec
import pytest

from stage import SECRET, START
from telepresence.api.invitations import NewRoom, NewSite, PlanError, links, plan, qr_code
from telepresence.auth import Authority
from telepresence.signaling.messages import Codec, Profile, Role, RoomKind

AUTHORITY = Authority(SECRET, lambda: START)
HOUR = 3600.0


def wanted(*sites: NewSite, **fields: object) -> NewRoom:
    """A consultation of Xixia, if nothing else is said."""
    known = {
        "kind": "consultation",
        "title": "Tumour board 肿瘤会诊",
        "sites": sites or (NewSite(site="xixia", name="Xixia"),),
    }
    return msgspec.convert({**msgspec.to_builtins(known), **fields}, NewRoom)


def test_a_room_begins_now_and_is_planned_for_two_hours_if_nothing_is_said() -> None:
    """Its id is random and can be read aloud; its links live 12 h longer."""
    record, (invitation,) = plan(wanted(), "organiser", START)
    assert (record.starts_at, record.ends_at, record.organiser) == (START, START + 2 * HOUR, "organiser")
    assert len(record.id) == 10
    assert record.id.isalnum()
    assert record.codecs == (Codec.OPUS, Codec.VP8, Codec.H264)
    assert invitation.expires_at == START + 14 * HOUR
    assert plan(wanted(), "organiser", START)[0].id != record.id


def test_what_is_said_is_taken() -> None:
    """Times, id, waiting room, no H.264, and what an encoder sends."""
    site = NewSite(site="theatre", name="Theatre 2", role=Role.ENCODER, label="C-arm", profile=Profile.SURGERY)
    asked = wanted(
        site, kind="broadcast", startsAt=START + HOUR, endsAt=START + 2 * HOUR, id="ward", waitingRoom=True, h264=False
    )
    record, (invitation,) = plan(asked, "organiser", START)
    assert (record.id, record.kind, record.waiting_room) == ("ward", RoomKind.BROADCAST, True)
    assert record.codecs == (Codec.OPUS, Codec.VP8)
    claims = AUTHORITY.verify(AUTHORITY.token_of(invitation))
    assert (claims.room, claims.role, claims.label, claims.profile) == ("ward", Role.ENCODER, "C-arm", Profile.SURGERY)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"id": "a b"}, "id", "letters, digits"),
        ({"endsAt": START, "startsAt": START}, "endsAt", "not after the start"),
        ({"endsAt": START - 1, "startsAt": START - HOUR}, "endsAt", "is past"),
        ({"endsAt": START + 8 * 86_400}, "endsAt", "7 days"),
        ({"startsAt": START + 400 * 86_400}, "startsAt", "a year"),
        ({"sites": [{"site": "..", "name": "X"}]}, "sites.0.site", "letters, digits"),
        ({"sites": [{"site": "a", "name": "A"}, {"site": "b", "name": "B", "role": "admin"}]}, "sites.1.role", "admin"),
        ({"sites": [{"site": "a", "name": "A"}, {"site": "a", "name": "B"}]}, "sites.1.site", "sites.0 is already"),
    ],
)
def test_what_makes_no_sense_is_named_with_its_place(fields: dict[str, object], field: str, words: str) -> None:
    """And what would be right."""
    with pytest.raises(PlanError) as caught:
        plan(wanted(**fields), "organiser", START)
    assert caught.value.field == field
    assert words in str(caught.value)


def test_one_site_may_have_links_of_several_roles_and_two_encoders() -> None:
    """Its people's, and one for each picture."""
    invited = ((Role.MEMBER, ""), (Role.ENCODER, "C-arm"), (Role.ENCODER, "microscope"))
    sites = [NewSite(site="a", name="A", role=role, label=label) for role, label in invited]
    assert len(plan(wanted(*sites), "organiser", START)[1]) == 3


def test_links_are_made_anew_the_same_each_with_a_code() -> None:
    """The code is SVG that needs nothing from outside."""
    _, invitations = plan(wanted(), "organiser", START)
    (link,) = links(invitations, AUTHORITY, "https://meet.hospital.example")
    assert [link] == links(invitations, AUTHORITY, "https://meet.hospital.example")
    assert link.url.startswith(f"https://meet.hospital.example/room/{invitations[0].room}#t=")
    assert link.qr.startswith("<svg xmlns=")
    assert "viewBox" in link.qr
    assert "<script" not in link.qr
    assert qr_code("https://a.example/") != link.qr
