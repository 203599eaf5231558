"""Settings: a TOML file, environment variables over it, checked at start.

The structs below are the only definition. Their descriptions are the comments of the file that
`telepresence config --print` shows, and of which `config/development.toml` is a copy (a test compares them).
An environment variable is `TELEPRESENCE_`, the section, two underscores, and the key, as in
`TELEPRESENCE_SERVER__PORT=9090`; lists are separated by commas. Rooms are tables, so they are in the file alone.
"""

from __future__ import annotations

import difflib
import json
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from telepresence import setting_rules
from telepresence.addresses import origin_of
from telepresence.ids import RULE, is_plain
from telepresence.signaling.messages import RoomKind

ENVIRONMENT_PREFIX = "TELEPRESENCE_"
Port = Annotated[int, Meta(ge=0, le=65_535)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]


class SettingsError(Exception):
    """A setting can't be used: names key, value, where it came from, and what would be right."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One section of the file."""


class ServerSettings(Section, frozen=True):
    """Where people reach the server: the page, and signaling on /ws."""

    host: Annotated[
        str,
        Meta(description="Address to listen on. Off loopback it needs TLS below, or a trusted proxy that has TLS."),
    ] = "127.0.0.1"
    port: Annotated[Port, Meta(description="TCP port; 0 takes any free one.")] = 8080
    public_url: Annotated[
        str,
        Meta(
            description="What people type, as in https://meet.hospital.example; pages of other addresses can't join. "
            "Empty: localhost."
        ),
    ] = ""
    trusted_proxies: Annotated[
        list[str],
        Meta(description="Addresses or networks of reverse proxies whose X-Forwarded-For is believed."),
    ] = []
    tls_certificate: Annotated[str, Meta(description="PEM file with the certificate and its chain. Empty: no TLS.")] = (
        ""
    )
    tls_key: Annotated[str, Meta(description="PEM file with the certificate's key.")] = ""


