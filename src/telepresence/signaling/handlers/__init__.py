"""One handler a message. Each takes the session, the message and `now`, and returns effects or raises RefusalError.

`session.py` has already checked state and rights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from telepresence.signaling import messages
from telepresence.signaling.handlers import (
    admit,
    answer,
    ask,
    ask_chair,
    ask_for,
    consent,
    demote,
    end,
    hand_on,
    heads,
    join,
    leave,
    lock,
    lower_hand,
    mute,
    mute_other,
    promote,
    publish,
    raise_hand,
    readmit,
    record,
    remove,
    restart,
    say,
    set_question,
    spotlight,
    step_down,
    test,
    view,
)

if TYPE_CHECKING:
    from telepresence.rooms.effects import Effect
    from telepresence.signaling.session import Session

HANDLERS: dict[type, Callable[[Session, Any, float], list[Effect]]] = {
    messages.Answer: answer.handle,
    messages.Admit: admit.handle,
    messages.Ask: ask.handle,
    messages.AskChair: ask_chair.handle,
    messages.AskFor: ask_for.handle,
    messages.Consent: consent.handle,
    messages.Demote: demote.handle,
    messages.End: end.handle,
    messages.HandOn: hand_on.handle,
    messages.StateHeads: heads.handle,
    messages.Join: join.handle,
    messages.Leave: leave.handle,
    messages.Lock: lock.handle,
    messages.LowerHand: lower_hand.handle,
    messages.Mute: mute.handle,
    messages.MuteOther: mute_other.handle,
    messages.Promote: promote.handle,
    messages.Publish: publish.handle,
    messages.RaiseHand: raise_hand.handle,
    messages.Readmit: readmit.handle,
    messages.Record: record.handle,
    messages.Remove: remove.handle,
    messages.Restart: restart.handle,
    messages.Say: say.handle,
    messages.SetQuestion: set_question.handle,
    messages.Spotlight: spotlight.handle,
    messages.StepDown: step_down.handle,
    messages.Test: test.handle,
    messages.View: view.handle,
}
"""The handler of each type of message."""


def handle(session: Session, message: messages.ClientMessage, now: float) -> list[Effect]:
    """Carries out a message. Raises RefusalError."""
    return HANDLERS[type(message)](session, message, now)
