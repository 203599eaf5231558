"""The queue of questions of a room: what becomes of each, and who may see it. Pure bookkeeping, used by `broadcast.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from telepresence.rooms.records import QuestionRecord
from telepresence.signaling.messages import Question, QuestionState

OPEN_MAX = 5
"""Open questions of one site. Source: protocol.md, "Transport"."""

QUESTIONS_MAX = 1000
"""Open questions of a room, and how many in all are in memory: the oldest that are done give way. Source: protocol.md, "Transport"."""

TOLD_LATER = 200
"""So many of them a latecomer in the audience is told, as with chat. Source: protocol.md, "Questions"."""

_PUBLIC = (QuestionState.ANSWERING, QuestionState.ANSWERED)
_PENDING = (QuestionState.OPEN, QuestionState.ANSWERING)


class QueueFullError(Exception):
    """There are as many open questions of this site, or in this room, as may be; it says which."""


@dataclass(slots=True)
class Questions:
    """All questions of a room, the first one first. `published` are those that everybody was told of, `asked` is how many there ever were."""

    records: dict[str, QuestionRecord] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    asked: int = 0

    def restore(self, records: Iterable[QuestionRecord]) -> None:
        """Brings back what was kept, in any order."""
        for record in sorted(records, key=lambda record: record.at):
            self.asked = max(self.asked, _number(record))
            self._set(record)

    def require_place(self, site: str) -> None:
        """Raises QueueFullError where the site may ask no more."""
        waiting = [record for record in self.records.values() if record.state is QuestionState.OPEN]
        if len(waiting) >= QUESTIONS_MAX:
            message = f"{QUESTIONS_MAX} questions wait in this room; ask again once some of them are answered."
            raise QueueFullError(message)
        if sum(record.site == site for record in waiting) >= OPEN_MAX:
            message = f"{OPEN_MAX} questions of your site are open; wait until one of them is answered."
            raise QueueFullError(message)

    def add(self, record: QuestionRecord) -> None:
        """Adds a question that has a place."""
        self.asked += 1
        self._set(record)
        if len(self.records) > QUESTIONS_MAX:
            done = (one.id for one in self.records.values() if one.state not in _PENDING)
            if (oldest := next(done, None)) is not None:
                del self.records[oldest]
                self.published.discard(oldest)

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


def _number(record: QuestionRecord) -> int:
    return int(record.id.rpartition("-")[2])


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
