"""The queue of what is to be kept: nobody is told before the commit, everybody in order, and a broken disc ends no meeting."""

from collections.abc import Hashable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from telepresence.rooms.effects import Effect, Hangup, Keep, Send
from telepresence.rooms.records import LineRecord, Record, key_of
from telepresence.signaling.keeping import BACK_OFF_S, Batch, Keeping
from telepresence.signaling.messages import Closing, ClosingReason, Done, Error, ErrorCode, Waiting

XIXIA, NANYANG = 1, 2
"""Sessions."""


def line(number: int = 1, text: str = "Hello") -> LineRecord:
    """A line of chat."""
    return LineRecord("demo", f"l{number}", "p-1", "xixia", "Xixia", text, 100.0 + number)


def said(number: int = 1, *, session: int = XIXIA) -> Batch:
    """The batch of a line of chat: it is kept, then the others are told, then whoever said it."""
    others = Send(session % 2 + 1, Closing(reason=ClosingReason.LEFT, message=str(number)))
    return Batch((Keep(line(number), session, number), others, Send(session, Done(re=number))))


def told(number: int) -> Batch:
    """A batch without a record."""
    return Batch((Send(NANYANG, Done(re=number)),))


def answers(batches: list[Batch]) -> list[object]:
    """What is sent, in order."""
    return [effect.message for batch in batches for effect in batch.effects if isinstance(effect, Send)]


def test_what_is_not_to_be_kept_goes_at_once_while_nothing_waits() -> None:
    """As an offer does, or a slot that moves."""
    keeping = Keeping()
    batch = told(1)
    assert keeping.add(batch) == [batch]
    assert keeping.is_idle


def test_nobody_is_told_before_the_commit_and_nothing_overtakes() -> None:
    """Also what has no record waits behind what has one, and behind what came during the write."""
    keeping = Keeping()
    first, second, third, fourth = said(1), told(2), said(3), told(4)
    assert keeping.add(first) == keeping.add(second) == []
    assert keeping.begin() == [line(1)]
    assert keeping.add(third) == keeping.add(fourth) == []
    assert keeping.succeeded() == [first, second]
    assert keeping.begin() == [line(3)]
    assert keeping.succeeded() == [third, fourth]
    assert keeping.is_idle
    assert keeping.add(second) == [second]


def test_five_hundred_that_come_during_one_write_take_one_more() -> None:
    """Group commit."""
    keeping = Keeping()
    keeping.add(said(0))
    keeping.begin()
    for number in range(1, 501):
        keeping.add(said(number))
    keeping.succeeded()
    assert len(keeping.begin()) == 500


def test_of_one_row_only_the_newest_is_written() -> None:
    """A seat that was taken and admitted within one write is one row."""
    keeping = Keeping()
    keeping.add(Batch((Keep(line(1)), Keep(replace(line(1), text="again")))))
    keeping.add(Batch((Keep(replace(line(1), text="last")),)))
    assert keeping.begin() == [line(1, "last")]


def test_when_a_write_fails_the_others_are_told_and_the_one_who_asked_hears_that_it_is_not_kept() -> None:
    """What waited behind it goes on as well; from then on nothing waits for the database."""
    keeping = Keeping()
    keeping.add(said(1))
    keeping.begin()
    keeping.add(told(2))
    keeping.add(said(3, session=NANYANG))
    first, second, third = keeping.failed()
    assert (first.is_kept, second.is_kept, third.is_kept) == (False, True, False)
    assert answers([first])[0] == Closing(reason=ClosingReason.LEFT, message="1")
    error = answers([first])[1]
    assert isinstance(error, Error)
    assert (error.code, error.re) == (ErrorCode.NOT_KEPT, 1)
    assert second == told(2)
    assert keeping.is_failing
    (late,) = keeping.add(said(4))
    assert not late.is_kept
    assert keeping.add(told(5)) == [told(5)]
    assert keeping.begin() == [line(1), line(3), line(4)]
    assert keeping.succeeded() == []
    assert not keeping.is_failing
    assert keeping.is_idle


