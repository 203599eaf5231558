"""What a stage and its audience have to do with each other: hands, questions, and the number of those who watch.

Who may see what is decided here: the stage sees all hands and questions; of the audience each site sees its own, and what is answered.
"""

from __future__ import annotations

from telepresence.rooms import words
from telepresence.rooms.audience import TELL_S, period_s
from telepresence.rooms.effects import Effect, Keep, Send
from telepresence.rooms.participant import Participant
from telepresence.rooms.questions import QueueFullError, told
from telepresence.rooms.records import QuestionRecord
from telepresence.rooms.room import Room, members, stage, tell_one
from telepresence.signaling.messages import (
    Audience,
    ErrorCode,
    Hand,
    Hands,
    Question,
    QuestionState,
    QuestionUpdate,
    ServerMessage,
    Wish,
)
from telepresence.signaling.refusal import RefusalError

# --- what one who joins is told of it -------------------------------------------------------------


def hands_for(room: Room, participant: Participant) -> tuple[Hand, ...]:
    """Returns the raised hands that a participant may see: all, or its own."""
    if participant.is_seen:
        return room.hands.all()
    own = room.hands.of(participant.id)
    return (own,) if own else ()


def questions_for(room: Room, participant: Participant) -> tuple[Question, ...]:
    """Returns the questions that a participant may see."""
    return room.questions.for_stage() if stage(participant) else room.questions.for_audience(participant.site)


def asked_of(participant: Participant) -> tuple[Wish, ...]:
    """Returns what a participant was asked for and did not answer."""
    return (Wish.STAGE,) if participant.asked else ()


# --- hands --------------------------------------------------------------------------------------


def raise_hand(room: Room, participant: Participant, now: float, *, raised: bool) -> list[Effect]:
    """A participant's own hand goes up or down."""
    if not raised:
        return lower_hand(room, participant, now)
    hand = Hand(participant=participant.id, site=participant.site, name=participant.name, at=room.wall(now))
    return _hand_moved(room, participant, now) if room.hands.put_up(hand) else []


def lower_hand(room: Room, participant: Participant, now: float) -> list[Effect]:
    """A hand goes down, by whomever."""
    return _hand_moved(room, participant, now) if room.hands.take_down(participant.id) else []


def _hand_moved(room: Room, participant: Participant, now: float) -> list[Effect]:
    own = [] if participant.is_seen else tell_one(participant, Hands(hands=hands_for(room, participant)))
    return own + _hand_news(room, now)


def _hand_news(room: Room, now: float) -> list[Effect]:
    hands = room.hands.news(now)
    return [] if hands is None else room.tell(Hands(hands=hands), to=members)


# --- questions ----------------------------------------------------------------------------------


def ask(room: Room, participant: Participant, text: str, now: float) -> list[Effect]:
    """Adds a question. Raises RefusalError: malformed, too-many."""
    cleaned = words.clean(text)
    try:
        room.questions.require_place(participant.site)
    except QueueFullError as error:
        raise RefusalError(ErrorCode.TOO_MANY, str(error)) from None
    words.charge(room, now)
    record = QuestionRecord(
        room=room.id,
        id=room.key(room.questions.asked + 1),
        participant=participant.id,
        site=participant.site,
        name=participant.name,
        text=cleaned,
        at=room.wall(now),
    )
    room.questions.add(record)
    return [Keep(record), *_tell_question(room, record)]


def set_question(room: Room, question: str, state: QuestionState, answer: str) -> list[Effect]:
    """Decides what becomes of a question. Raises RefusalError: malformed, question-unknown."""
    cleaned = words.clean(answer) if answer.strip() else ""
    try:
        changed = room.questions.decide(question, state, cleaned)
    except KeyError:
        raise RefusalError(ErrorCode.QUESTION_UNKNOWN, f"There is no question {question!r} in this room.") from None
    kept: list[Effect] = [Keep(record) for record in changed]
    return kept + [effect for record in changed for effect in _tell_question(room, record)]


def tell_hidden(room: Room, participant: Participant) -> list[Effect]:
    """Tells one who comes onto the stage all questions that it could not see."""
    hidden = room.questions.unknown_to(participant.site)
    return [effect for question in hidden for effect in tell_one(participant, QuestionUpdate(question=question))]


def _tell_question(room: Room, record: QuestionRecord) -> list[Effect]:
    message = QuestionUpdate(question=told(record))
    if room.questions.is_public(record):
        return room.tell(message)
    askers = [p for p in room.participants.values() if p.site == record.site and not stage(p)]
    return room.tell(message, to=stage) + [effect for asker in askers for effect in tell_one(asker, message)]


# --- the number of the audience -----------------------------------------------------------------


def tick(room: Room, now: float) -> list[Effect]:
    """Tells what changed and waited: the hands, and how many watch."""
    effects, version, count = _hand_news(room, now), room.roll.crowd_version, room.roll.audience()
    message = Audience(count=count)
    if room.told_stage.is_due(version, now, TELL_S):
        effects += room.tell(message, to=members)
    if room.told_audience.is_due(version, now, period_s(count)):
        effects += _tell_audience(room, message)
    return effects


def _tell_audience(room: Room, message: ServerMessage) -> list[Effect]:
    sessions = (p.session for p in room.participants.values() if not p.is_seen)
    return [Send(session, message) for session in sessions if session is not None]
