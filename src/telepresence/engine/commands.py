"""All that Python and the media engine say to each other; its mirror in Rust is `sfu/src/command.rs`.

Commands and events are JSON objects tagged by `type`. Identifiers are integers that Python chooses and never
uses again within a run. The engine knows numbers, SSRCs and payload types; it does not know what a site is.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from telepresence.signaling.messages import Direction, Kind


class Setup(StrEnum):
    """The engine's own role in DTLS. Source: RFC 5763 §5."""

    ACTIVE = "active"
    PASSIVE = "passive"


class Codec(StrEnum):
    """Codecs that the engine forwards."""

    OPUS = "opus"
    VP8 = "vp8"
    H264 = "h264"


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """Plain values inside commands and events."""


class Extensions(Value):
    """The ids of RTP header extensions on a connection; null: not negotiated. One table for both directions."""

    mid: int | None = None
    rid: int | None = None
    repaired_rid: int | None = None
    transport_cc: int | None = None
    abs_send_time: int | None = None
    audio_level: int | None = None
    video_orientation: int | None = None


class ReceiveTrack(Value):
    """One track of an up connection, as negotiated. `ssrc` is null where the offer names none, or names layers.

    `rids` are its simulcast layers in the offer's order; without any it is one layer that has no rid. `voice_group` is the
    group within which the loudest voices are chosen; null: always forwarded.
    """

    track: int
    mid: str
    kind: Kind
    codec: Codec
    payload_type: int
    clock_rate: int
    rtx_payload_type: int | None = None
    ssrc: int | None = None
    rtx_ssrc: int | None = None
    nack: bool = False
    pli: bool = False
    remb: bool = False
    rids: tuple[str, ...] = ()
    voice_group: int | None = None


class SendSlot(Value):
    """One m-line of a down connection: one SSRC for its whole life."""

    slot: int
    mid: str
    kind: Kind
    ssrc: int
    cname: str
    rtx_ssrc: int | None = None


class SendCodec(Value):
    """A codec that the receiver took, with the payload types of our offer."""

    codec: Codec
    payload_type: int
    clock_rate: int
    rtx_payload_type: int | None = None
    nack: bool = False


class CommandBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """A command; a refused one comes back as a `refused` event."""


class Open(CommandBase, tag="open"):
    """Opens a connection: STUN for `ufrag` is answered from now on. Nothing else flows before `remote`."""

    conn: int
    direction: Direction
    ufrag: str
    pwd: str


class Remote(CommandBase, tag="remote"):
    """The peer's description is known: DTLS may begin. `fingerprint` is SHA-256 in 64 hex digits.

    Once DTLS has begun it only replaces the peer's ufrag, as an ICE restart does; another fingerprint is refused.
    """

    conn: int
    ufrag: str
    setup: Setup
    fingerprint: str


class Receive(CommandBase, tag="receive"):
    """Replaces the list of tracks that an up connection receives.

    With `extensions.transport_cc` the engine sends transport-wide feedback.
    """

    conn: int
    tracks: tuple[ReceiveTrack, ...]
    extensions: Extensions = Extensions()


class Send(CommandBase, tag="send"):
    """Sets the slots of a down connection, once, before or with `remote`. What the receiver did not take is not sent."""

    conn: int
    slots: tuple[SendSlot, ...]
    codecs: tuple[SendCodec, ...]
    extensions: Extensions = Extensions()


class Assign(CommandBase, tag="assign"):
    """Puts a track into a slot, or empties it.

    `slot` is the number in `SendSlot`: of the i-th pair of m-lines, the audio is slot 2i and the video is slot 2i + 1.
    """

    conn: int
    slot: int
    track: int | None


class View(CommandBase, tag="view"):
    """Says how large a video slot is shown, in device pixels; 0×0: not at all, so it is paused.

    Before the first one a slot is shown at full size.
    """

    conn: int
    slot: int
    width: int
    height: int
    pinned: bool


class Restart(CommandBase, tag="restart"):
    """Restarts ICE: checks with these credentials are answered from now on, the old ones until the first valid new one."""

    conn: int
    ufrag: str
    pwd: str


class Close(CommandBase, tag="close"):
    """Closes a connection and forgets its tracks or slots."""

    conn: int


Command = Open | Remote | Receive | Send | Assign | View | Restart | Close


class EventBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """Something that happened in the engine."""


class Connected(EventBase, tag="connected"):
    """ICE and DTLS are done and the fingerprint is right: media flows."""

    conn: int


class Failed(EventBase, tag="failed"):
    """The connection is dead (`reason` in words: DTLS, fingerprint, no liveness for 30 s, closed by the peer).

    The engine has already forgotten it; a `close` for it is not needed.
    """

    conn: int
    reason: str


class TrackLive(EventBase, tag="track-live"):
    """The first media packet of a track arrived."""

    conn: int
    track: int


class Voices(EventBase, tag="voices"):
    """Which voices of a group are forwarded, loudest first, and who is the active speaker, by track; sent on change."""

    group: int
    loudest: tuple[int, ...]
    speaker: int | None


class Paused(EventBase, tag="paused"):
    """The video slots of a down connection whose picture is held back because the link does not carry it; sent on change."""

    conn: int
    slots: tuple[int, ...]


class Refused(EventBase, tag="refused"):
    """A command could not be carried out."""

    command: str
    conn: int
    reason: str


Event = Connected | Failed | TrackLive | Voices | Paused | Refused
