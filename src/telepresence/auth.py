"""Tokens: who holds a link, for which room, in which role (security.md, "Tokens").

`handlers/join.py` verifies, `cli.py` issues. A token is a JWT by HS256, whose secret is made at first start in the
data directory, readable by its owner alone.
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
from telepresence.signaling.messages import ErrorCode, Profile, Role
from telepresence.signaling.refusal import RefusalError

AUDIENCE = "telepresence"
ALGORITHM = "HS256"

SECRET_BYTES = 32
"""As long as the hash. Source: RFC 7518 §3.2."""

SECRET_NAME = "token-secret.json"  # noqa: S105 (a file's name)

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says. `exp` is in seconds since 1970; `site` is an id, `name` is shown to people.

    `label` and `profile` are of what an encoder sends: WHIP has no place for them.
    """

    room: Id
    site: Id
    name: Name
    role: Role
    exp: int
    jti: Id
    aud: str = AUDIENCE
    label: Annotated[str, Meta(max_length=80)] = ""
    profile: Profile = Profile.CONSULT


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """The signing key; `kid` names it inside of tokens, `key` is 64 hex digits."""

    kid: str
    key: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class SecretError(Exception):
    """The secret file can't be used; the text says why and what to do."""


class Authority:
    """Issues and verifies tokens with one secret."""

    def __init__(self, secret: Secret, clock: Callable[[], float]) -> None:
        """`clock` returns seconds since 1970."""
        self._secret = secret
        self._clock = clock

    def issue(self, *, room: str, site: str, name: str, role: Role, valid_s: float) -> str:
        """Returns a token that is good for `valid_s` seconds. Raises ValueError when a field is out of bounds."""
        require_plain("room", room)
        require_plain("site", site)
        exp = int(self._clock() + valid_s)
        claims = Claims(room=room, site=site, name=name, role=role, exp=exp, jti=secrets.token_urlsafe(12))
        payload = msgspec.json.encode(claims)
        try:
            msgspec.json.decode(payload, type=Claims)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None
        # Not `jwt.encode`: it writes a Chinese name as escapes, which makes a link a third longer.
        key = bytes.fromhex(self._secret.key)
        return jwt.api_jws.encode(payload, key, ALGORITHM, headers={"kid": self._secret.kid})

    def verify(self, token: str) -> Claims:
        """Returns what a token says. Raises RefusalError: token-invalid, token-expired."""
        claims = self._read(token)
        if claims.exp <= self._clock():
            raise RefusalError(ErrorCode.TOKEN_EXPIRED, "This link's time is over; ask for a new one.")
        return claims

    def _read(self, token: str) -> Claims:
        try:
            if jwt.get_unverified_header(token).get("kid") != self._secret.kid:
                raise _invalid("was made by another server; its key is not known here")
            # Expiry is checked against our own clock, in `verify`.
            options: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
            payload = jwt.decode(
                token, bytes.fromhex(self._secret.key), [ALGORITHM], options=options, audience=AUDIENCE
            )
            return msgspec.convert(payload, Claims)
        except jwt.InvalidSignatureError:
            raise _invalid("has a wrong signature") from None
        except (jwt.InvalidAudienceError, jwt.MissingRequiredClaimError):
            raise _invalid("is not meant for joining a room") from None
        except msgspec.ValidationError as error:
            raise _invalid(f"lacks what a link must say: {error}") from None
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise _invalid("is damaged; copy the whole link") from None


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
