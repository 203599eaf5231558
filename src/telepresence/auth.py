"""Tokens: who holds a link, for which room, in which role (docs/security.md, "Tokens").

`handlers/join.py` and `api/bearer.py` verify, `api/rooms.py` and `cli/` issue. A token is a JWT by HS256, whose secret is
made at first start in the data directory, readable by its owner alone.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import jwt
import msgspec
from jwt.types import Options
from msgspec import Meta

from telepresence.ids import require_plain
from telepresence.rooms.records import InvitationRecord
from telepresence.signaling.messages import ErrorCode, Profile, Role
from telepresence.signaling.refusal import RefusalError

AUDIENCE = "telepresence"
"""Of people's links."""

ADMIN_AUDIENCE = "telepresence-admin"
"""Of the admin listener; neither opens the other's door."""

ANY_ROOM = "*"
"""The room of a token that is for none: the organiser's of the start page, and the admin's."""

GRACE_S = 12 * 3600
"""How long links live beyond the planned end of their room. Source: protocol.md, "Rooms"."""

ALGORITHM = "HS256"

SECRET_BYTES = 32
"""As long as the hash. Source: RFC 7518 §3.2."""

SECRET_NAME = "token-secret.json"  # noqa: S105 (a file's name)

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a token says. `exp` is in seconds since 1970; `site` is an id, `name` is shown to people.

    `label` and `profile` are of what an encoder sends: WHIP has no place for them. What is as usual is not written, since
    every letter makes a QR code denser.
    """

    room: Id
    site: Id
    name: Name
    role: Role
    exp: int
    jti: Id
    aud: str
    label: Annotated[str, Meta(max_length=80)] = ""
    profile: Profile = Profile.CONSULT


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """The signing key; `kid` names it inside of tokens, `key` is 64 hex digits."""

    kid: str
    key: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class SecretError(Exception):
    """The secret file can't be used; the text says why and what to do."""


def link_expiry(ends_at: float) -> int:
    """Returns when the links of a room end that is planned to end at `ends_at`; both in seconds since 1970."""
    return int(ends_at) + GRACE_S


