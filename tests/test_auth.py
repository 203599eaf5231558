"""Tokens and the secret that signs them."""

from pathlib import Path

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telepresence.auth import ANY_ROOM, SECRET_NAME, Authority, Secret, SecretError, link_expiry, load_secret
from telepresence.rooms.records import InvitationRecord
from telepresence.signaling.messages import ErrorCode, Profile, Role
from telepresence.signaling.refusal import RefusalError

NOW = 1_800_000_000.0
SECRET = Secret(kid="k1", key="ab" * 32)
AUTHORITY = Authority(SECRET, lambda: NOW)
CLAIMS = {
    "room": "demo",
    "site": "xixia",
    "name": "Xixia 西峡",
    "role": "member",
    "exp": int(NOW) + 60,
    "jti": "1",
    "aud": "telepresence",
}


def sign(claims: object, key: str = SECRET.key, kid: str = "k1", algorithm: str = "HS256") -> str:
    """Signs anything."""
    return jwt.encode(claims, bytes.fromhex(key), algorithm, headers={"kid": kid})  # pyright: ignore[reportArgumentType]


def refusal(token: str) -> RefusalError:
    """Returns how a token is refused."""
    with pytest.raises(RefusalError) as caught:
        AUTHORITY.verify(token)
    return caught.value


def test_a_token_says_what_was_put_in() -> None:
    """Chinese names too, and unescaped, so that links stay short."""
    token = AUTHORITY.issue(room="demo", site="xixia", name="西峡县人民医院", role=Role.CHAIR, valid_s=60)
    claims = AUTHORITY.verify(token)
    assert (claims.room, claims.site, claims.name, claims.role) == ("demo", "xixia", "西峡县人民医院", Role.CHAIR)
    assert claims.exp == NOW + 60
    assert len(token) < 300


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("garbage", "damaged"),
        ("", "damaged"),
        (sign(CLAIMS, kid="k2"), "another server"),
        (sign(CLAIMS, key="cd" * 32), "wrong signature"),
        (sign({**CLAIMS, "aud": "admin"}), "not meant"),
        (sign({key: value for key, value in CLAIMS.items() if key != "aud"}), "not meant"),
        (sign({key: value for key, value in CLAIMS.items() if key != "room"}), "room"),
        (sign({**CLAIMS, "role": "king"}), "role"),
        (sign({**CLAIMS, "name": "x" * 81}), "name"),
        (sign(CLAIMS, key="ab" * 64, algorithm="HS512"), "damaged"),
        (jwt.encode(CLAIMS, "", "none", headers={"kid": "k1"}), "damaged"),
    ],
)
def test_a_bad_token_is_refused_in_words(token: str, words: str) -> None:
    """Unsigned, wrongly signed, or meant for something else."""
    error = refusal(token)
    assert error.code is ErrorCode.TOKEN_INVALID
    assert words in error.message


def test_a_token_ends_at_its_second() -> None:
    """At `exp` it is over."""
    assert refusal(sign({**CLAIMS, "exp": int(NOW)})).code is ErrorCode.TOKEN_EXPIRED
    assert AUTHORITY.verify(sign({**CLAIMS, "exp": int(NOW) + 1}))


@settings(max_examples=200)
@given(st.text())
def test_no_text_breaks_the_reader(token: str) -> None:
    """Any text is refused, none raises anything else."""
    assert refusal(token).code is ErrorCode.TOKEN_INVALID


def test_what_cannot_be_read_back_is_not_issued() -> None:
    """A name of 81 characters."""
    with pytest.raises(ValueError, match="name"):
        AUTHORITY.issue(room="demo", site="x", name="x" * 81, role=Role.MEMBER, valid_s=60)


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    """Mode 0600, the same at each start, different on each server."""
    first = load_secret(tmp_path / "a")
    assert load_secret(tmp_path / "a") == first
    assert load_secret(tmp_path / "b").key != first.key
    path = tmp_path / "a" / SECRET_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [SECRET_NAME]


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """The message has the command that mends it."""
    load_secret(tmp_path)
    (tmp_path / SECRET_NAME).chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600"):
        load_secret(tmp_path)


