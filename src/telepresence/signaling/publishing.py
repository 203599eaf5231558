"""How an offer of an up connection becomes tracks in the engine, sources in the room, and an answer.

`handlers/publish.py` and `ingest.py` (WHIP) come before it: who publishes by a socket and who by HTTP take the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telepresence.engine.commands import Open, Receive, ReceiveTrack, Remote, Restart
from telepresence.rooms import publishing
from telepresence.rooms.effects import Effect, Submit
from telepresence.rooms.participant import Participant, PublishedSource, Track, UpConnection
from telepresence.rooms.room import Room
from telepresence.signaling.description import Local, write_answer
from telepresence.signaling.messages import Direction, ErrorCode, Kind, Profile, TrackOffer
from telepresence.signaling.negotiation import MediaChoice, Transport, UpOffer
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.world import World

BEGIN, GO_ON, RESTART = "begin", "go on", "restart"
"""What an offer does to the up connection."""

NOT_VOICES = (Profile.STETHOSCOPE, Profile.SCREEN)
"""Their sound is never left out for a louder one, nor marked as speech."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an offer, in the order of its effects: `commands`, then the answer, then what the room is told."""

    commands: list[Effect]
    sdp: str
    told: list[Effect]


def answer(world: World, room: Room, participant: Participant, offer: UpOffer, *, restart: bool = False) -> Answered:
    """Answers the offer: by its ice-ufrag it renegotiates, restarts ICE, or replaces. Raises RefusalError."""
    wanted = [(media.track, media.choice) for media in offer.media if media.track and media.choice]
    up, way = _connection(world, participant.up, offer.transport, restart=restart)
    known = None if way == BEGIN else participant
    tracks = [(track, choice, _track(world, track, known)) for track, choice in wanted]
    sources = _sources(tracks)
    local = Local(world.media, up.ufrag, up.pwd, offer.transport.setup)
    receive = Receive(
        conn=up.conn, tracks=_receive_tracks(tracks, sources, room.voice_group), extensions=offer.extensions
    )
    return Answered(
        commands=_commands(up, offer.transport, receive, way),
        sdp=write_answer(offer, local, up.conn, up.version),
        told=publishing.publish(room, participant, up, sources.values()),
    )


def require_place(world: World, participant: Participant | None, offer: UpOffer) -> None:
    """Raises RefusalError when the offer's tracks are too many, in place of those the participant has; null: it is new."""
    tracks = sum(media.track is not None for media in offer.media)
    if not world.directory.has_place(participant, tracks):
        text = "This server carries as many tracks as its operator allows; publish fewer, or wait until others leave."
        raise RefusalError(ErrorCode.TOO_MANY, text)
    # Those of a connection that has died count as well: who was on the air comes back.
    published = sum(len(source.tracks) for source in participant.sources.values()) if participant else 0
    if world.load.is_full and tracks > published:
        text = "This server is full: it sends as much as its operator allows. What you publish already goes on."
        raise RefusalError(ErrorCode.SERVER_FULL, text)


def restart_ice(world: World, up: UpConnection, remote_ufrag: str) -> tuple[Local, list[Effect]]:
    """Takes the peer's new ice-ufrag, with fresh credentials of ours; tracks and DTLS stay."""
    peer = Transport(remote_ufrag, up.fingerprint, up.setup)
    local = _renew(world, up, peer)
    return local, [Submit(Restart(conn=up.conn, ufrag=up.ufrag, pwd=up.pwd)), Submit(_remote(up, peer))]


def _connection(world: World, up: UpConnection | None, peer: Transport, *, restart: bool) -> tuple[UpConnection, str]:
    """Returns the connection that the offer is of, brought up to date, and what the offer does to it."""
    if up and up.remote_ufrag == peer.ufrag:
        up.version += 1
        return up, GO_ON
    if not restart:
        fresh = world.local(peer.setup)
        conn = next(world.numbers)
        return UpConnection(conn, fresh.ufrag, fresh.pwd, peer.ufrag, peer.fingerprint, peer.setup), BEGIN
    if up is None or up.fingerprint != peer.fingerprint:
        text = "There is no up connection with this fingerprint to restart; publish without `restart`, on a new one."
        raise RefusalError(ErrorCode.NO_CONNECTION, text)
    _renew(world, up, peer)
    return up, RESTART


def _renew(world: World, up: UpConnection, peer: Transport) -> Local:
    fresh = world.local(peer.setup)
    up.ufrag, up.pwd, up.remote_ufrag = fresh.ufrag, fresh.pwd, peer.ufrag
    up.version += 1
    return fresh


Tracks = list[tuple[TrackOffer, MediaChoice, Track]]


def _track(world: World, offered: TrackOffer, known: Participant | None) -> Track:
    """Returns the track, with its number in the engine and its life if it was there before the renegotiation."""
    source = known.sources.get(offered.source) if known else None
    before = source.tracks.get(offered.kind) if source else None
    if before and before.mid == offered.mid and before.engine is not None:
        return Track(offered.mid, offered.kind, before.engine, offered.muted, before.live)
    return Track(offered.mid, offered.kind, next(world.numbers), offered.muted)


def _commands(up: UpConnection, peer: Transport, receive: Receive, way: str) -> list[Effect]:
    """The engine's order: open or restart, receive, remote; a renegotiation is a new list of tracks alone."""
    remote = _remote(up, peer)
    if way == GO_ON:
        return [Submit(receive)]
    if way == RESTART:
        return [Submit(Restart(conn=up.conn, ufrag=up.ufrag, pwd=up.pwd)), Submit(receive), Submit(remote)]
    opened = Open(conn=up.conn, direction=Direction.UP, ufrag=up.ufrag, pwd=up.pwd)
    return [Submit(opened), Submit(receive), Submit(remote)]


def _remote(up: UpConnection, peer: Transport) -> Remote:
    return Remote(conn=up.conn, ufrag=peer.ufrag, setup=peer.setup, fingerprint=peer.fingerprint)


def _receive_tracks(tracks: Tracks, sources: dict[str, PublishedSource], voice_group: int) -> tuple[ReceiveTrack, ...]:
    voices = {source.id for source in sources.values() if source.profile not in NOT_VOICES}
    return tuple(
        _receive(choice, track, voice_group if offered.kind is Kind.AUDIO and offered.source in voices else None)
        for offered, choice, track in tracks
    )


def _receive(choice: MediaChoice, track: Track, voice_group: int | None) -> ReceiveTrack:
    assert track.engine is not None  # noqa: S101 (the caller has just numbered it)
    found = choice.found
    return ReceiveTrack(
        track=track.engine,
        mid=track.mid,
        kind=track.kind,
        codec=found.codec.codec,
        payload_type=found.payload_type,
        clock_rate=found.codec.clock_rate,
        rtx_payload_type=found.rtx_payload_type,
        ssrc=choice.ssrc,
        rtx_ssrc=choice.rtx_ssrc,
        nack="nack" in choice.feedback,
        pli="nack pli" in choice.feedback,
        remb="goog-remb" in choice.feedback,
        rids=choice.rids,
        voice_group=voice_group,
    )


def _sources(tracks: Tracks) -> dict[str, PublishedSource]:
    """Groups tracks by source, in the order of the offer; the first track names the source."""
    sources: dict[str, PublishedSource] = {}
    for offered, _, track in tracks:
        source = sources.setdefault(offered.source, PublishedSource(offered.source, offered.label, offered.profile))
        source.tracks[offered.kind] = track
    return sources
