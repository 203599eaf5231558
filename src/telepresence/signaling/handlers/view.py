"""`view`: what a client shows now, and how large; it decides who has a slot and whose picture is paused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telepresence.rooms import watching
from telepresence.rooms.effects import Effect, Send
from telepresence.rooms.participant import Shown
from telepresence.rooms.slots import SourceKey
from telepresence.signaling.messages import Done, View

if TYPE_CHECKING:
    from telepresence.signaling.session import Session


def handle(session: Session, message: View, _now: float) -> list[Effect]:
    """Takes the list; of a source that is named twice the first tile counts, one that is gone means nothing."""
    tiles: dict[SourceKey, Shown] = {}
    for tile in message.tiles:
        tiles.setdefault(SourceKey(tile.participant, tile.source), Shown(tile.width, tile.height, tile.pinned))
    return [Send(session.id, Done(re=message.request)), *watching.view(session.room, session.participant, tiles)]
