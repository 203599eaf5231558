"""The queue of questions of a room: what becomes of each, and who may see it. Pure bookkeeping, used by `broadcast.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from telepresence.rooms.records import QuestionRecord
from telepresence.signaling.messages import Question, QuestionState

OPEN_MAX = 5
"""Open questions of one device. Source: protocol.md, "Transport"."""

QUESTIONS_MAX = 1000
"""Questions of a room. Source: protocol.md, "Transport"."""

TOLD_LATER = 200
"""So many of them a latecomer in the audience is told, as with chat. Source: protocol.md, "Questions"."""

_PUBLIC = (QuestionState.ANSWERING, QuestionState.ANSWERED)


class QueueFullError(Exception):
    """There are as many questions of this device, or in this room, as may be; it says which."""


@dataclass(slots=True)
class Questions:
    """All questions of a room, the first one first. `published` are those that everybody was told of."""

    records: dict[str, QuestionRecord] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)

    def restore(self, records: Iterable[QuestionRecord]) -> None:
        """Brings back what was kept, in any order."""
        for record in sorted(records, key=lambda record: record.at):
            self._set(record)

    def require_place(self, participant: str) -> None:
        """Raises QueueFullError where the participant may ask no more."""
        if len(self.records) >= QUESTIONS_MAX:
            message = f"This room has {QUESTIONS_MAX} questions, and takes no more."
            raise QueueFullError(message)
        own = (record for record in self.records.values() if record.participant == participant)
        if sum(record.state is QuestionState.OPEN for record in own) >= OPEN_MAX:
            message = f"{OPEN_MAX} of your questions are open; wait until one of them is answered."
            raise QueueFullError(message)

    def add(self, record: QuestionRecord) -> None:
        """Adds a question that has a place."""
        self._set(record)

    def decide(self, question: str, state: QuestionState, answer: str) -> list[QuestionRecord]:
        """Changes a question; returns those that changed. One is answering at a time: the former one becomes answered.

        Raises KeyError when there is no such question.
        """
        before = self.records[question]
        changed = [replace(before, state=state, answer=answer)]
        if state is QuestionState.ANSWERING:
            others = (record for record in self.records.values() if record.id != question)
            former = [record for record in others if record.state is QuestionState.ANSWERING]
            changed = [*(replace(record, state=QuestionState.ANSWERED) for record in former), *changed]
        changed = [record for record in changed if record != self.records[record.id]]
        for record in changed:
            self._set(record)
        return changed

    def is_public(self, record: QuestionRecord) -> bool:
        """Tells whether everybody is told of it: it is being answered, or once was."""
        return record.id in self.published

    def for_stage(self) -> tuple[Question, ...]:
        """Returns all of them."""
        return tuple(told(record) for record in self.records.values())

    def for_audience(self, site: str) -> tuple[Question, ...]:
        """Returns what a site in the audience may see: its own ones and those that are, or were, answered."""
        seen = [record for record in self.records.values() if record.site == site or record.state in _PUBLIC]
        return tuple(told(record) for record in seen[-TOLD_LATER:])

    def unknown_to(self, site: str) -> tuple[Question, ...]:
        """Returns what a site in the audience was not told of, for when it comes onto the stage."""
        hidden = (record for record in self.records.values() if record.site != site and not self.is_public(record))
        return tuple(told(record) for record in hidden)

    def _set(self, record: QuestionRecord) -> None:
        self.records[record.id] = record
        if record.state in _PUBLIC:
            self.published.add(record.id)


def told(record: QuestionRecord) -> Question:
    """Returns a question as it is told."""
    return Question(
        id=record.id,
        site=record.site,
        name=record.name,
        text=record.text,
        at=record.at,
        state=record.state,
        answer=record.answer,
    )