def test_only_the_answer_to_the_request_is_replaced() -> None:
    """Not another answer to the same session, nor the same number of another session, nor a close."""
    keeping = Keeping()
    rest: tuple[Effect, ...] = (Send(XIXIA, Done(re=8)), Send(NANYANG, Done(re=7)), Hangup(XIXIA, 1000))
    keeping.add(Batch((Keep(line(), XIXIA, 7), *rest, Send(XIXIA, Done(re=7)))))
    keeping.begin()
    (batch,) = keeping.failed()
    assert batch.effects[1:4] == rest
    assert batch.effects[4] != Send(XIXIA, Done(re=7))


def test_a_latecomer_gets_in_although_his_seat_is_not_kept() -> None:
    """A full disc must not keep anybody out of a meeting that goes on."""
    keeping = Keeping()
    waiting = Waiting(re=1, version=1, participant="p-1", resume="x" * 22, title="T", kind="consultation", chair=None)  # type: ignore[arg-type]
    keeping.add(Batch((Keep(line(), XIXIA, 1), Send(XIXIA, waiting))))
    keeping.begin()
    (batch,) = keeping.failed()
    assert batch.effects[1] == Send(XIXIA, waiting)


def test_a_row_that_changes_while_it_is_tried_again_is_written_once_more() -> None:
    """The older one may be in the database by then; the newer one is still open."""
    keeping = Keeping()
    keeping.add(said(1))
    keeping.begin()
    keeping.failed()
    assert keeping.begin() == [line(1)]
    keeping.add(Batch((Keep(line(1, "changed")),)))
    keeping.succeeded()
    assert not keeping.is_failing
    assert not keeping.is_idle
    assert keeping.begin() == [line(1, "changed")]
    keeping.succeeded()
    assert keeping.is_idle


def test_the_waits_between_tries_grow_and_end_with_the_first_success() -> None:
    """A database that is down for an hour is not asked every moment."""
    keeping = Keeping()
    keeping.add(said(1))
    waits = []
    for _ in range(len(BACK_OFF_S) + 2):
        keeping.begin()
        keeping.failed()
        waits.append(keeping.wait_s)
    assert tuple(waits) == (*BACK_OFF_S, BACK_OFF_S[-1], BACK_OFF_S[-1])
    keeping.begin()
    keeping.succeeded()
    assert keeping.wait_s == 0


def test_a_backlog_is_written_in_pieces_and_nobody_waits_for_it() -> None:
    """After an hour without the database one write would take too long, and be overdue for ever."""
    keeping = Keeping(rows_a_write=2)
    keeping.add(said(0))
    keeping.begin()
    keeping.failed()
    for number in range(1, 5):
        keeping.add(said(number))
    written = []
    while not keeping.is_idle:
        assert keeping.is_failing
        assert keeping.add(told(9)) == [told(9)]
        written.append(keeping.begin())
        keeping.succeeded()
        assert keeping.wait_s == 0
    assert written == [[line(0), line(1)], [line(2), line(3)], [line(4)]]
    assert not keeping.is_failing


def test_a_step_is_never_divided() -> None:
    """All its rows are in one transaction, however many: a part of it would be a state that never was."""
    keeping = Keeping(rows_a_write=2)
    keeping.add(said(0))
    keeping.add(Batch(tuple(Keep(line(number)) for number in range(1, 6))))
    keeping.add(said(6))
    assert len(keeping.begin()) == 6
    keeping.succeeded()
    assert keeping.begin() == [line(6)]


def test_an_overdue_write_that_succeeds_is_kept() -> None:
    """What came meanwhile is open still; nothing is written twice."""
    keeping = Keeping()
    keeping.add(said(1))
    keeping.begin()
    keeping.add(said(2))
    assert [batch.is_kept for batch in keeping.overdue()] == [False, False]
    assert keeping.is_failing
    keeping.add(said(3))
    keeping.succeeded()
    assert not keeping.is_failing
    assert keeping.begin() == [line(2), line(3)]
    keeping.succeeded()
    assert keeping.is_idle