def test_a_damaged_secret_is_refused(tmp_path: Path) -> None:
    """It is never replaced in silence: that would void every link."""
    load_secret(tmp_path)
    (tmp_path / SECRET_NAME).write_text('{"kid": "k"}')
    with pytest.raises(SecretError, match="damaged"):
        load_secret(tmp_path)


def test_a_data_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    """A sentence, no traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SecretError, match="can't be used"):
        load_secret(tmp_path / "file")


@pytest.mark.parametrize("wrong", ["a b", "a/b", "..", "a#t=", "西峡", ""])
def test_ids_that_would_bend_a_link_get_no_token(wrong: str) -> None:
    """Neither as a room nor as a site; the words say which, and what is right."""
    with pytest.raises(ValueError, match=r"id of a room has .*letters, digits"):
        AUTHORITY.issue(room=wrong, site="xixia", name="X", role=Role.MEMBER, valid_s=60)
    with pytest.raises(ValueError, match=r"id of a site has .*letters, digits"):
        AUTHORITY.issue(room="demo", site=wrong, name="X", role=Role.MEMBER, valid_s=60)


INVITATION = InvitationRecord(
    jti="-a_1",
    room="demo",
    site="xixia",
    name="西峡县人民医院",
    role=Role.ENCODER,
    expires_at=int(NOW) + 60,
    label="C-arm",
    profile=Profile.SURGERY,
)


def test_an_invitations_token_is_always_the_same_and_says_all_of_it() -> None:
    """So the database holds no token, and the start page can show the links again."""
    token = AUTHORITY.token_of(INVITATION)
    assert token == Authority(SECRET, lambda: NOW + 30).token_of(INVITATION)
    claims = AUTHORITY.verify(token)
    assert (claims.jti, claims.exp, claims.label, claims.profile) == ("-a_1", NOW + 60, "C-arm", Profile.SURGERY)


def test_a_revoked_token_opens_no_door_and_others_do() -> None:
    """It is refused until its own end, and forgotten then."""
    clock = [NOW]
    authority = Authority(SECRET, lambda: clock[0])
    other = authority.issue(room="demo", site="xixia", name="X", role=Role.MEMBER, valid_s=60)
    token = authority.token_of(INVITATION)
    authority.revoke(INVITATION.jti, INVITATION.expires_at)
    with pytest.raises(RefusalError) as caught:
        authority.verify(token)
    assert caught.value.code is ErrorCode.TOKEN_REVOKED
    assert authority.verify(other)
    clock[0] += 60
    authority.revoke("another", int(NOW) + 120)
    assert authority._revoked == {"another": int(NOW) + 120}


def test_an_admins_token_is_for_the_admin_api_alone_and_a_link_is_not_for_it() -> None:
    """Each has an audience of its own."""
    admin = AUTHORITY.issue(room=ANY_ROOM, site="admin", name="Admin", role=Role.ADMIN, valid_s=60)
    organiser = AUTHORITY.issue(room=ANY_ROOM, site="organiser", name="O", role=Role.ORGANISER, valid_s=60)
    assert AUTHORITY.verify_admin(admin).role is Role.ADMIN
    assert AUTHORITY.verify(organiser).room == ANY_ROOM
    assert refusal(admin).code is ErrorCode.TOKEN_INVALID
    with pytest.raises(RefusalError, match="not meant for the admin API"):
        AUTHORITY.verify_admin(organiser)
    assert (AUTHORITY.read(admin).role, AUTHORITY.read(organiser).role) == (Role.ADMIN, Role.ORGANISER)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ORGANISER, Role.ADMIN)])
def test_only_organisers_and_admins_have_a_token_for_no_room(role: Role) -> None:
    """All others are for one."""
    with pytest.raises(ValueError, match="room"):
        AUTHORITY.issue(room=ANY_ROOM, site="x", name="X", role=role, valid_s=60)


def test_links_live_half_a_day_longer_than_their_room_is_planned() -> None:
    """A meeting that takes longer loses nobody."""
    assert link_expiry(NOW) == NOW + 12 * 3600
