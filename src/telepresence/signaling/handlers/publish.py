"""`publish`: the offer of the up connection becomes tracks in the engine, sources in the room, and an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from telepresence.engine.commands import Open, Receive, ReceiveTrack, Remote
from telepresence.rooms.effects import Effect, Send, Submit
from telepresence.rooms.participant import Participant, PublishedSource, Track, UpConnection
from telepresence.signaling.description import Local, write_answer
from telepresence.signaling.messages import Direction, ErrorCode, Publish, Published, TrackOffer
from telepresence.signaling.negotiation import MediaChoice, UpOffer, read_up_offer
from telepresence.signaling.refusal import RefusalError

if TYPE_CHECKING:
    from telepresence.signaling.session import Session
    from telepresence.signaling.world import World


def handle(session: Session, message: Publish) -> list[Effect]:
    """Answers the offer. The same ice-ufrag renegotiates, a new one replaces. Raises RefusalError."""
    world, room, participant = session.world, session.room, session.participant
    offer = read_up_offer(message.sdp, message.tracks)
    wanted = _wanted(offer)
    _require_place(world, participant, len(wanted))
    up = participant.up
    is_new = up is None or up.remote_ufrag != offer.transport.ufrag
    if up is None or is_new:
        fresh = world.local(offer.transport.setup)
        up = UpConnection(next(world.numbers), fresh.ufrag, fresh.pwd, offer.transport.ufrag)
    else:
        up.version += 1
    known = None if is_new else participant
    tracks = [(track, choice, _track(world, track, known)) for track, choice in wanted]
    local = Local(world.media, up.ufrag, up.pwd, offer.transport.setup)
    answer = Published(re=message.request, sdp=write_answer(offer, local, up.conn, up.version))
    return [
        *_commands(up, offer, tracks, is_new=is_new),
        Send(session.id, answer),
        *room.publish(participant, up, _sources(tracks)),
    ]


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


def _commands(up: UpConnection, offer: UpOffer, tracks: Tracks, *, is_new: bool) -> list[Effect]:
    """The engine's order: open, receive, remote; a renegotiation is a new list of tracks alone."""
    transport = offer.transport
    choices = [media.choice for media in offer.media if media.choice]
    receive = Receive(
        conn=up.conn,
        tracks=tuple(_receive(choice, track) for _, choice, track in tracks),
        mid_extension=_first(choice.mid_extension for choice in choices),
        transport_cc_extension=_first(choice.transport_cc_extension for choice in choices),
    )
    if not is_new:
        return [Submit(receive)]
    return [
        Submit(Open(conn=up.conn, direction=Direction.UP, ufrag=up.ufrag, pwd=up.pwd)),
        Submit(receive),
        Submit(Remote(conn=up.conn, ufrag=transport.ufrag, setup=transport.setup, fingerprint=transport.fingerprint)),
    ]


def _first(extensions: Iterable[int | None]) -> int | None:
    """Bundled m-lines give an extension one id (RFC 8843 §9.1), where they have it at all."""
    return next((extension for extension in extensions if extension is not None), None)


def _receive(choice: MediaChoice, track: Track) -> ReceiveTrack:
    assert track.engine is not None  # noqa: S101 (both callers have just numbered it)
    return ReceiveTrack(
        track=track.engine,
        mid=track.mid,
        kind=track.kind,
        codec=choice.codec,
        payload_type=choice.payload_type,
        clock_rate=choice.clock_rate,
        rtx_payload_type=choice.rtx_payload_type,
        ssrc=choice.ssrc,
        rtx_ssrc=choice.rtx_ssrc,
        nack="nack" in choice.feedback,
        pli="nack pli" in choice.feedback,
        remb="goog-remb" in choice.feedback,
    )


def _sources(tracks: Tracks) -> list[PublishedSource]:
    """Groups tracks by source, in the order of the offer; the first track names the source."""
    sources: dict[str, PublishedSource] = {}
    for offered, _, track in tracks:
        source = sources.setdefault(offered.source, PublishedSource(offered.source, offered.label, offered.profile))
        source.tracks[offered.kind] = track
    return list(sources.values())