class Disc:
    """A database at which writes succeed or fail; it checks each batch that is performed."""

    def __init__(self) -> None:
        self.keeping = Keeping()
        self.performed: list[Batch] = []
        self.committed: dict[object, Record] = {}
        self.under_way: list[Record] | None = None

    def add(self, batch: Batch) -> None:
        """Something happens in a meeting."""
        self.perform(self.keeping.add(batch))

    def begin(self) -> None:
        """A write begins, if none is under way."""
        if self.under_way is None:
            self.under_way = self.keeping.begin()

    def end(self, *, is_sound: bool) -> None:
        """The write that is under way, if any, is committed or fails."""
        if self.under_way is None:
            return
        if is_sound:
            self.committed.update({key_of(record): record for record in self.under_way})
        self.under_way = None
        self.perform(self.keeping.succeeded() if is_sound else self.keeping.failed())

    def perform(self, batches: list[Batch]) -> None:
        """Nothing may be performed as kept that is not."""
        for batch in batches:
            assert not batch.is_kept or all(self.committed.get(key_of(record)) == record for record in batch.records)
            self.performed.append(batch)


@given(st.lists(st.sampled_from(["say", "tell", "begin", "succeed", "fail"]), max_size=60))
def test_whatever_happens_nothing_is_lost_doubled_or_out_of_order(steps: list[str]) -> None:
    """Each batch is performed once and in order; a sound one only after its record is committed; in the end all are kept."""
    disc = Disc()
    for number, step in enumerate(steps):
        if step in ("say", "tell"):
            disc.add(Batch((Keep(line(number)),) if step == "say" else (), ticket=number))
        elif step == "begin":
            disc.begin()
        else:
            disc.end(is_sound=step == "succeed")
    disc.end(is_sound=True)
    while not disc.keeping.is_idle:
        disc.begin()
        disc.end(is_sound=True)
    assert [batch.ticket for batch in disc.performed] == [n for n, step in enumerate(steps) if step in ("say", "tell")]
    assert len(disc.committed) == steps.count("say")


def commit(records: list[Record], committed: dict[Hashable, int]) -> None:
    """A row never goes back to an older value."""
    for record in records:
        assert isinstance(record, LineRecord)
        assert committed.get(key_of(record), -1) <= int(record.text)
        committed[key_of(record)] = int(record.text)


VALUES = st.tuples(st.just("add"), st.lists(st.integers(0, 3), max_size=3))
ENDS = st.tuples(st.sampled_from(["begin", "succeed", "fail", "fail after the commit", "overdue"]), st.none())


@given(st.lists(VALUES | ENDS, max_size=60), st.integers(1, 4))
def test_the_last_value_of_a_row_wins_whatever_fails_meanwhile(
    story: list[tuple[str, list[int] | None]], rows_a_write: int
) -> None:
    """The model: of each row the last value that came. The database never goes back to an older one, and has all in the end."""
    keeping = Keeping(rows_a_write)
    last: dict[Hashable, int] = {}
    committed: dict[Hashable, int] = {}
    under_way: list[Record] | None = None
    performed = came = 0

    for step, rows in [*story, ("succeed", None)]:
        if rows is not None:
            records = [line(row, str(came + place)) for place, row in enumerate(rows)]
            came += 10
            last.update({key_of(record): int(record.text) for record in records})
            performed += len(keeping.add(Batch(tuple(Keep(record) for record in records))))
        elif step == "begin" and under_way is None:
            under_way = keeping.begin() or None
            if under_way is None:
                performed += len(keeping.succeeded())
        elif under_way is None or step == "begin":
            continue
        elif step == "overdue":
            performed += len(keeping.overdue())
        else:
            if step != "fail":
                commit(under_way, committed)
            performed += len(keeping.succeeded() if step == "succeed" else keeping.failed())
            under_way = None
    while not keeping.is_idle:
        commit(keeping.begin(), committed)
        performed += len(keeping.succeeded())
    assert committed == last
    assert performed * 10 == came
    assert not keeping.is_failing
