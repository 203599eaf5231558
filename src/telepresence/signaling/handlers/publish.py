"""`publish`: the offer of the up connection becomes tracks in the engine, sources in the room, and an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.engine.commands import Open, Receive, ReceiveTrack, Remote, Restart
from telepresence.rooms import publishing
from telepresence.rooms.effects import Effect, Send, Submit
from telepresence.rooms.participant import Participant, PublishedSource, Track, UpConnection
from telepresence.signaling.description import Local, write_answer
from telepresence.signaling.messages import Direction, ErrorCode, Kind, Profile, Publish, Published, TrackOffer
from telepresence.signaling.negotiation import MediaChoice, Transport, UpOffer, read_up_offer
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session
    from telepresence.signaling.world import World

BEGIN, GO_ON, RESTART = "begin", "go on", "restart"
"""What an offer does to the up connection."""

NOT_VOICES = (Profile.STETHOSCOPE, Profile.SCREEN)
"""Their sound is never left out for a louder one, nor marked as speech."""


def handle(session: Session, message: Publish, _now: float) -> list[Effect]:
    """Answers the offer: by its ice-ufrag it renegotiates, restarts ICE, or replaces. Raises RefusalError."""
    world, room, participant = session.world, session.room, session.participant
    offer = read_up_offer(message.sdp, message.tracks, room.codecs)
    wanted = _wanted(offer)
    _require_place(world, participant, len(wanted))
    up, way = _connection(world, participant.up, offer.transport, restart=message.restart)
    known = None if way == BEGIN else participant
    tracks = [(track, choice, _track(world, track, known)) for track, choice in wanted]
    sources = _sources(tracks)
    local = Local(world.media, up.ufrag, up.pwd, offer.transport.setup)
    answer = Published(re=message.request, sdp=write_answer(offer, local, up.conn, up.version))
    receive = Receive(
        conn=up.conn, tracks=_receive_tracks(tracks, sources, room.voice_group), extensions=offer.extensions
    )
    return [
        *_commands(up, offer.transport, receive, way),
        Send(session.id, answer),
        *publishing.publish(room, participant, up, sources.values()),
    ]


def _connection(world: World, up: UpConnection | None, peer: Transport, *, restart: bool) -> tuple[UpConnection, str]:
    """Returns the connection that the offer is of, brought up to date, and what the offer does to it."""
    if up and up.remote_ufrag == peer.ufrag:
        up.version += 1
        return up, GO_ON
    fresh = world.local(peer.setup)
    if not restart:
        return UpConnection(next(world.numbers), fresh.ufrag, fresh.pwd, peer.ufrag, peer.fingerprint), BEGIN
    if up is None or up.fingerprint != peer.fingerprint:
        text = "There is no up connection with this fingerprint to restart; publish without `restart`, on a new one."
        raise RefusalError(ErrorCode.NO_CONNECTION, text)
    up.ufrag, up.pwd, up.remote_ufrag = fresh.ufrag, fresh.pwd, peer.ufrag
    up.version += 1
    return up, RESTART


Tracks = list[tuple[TrackOffer, MediaChoice, Track]]


def _wanted(offer: UpOffer) -> list[tuple[TrackOffer, MediaChoice]]:
    return [(media.track, media.choice) for media in offer.media if media.track and media.choice]


def _require_place(world: World, participant: Participant, tracks: int) -> None:
    if not world.directory.has_place(participant, tracks):
        text = "This server carries as many tracks as its operator allows; publish fewer, or wait until others leave."
        raise RefusalError(ErrorCode.TOO_MANY, text)


def _track(world: World, offered: TrackOffer, known: Participant | None) -> Track:
    """Returns the track, with its number in the engine and its life if it was there before the renegotiation."""
    source = known.sources.get(offered.source) if known else None
    before = source.tracks.get(offered.kind) if source else None
    if before and before.mid == offered.mid and before.engine is not None:
        return Track(offered.mid, offered.kind, before.engine, offered.muted, before.live)
    return Track(offered.mid, offered.kind, next(world.numbers), offered.muted)


def _commands(up: UpConnection, peer: Transport, receive: Receive, way: str) -> list[Effect]:
    """The engine's order: open or restart, receive, remote; a renegotiation is a new list of tracks alone."""
    remote = Remote(conn=up.conn, ufrag=peer.ufrag, setup=peer.setup, fingerprint=peer.fingerprint)
    if way == GO_ON:
        return [Submit(receive)]
    if way == RESTART:
        return [Submit(Restart(conn=up.conn, ufrag=up.ufrag, pwd=up.pwd)), Submit(receive), Submit(remote)]
    opened = Open(conn=up.conn, direction=Direction.UP, ufrag=up.ufrag, pwd=up.pwd)
    return [Submit(opened), Submit(receive), Submit(remote)]


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