class MediaSettings(Section, frozen=True):
    """Where media flows: one UDP port for everybody."""

    host: Annotated[str, Meta(description="Address to listen on; 0.0.0.0 is all of this machine's.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="UDP port; 0 takes any free one.")] = 8081
    advertise: Annotated[
        list[str],
        Meta(
            description="IP addresses under which clients reach this port, the public one first: they try them in this order. "
            "Empty: the one above."
        ),
    ] = []


class AdminSettings(Section, frozen=True):
    """The operator's own listener: /metrics and the admin API, for tokens of `telepresence token --role admin`."""

    host: Annotated[
        str, Meta(description="Address to listen on. Off loopback it needs the TLS of [server] and uses it.")
    ] = "127.0.0.1"
    port: Annotated[Port, Meta(description="TCP port; 0 takes any free one.")] = 8082


class DataSettings(Section, frozen=True):
    """What is kept on disc."""

    directory: Annotated[
        str,
        Meta(
            description="Directory for the token secret and the database, made at first start. Only the server may read it."
        ),
    ] = "./var"
    database: Annotated[
        str,
        Meta(
            description="A PostgreSQL, as in postgresql://telepresence:password@database.hospital.example/telepresence. "
            "Empty: SQLite in the directory above."
        ),
    ] = ""


class LimitSettings(Section, frozen=True):
    """What one server, room or person may take."""

    rooms: Annotated[Count, Meta(description="Rooms at one time.")] = 100
    members_per_room: Annotated[Count, Meta(description="Devices in one room.")] = 1000
    devices_per_site: Annotated[
        Count, Meta(description="Devices of one site in one room, so that one link can't take all seats.")
    ] = 8
    tracks: Annotated[
        Count,
        Meta(description="Published tracks at one time, of all rooms; a video track takes about 1.5 MB of memory."),
    ] = 1000
    egress_mbit: Annotated[
        float,
        Meta(
            ge=0,
            le=1_000_000,
            description="Media sent, in Mbit/s, above which nobody new is let in or publishes; 0: no bound. Set it to four fifths "
            "of what the server's line carries.",
        ),
    ] = 1000.0
    messages_per_second: Annotated[Count, Meta(description="Messages a participant may send, in the long run.")] = 20
    messages_burst: Annotated[
        Count,
        Meta(description="Messages a participant may send at once; a description counts as ten, or as all of them."),
    ] = 60
    sockets_per_address: Annotated[
        Count,
        Meta(
            description="Open sockets of one address that have not shown a valid token; further ones wait, 21 s at most."
        ),
    ] = 50
    join_timeout_s: Annotated[
        float, Meta(gt=0, le=60, description="Seconds that a new socket has to send its first message.")
    ] = 5.0


class LogSettings(Section, frozen=True):
    """What is written to standard error. Logs hold no token, no title and no name of a site."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="debug, info, warning or error.")
    ] = "info"
    format: Annotated[
        Literal["auto", "text", "json"],
        Meta(description="text for people, json for machines, auto: text on a terminal."),
    ] = "auto"


class RoomSettings(Section, frozen=True):
    """A room that is there from the start."""

    id: Annotated[str, Meta(description=f"What stands in links: {RULE}.")]
    kind: Annotated[RoomKind, Meta(description="consultation or broadcast.")] = RoomKind.CONSULTATION
    title: Annotated[str, Meta(min_length=1, max_length=80, description="What people see, 1 to 80 characters.")] = (
        "Room"
    )


class Settings(msgspec.Struct, frozen=True):
    """All settings."""

    server: ServerSettings = ServerSettings()
    media: MediaSettings = MediaSettings()
    admin: AdminSettings = AdminSettings()
    data: DataSettings = DataSettings()
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()
    rooms: list[RoomSettings] = []

    @property
    def media_addresses(self) -> tuple[str, ...]:
        """The addresses that clients are told."""
        return tuple(self.media.advertise) or (self.media.host,)

    def public_url(self, port: int) -> str:
        """Returns the page's address without a final slash; `port` is the one that was bound."""
        scheme = "https" if self.server.tls_certificate else "http"
        return origin_of(self.server.public_url or f"{scheme}://localhost:{port}")


PASSWORDS = frozenset({("data", "database")})
"""Settings that may hold one: errors don't repeat them."""

ROOMS = "rooms"
SECTIONS: dict[str, type[Section]] = {
    field.name: field.type for field in msgspec.structs.fields(Settings) if field.name != ROOMS
}

ROOMS_EXAMPLE = """
# Rooms that are there from the start, each with a [[rooms]] of its own. Only in this file: an environment variable can't
# hold them. Without any, `telepresence serve` has no room to join; `serve --demo` makes two of its own.
# [[rooms]]
""".lstrip()


@dataclass(frozen=True, slots=True)
class Given:
    """A value with the place it came from."""

    value: Any
    origin: str
    is_text: bool = False


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Reads a file (or none) and the environment over it. Raises SettingsError."""
    content = _read(path) if path else {}
    rooms = _rooms(content.pop(ROOMS, []), str(path))
    given = _from_file(content, str(path)) | _from_environment(environment)
    sections = {
        name: section(**{key: _convert(name, key, given[name, key]) for key in _keys(name) if (name, key) in given})
        for name, section in SECTIONS.items()
    }
    settings = msgspec.structs.replace(msgspec.convert(sections, Settings), rooms=rooms)
    _check(settings, given)
    return settings


def render() -> str:
    """Returns the default settings as a commented TOML file."""
    lines = ["# Telepresence: the settings and their defaults. Environment variables go over them, as in"]
    lines += ["# TELEPRESENCE_SERVER__PORT=9090; lists are separated by commas."]
    for name, section in SECTIONS.items():
        lines += ["", f"# {(section.__doc__ or '').strip()}", f"[{name}]"]
        for field in msgspec.structs.fields(section):
            lines += [f"# {_meta(section, field.name).description}", f"{field.name} = {_toml(_default(field))}"]
    return "\n".join(lines) + "\n\n" + ROOMS_EXAMPLE + _render_room()


def _render_room() -> str:
    """Returns a room that is commented out: the default is none."""
    example = {"id": "tumour-board", "kind": "consultation", "title": "Tumour board 肿瘤会诊"}
    return "".join(f"# # {_meta(RoomSettings, key).description}\n# {key} = {_toml(example[key])}\n" for key in example)


# --- reading ------------------------------------------------------------------------------------


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"The settings file {path} can't be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is not TOML: {error}.") from None


def _rooms(content: Any, origin: str) -> list[RoomSettings]:
    """Checks the tables of `[[rooms]]`."""
    if not isinstance(content, list) or not all(isinstance(table, dict) for table in content):
        raise SettingsError(
            f"`rooms` in {origin} must be tables, each headed `[[rooms]]`, with `id`, `kind` and `title`."
        )
    rooms = [_room(table, f"rooms[{index}]", origin) for index, table in enumerate(content)]
    ids = [room.id for room in rooms]
    for index, room_id in enumerate(ids):
        if room_id in ids[:index]:
            raise SettingsError(f"rooms[{index}].id = {room_id!r} ({origin}): another room has this id already.")
    return rooms


def _room(table: dict[str, Any], where: str, origin: str) -> RoomSettings:
    known = [field.name for field in msgspec.structs.fields(RoomSettings)]
    for key in table:
        _require_known(key, known, "key of [[rooms]]", origin)
    try:
        room = msgspec.convert(table, RoomSettings)
    except msgspec.ValidationError as error:
        right = " ".join(f"{key}: {_meta(RoomSettings, key).description}" for key in known)
        raise SettingsError(f"{where} = {table!r} ({origin}): {error}. {right}") from None
    if not is_plain(room.id):
        raise SettingsError(f"{where}.id = {room.id!r} ({origin}): an id has {RULE}.")
    return room


def _from_file(content: dict[str, Any], origin: str) -> dict[tuple[str, str], Given]:
    given: dict[tuple[str, str], Given] = {}
    for section, values in content.items():
        _require_known(section, [*SECTIONS, ROOMS], "section", origin)
        if not isinstance(values, dict):
            raise SettingsError(f"`{section}` in {origin} must be a section, `[{section}]`, with keys below it.")
        for key, value in values.items():
            _require_known(key, _keys(section), f"key of [{section}]", origin)
            given[section, key] = Given(value, origin)
    return given


def _from_environment(environment: Mapping[str, str]) -> dict[tuple[str, str], Given]:
    given: dict[tuple[str, str], Given] = {}
    for variable, text in environment.items():
        section, separator, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        if not variable.startswith(ENVIRONMENT_PREFIX) or not separator:
            continue
        origin = f"the environment variable {variable}"
        if section == ROOMS:
            raise SettingsError(f"Rooms can't be set by {origin}: write [[rooms]] into the settings file.")
        _require_known(section, SECTIONS, "section", origin)
        _require_known(key, _keys(section), f"key of [{section}]", origin)
        given[section, key] = Given(text, origin, is_text=True)
    return given


def _keys(section: str) -> list[str]:
    return [field.name for field in msgspec.structs.fields(SECTIONS[section])]


def _require_known(name: str, known: typing.Iterable[str], what: str, origin: str) -> None:
    known = list(known)
    if name in known:
        return
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
    raise SettingsError(f"There is no {what} `{name}` ({origin}). Did you mean `{nearest}`? Known: {', '.join(known)}.")


def _convert(section: str, key: str, given: Given) -> Any:
    kind = typing.get_type_hints(SECTIONS[section], include_extras=True)[key]
    value = given.value
    if given.is_text and typing.get_origin(kind.__origin__) is list:
        value = [part.strip() for part in given.value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, kind, strict=not given.is_text)
    except msgspec.ValidationError as error:
        raise _wrong(section, key, given, f"{error}. {_meta(SECTIONS[section], key).description}") from None


def _wrong(section: str, key: str, given: Given | None, right: str) -> SettingsError:
    if given and (section, key) in PASSWORDS:
        shown = f"({given.origin})"
    else:
        shown = f"= {given.value!r} ({given.origin})" if given else "(the default)"
    return SettingsError(f"{section}.{key} {shown}: {right}")


def _meta(section: type[Section], key: str) -> Meta:
    kind = typing.get_type_hints(section, include_extras=True)[key]
    return next(meta for meta in kind.__metadata__ if meta.description)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def _toml(value: Any) -> str:
    """JSON's notation of a number, a text or a list is TOML's as well."""
    return json.dumps(value, ensure_ascii=False)


def _check(settings: Settings, given: Mapping[tuple[str, str], Given]) -> None:
    for problem in setting_rules.problems(settings):
        raise _wrong(problem.section, problem.key, given.get((problem.section, problem.key)), problem.right)