class Authority:
    """Issues and verifies tokens with one secret."""

    def __init__(self, secret: Secret, clock: Callable[[], float]) -> None:
        """`clock` returns seconds since 1970."""
        self._secret = secret
        self._clock = clock
        self._revoked: dict[str, int] = {}

    def issue(self, *, room: str, site: str, name: str, role: Role, valid_s: float) -> str:
        """Returns a fresh token that is good for `valid_s` seconds. Raises ValueError when a field is out of bounds.

        `ANY_ROOM` is for an organiser and an admin alone.
        """
        if room != ANY_ROOM or role not in (Role.ORGANISER, Role.ADMIN):
            require_plain("room", room)
        exp = int(self._clock() + valid_s)
        aud = ADMIN_AUDIENCE if room == ANY_ROOM and role is Role.ADMIN else AUDIENCE
        return self._sign(Claims(room=room, site=site, name=name, role=role, exp=exp, jti=new_jti(), aud=aud))

    def token_of(self, invitation: InvitationRecord) -> str:
        """Returns the token of an invitation, the same bytes each time. Raises ValueError when a field is out of bounds."""
        require_plain("room", invitation.room)
        claims = Claims(
            room=invitation.room,
            site=invitation.site,
            name=invitation.name,
            role=invitation.role,
            exp=invitation.expires_at,
            jti=invitation.jti,
            aud=AUDIENCE,
            label=invitation.label,
            profile=invitation.profile,
        )
        return self._sign(claims)

    def verify(self, token: str) -> Claims:
        """Returns what a person's token says. Raises RefusalError: token-invalid, token-expired, token-revoked."""
        return self._verify(token, AUDIENCE, "joining a room")

    def verify_begun(self, token: str) -> Claims:
        """As `verify`, of a token that may be over by now: with it something was begun that goes on, and must be ended."""
        claims = self._read(token, [AUDIENCE], "joining a room")
        self._require_unrevoked(claims)
        return claims

    def verify_admin(self, token: str) -> Claims:
        """Returns what an admin's token says. Raises RefusalError as `verify`."""
        return self._verify(token, ADMIN_AUDIENCE, "the admin API")

    def read(self, token: str) -> Claims:
        """Returns what a token of ours says, whoever it is for and even when it is over. Raises RefusalError: token-invalid."""
        return self._read(token, [AUDIENCE, ADMIN_AUDIENCE], "this server")

    def revoke(self, jti: str, expires_at: int) -> None:
        """Refuses that token from now on; after `expires_at` it is refused anyway, and forgotten here."""
        now = self._clock()
        self._revoked = {known: end for known, end in self._revoked.items() if end > now}
        self._revoked[jti] = expires_at

    def _verify(self, token: str, audience: str, purpose: str) -> Claims:
        claims = self._read(token, [audience], purpose)
        if claims.exp <= self._clock():
            raise RefusalError(ErrorCode.TOKEN_EXPIRED, "This link's time is over; ask for a new one.")
        self._require_unrevoked(claims)
        return claims

    def _require_unrevoked(self, claims: Claims) -> None:
        if claims.jti in self._revoked:
            raise RefusalError(ErrorCode.TOKEN_REVOKED, "This link was revoked; ask the organiser for a new one.")

    def _sign(self, claims: Claims) -> str:
        require_plain("site", claims.site)
        payload = msgspec.json.encode(claims)
        try:
            msgspec.json.decode(payload, type=Claims)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None
        # Not `jwt.encode`: it writes a Chinese name as escapes, which makes a link a third longer.
        key = bytes.fromhex(self._secret.key)
        return jwt.api_jws.encode(payload, key, ALGORITHM, headers={"kid": self._secret.kid})

    def _read(self, token: str, audiences: list[str], purpose: str) -> Claims:
        try:
            if jwt.get_unverified_header(token).get("kid") != self._secret.kid:
                raise _invalid("was made by another server; its key is not known here")
            # Expiry is checked against our own clock, in `_verify`.
            options: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
            payload = jwt.decode(
                token, bytes.fromhex(self._secret.key), [ALGORITHM], options=options, audience=audiences
            )
            return msgspec.convert(payload, Claims)
        except jwt.InvalidSignatureError:
            raise _invalid("has a wrong signature") from None
        except (jwt.InvalidAudienceError, jwt.MissingRequiredClaimError):
            raise _invalid(f"is not meant for {purpose}") from None
        except msgspec.ValidationError as error:
            raise _invalid(f"lacks what a link must say: {error}") from None
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise _invalid("is damaged; copy the whole link") from None


def new_jti() -> str:
    """Returns a number for a token, of nearly 96 random bits, that a command line takes for no option."""
    return secrets.token_urlsafe(12).replace("-", "_")


def _invalid(why: str) -> RefusalError:
    return RefusalError(ErrorCode.TOKEN_INVALID, f"This link {why}.")


def load_secret(directory: Path) -> Secret:
    """Returns the secret in `directory`, made there first if it is the first start. Raises SecretError."""
    path = directory / SECRET_NAME
    try:
        if not path.exists():
            _make_secret(path)
        check_mode(path)
        return msgspec.json.decode(path.read_bytes(), type=Secret)
    except OSError as error:
        message = f"The token secret {path} can't be used: {error.strerror}. Give the server its own data directory."
        raise SecretError(message) from None
    except msgspec.MsgspecError as error:
        message = f"The token secret {path} is damaged ({error}). Restore it, or delete it: all links then become void."
        raise SecretError(message) from None


def check_mode(path: Path) -> None:
    """Raises SecretError when others than the owner can read the file."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"The token secret {path} has mode {mode:04o}, others can read it. Run: chmod 600 {path}"
        raise SecretError(message)


def _make_secret(path: Path) -> None:
    """Writes a fresh secret whole or not at all; a second server that starts at once finds the first one's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    content = json.dumps({"kid": secrets.token_hex(4), "key": secrets.token_hex(SECRET_BYTES)})
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        temporary.unlink()
