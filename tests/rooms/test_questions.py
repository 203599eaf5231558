"""The queue of questions: its states, who sees what, and its bounds."""

import pytest

from stage import START, Client, Stage
from telepresence.rooms.questions import QUESTIONS_MAX, Questions, QueueFullError
from telepresence.rooms.records import QuestionRecord
from telepresence.signaling.messages import Done, Error, ErrorCode, QuestionState, QuestionUpdate, Role

ROOM = "training"
OPEN, ANSWERING, ANSWERED, DISMISSED = QuestionState


class Training:
    """A broadcast: a moderator, a presenter, an encoder, and three of the audience."""

    def __init__(self) -> None:
        """All are there."""
        self.stage = Stage()
        self.moderator = self.join("desk", Role.MODERATOR)
        self.presenter = self.join("professor", Role.PRESENTER)
        self.encoder = self.join("operating-room", Role.ENCODER)
        self.asker, self.other, self.third = (
            self.join(name, Role.AUDIENCE) for name in ("xixia", "nanyang", "dengzhou")
        )

    def join(self, site: str, role: Role) -> Client:
        """Joins."""
        return self.stage.join(site, role, room=ROOM)

    def ask(self, client: Client, text: str) -> str:
        """Asks a question; returns its id."""
        client.send("ask", text=text)
        return client.last(QuestionUpdate).question.id

    def decide(self, question: str, state: QuestionState, answer: str = "") -> None:
        """The moderator decides."""
        assert isinstance(self.moderator.send("set-question", question=question, state=state, answer=answer)[-1], Done)

    def knows(self, client: Client) -> dict[str, tuple[QuestionState, str]]:
        """Returns what a client knows of questions, by their text."""
        told = [*client.joined.questions, *(message.question for message in client.all(QuestionUpdate))]
        return {question.text: (question.state, question.answer) for question in told}


def test_a_question_is_told_to_the_stage_and_to_who_asked() -> None:
    """The rest of the audience does not see it, nor does an encoder."""
    training = Training()
    training.ask(training.asker, "  Which dose?\n")
    for client in (training.moderator, training.presenter, training.asker):
        question = client.last(QuestionUpdate).question
        assert (question.text, question.state, question.site, question.at) == ("Which dose?", OPEN, "xixia", START)
    for client in (training.other, training.encoder):
        assert not client.all(QuestionUpdate)


def test_what_is_answered_is_told_to_everybody() -> None:
    """From "answering now" on, with the answer."""
    training = Training()
    question = training.ask(training.asker, "Which dose?")
    training.decide(question, ANSWERING)
    assert training.knows(training.other) == {"Which dose?": (ANSWERING, "")}
    training.decide(question, ANSWERED, "5 mg.")
    assert training.knows(training.other) == training.knows(training.asker) == {"Which dose?": (ANSWERED, "5 mg.")}


def test_one_is_being_answered_at_a_time() -> None:
    """The next one makes the former one answered, which everybody learns first."""
    training = Training()
    first, second = training.ask(training.asker, "First?"), training.ask(training.other, "Second?")
    training.decide(first, ANSWERING)
    training.third.inbox.clear()
    training.decide(second, ANSWERING)
    told = [(message.question.id, message.question.state) for message in training.third.all(QuestionUpdate)]
    assert told == [(first, ANSWERED), (second, ANSWERING)]


def test_a_dismissed_question_is_told_to_stage_and_asker() -> None:
    """The rest never hears of it."""
    training = Training()
    training.decide(training.ask(training.asker, "Lunch?"), DISMISSED)
    assert training.knows(training.asker) == training.knows(training.presenter) == {"Lunch?": (DISMISSED, "")}
    assert not training.knows(training.other)


def test_one_that_everybody_saw_is_told_to_everybody_when_it_is_put_back() -> None:
    """Else "answering now" would stand on their screens for ever."""
    training = Training()
    question = training.ask(training.asker, "Which dose?")
    training.decide(question, ANSWERING)
    training.decide(question, OPEN)
    assert training.knows(training.other) == {"Which dose?": (OPEN, "")}


def test_a_decision_that_changes_nothing_is_told_to_nobody() -> None:
    """And nothing is kept anew."""
    training = Training()
    question = training.ask(training.asker, "Which dose?")
    training.decide(question, ANSWERED, "5 mg.")
    before = len(training.stage.kept)
    training.other.inbox.clear()
    training.decide(question, ANSWERED, "5 mg.")
    assert not training.other.inbox
    assert len(training.stage.kept) == before


def test_a_latecomer_sees_what_is_answered_and_its_site_s_own() -> None:
    """Another device of the asking site sees all of that site; on the stage one sees everything."""
    training = Training()
    texts = ("Open?", "Now?", "Done?", "Never?")
    questions = [training.ask(training.asker, text) for text in texts]
    training.decide(questions[2], ANSWERED, "Yes.")
    training.decide(questions[1], ANSWERING)
    training.decide(questions[3], DISMISSED)
    late = training.join("late", Role.AUDIENCE)
    assert training.knows(late) == {"Now?": (ANSWERING, ""), "Done?": (ANSWERED, "Yes.")}
    for role, site in ((Role.AUDIENCE, "xixia"), (Role.MEMBER, "guest-of-honour")):
        assert [question.text for question in training.join(site, role).joined.questions] == list(texts)


def test_a_second_device_sees_its_site_s_question_at_once() -> None:
    """The unit is a site."""
    training = Training()
    second = training.join("xixia", Role.AUDIENCE)
    training.ask(training.asker, "Which dose?")
    assert training.knows(second) == {"Which dose?": (OPEN, "")}


def test_questions_and_decisions_are_kept_before_anybody_is_told() -> None:
    """The record is the whole row; the answer to the request names it."""
    training = Training()
    question = training.ask(training.asker, "Which dose?")
    training.decide(question, ANSWERED, "5 mg.")
    kept = [keep for keep in training.stage.kept if isinstance(keep.record, QuestionRecord)]
    states = [
        (keep.record.id, keep.record.state, keep.record.answer)
        for keep in kept
        if isinstance(keep.record, QuestionRecord)
    ]
    assert states == [(question, OPEN, ""), (question, ANSWERED, "5 mg.")]
    assert [keep.session for keep in kept] == [training.asker.session.id, training.moderator.session.id]
    assert kept[0].record.participant == training.asker.joined.participant  # type: ignore[union-attr]


def test_a_site_may_have_five_open_questions() -> None:
    """The sixth is refused until one is decided, on another of its devices too."""
    training = Training()
    questions = [training.ask(training.asker, f"Question {number}?") for number in range(5)]
    training.asker.send("ask", text="One more?")
    assert training.asker.error.code is ErrorCode.TOO_MANY
    assert "5" in training.asker.error.message
    second = training.stage.join(training.asker.session.participant.site, Role.AUDIENCE, room=ROOM, slots=0)
    second.send("ask", text="From beside it?")
    assert second.error.code is ErrorCode.TOO_MANY
    training.decide(questions[0], DISMISSED)
    assert not any(isinstance(reply, Error) for reply in training.asker.send("ask", text="One more?"))


def test_a_room_writes_no_more_than_its_budget() -> None:
    """A room's chat and questions together: fifty at once, ten a second."""
    stage = Stage()
    crowd = [stage.join(f"site-{number}", Role.AUDIENCE, room=ROOM, slots=0) for number in range(52)]
    stage.advance(60)
    refused = [client for client in crowd if isinstance(client.send("ask", text="Which dose?")[-1], Error)]
    assert refused == crowd[50:]
    assert refused[0].error.code is ErrorCode.TOO_MANY
    stage.advance(1)
    assert isinstance(refused[0].send("ask", text="Which dose?")[-1], Done)


@pytest.mark.parametrize("text", ["", "   \n", "a\x00b", "a\x1b[31mred", "x" * 501])
def test_text_that_is_none_is_refused(text: str) -> None:
    """Nothing but blanks, control characters, too long; nobody is told."""
    training = Training()
    training.asker.send("ask", text=text)
    assert training.asker.error.code is ErrorCode.MALFORMED
    assert not training.moderator.all(QuestionUpdate)


def test_an_answer_with_control_characters_is_refused() -> None:
    """The question stays as it was."""
    training = Training()
    question = training.ask(training.asker, "Which dose?")
    training.moderator.send("set-question", question=question, state="answered", answer="\x07")
    assert training.moderator.error.code is ErrorCode.MALFORMED
    assert training.knows(training.asker) == {"Which dose?": (OPEN, "")}


def test_a_question_that_is_not_there_is_unknown() -> None:
    """The message names it."""
    training = Training()
    training.moderator.send("set-question", question="q-9", state="answered")
    assert training.moderator.error.code is ErrorCode.QUESTION_UNKNOWN
    assert "q-9" in training.moderator.error.message


def record(number: int, state: QuestionState = ANSWERED) -> QuestionRecord:
    """A question of a device of its own."""
    return QuestionRecord(ROOM, f"q-{number}", f"p-{number}", f"site-{number}", "Site", f"{number}?", number, state)


def test_a_thousand_questions_may_wait_in_a_room() -> None:
    """Whoever asks, until one of them is decided."""
    questions = Questions()
    for number in range(QUESTIONS_MAX):
        questions.require_place(f"site-{number}")
        questions.add(record(number, OPEN))
    with pytest.raises(QueueFullError, match="1000"):
        questions.require_place("site-new")
    questions.decide("q-7", DISMISSED, "")
    questions.require_place("site-new")


def test_what_is_done_gives_way_to_what_is_new() -> None:
    """A latecomer is told the newest two hundred of those that were answered; ids are never used again."""
    questions = Questions()
    for number in range(QUESTIONS_MAX + 2):
        questions.add(record(number))
    assert questions.asked == QUESTIONS_MAX + 2
    assert "q-1" not in questions.records
    assert [question.text for question in questions.for_audience("late")] == [
        f"{number}?" for number in range(802, 1002)
    ]
    assert len(questions.for_stage()) == QUESTIONS_MAX


def test_questions_that_were_kept_are_there_again_in_their_order() -> None:
    """With their states; what was answered is still everybody's."""
    questions = Questions()
    questions.restore([record(3, OPEN), record(1, ANSWERING), record(2)])
    assert [question.id for question in questions.for_stage()] == ["q-1", "q-2", "q-3"]
    assert [question.id for question in questions.for_audience("late")] == ["q-1", "q-2"]
    assert [question.id for question in questions.unknown_to("late")] == ["q-3"]
    assert [changed.id for changed in questions.decide("q-3", ANSWERING, "")] == ["q-1", "q-3"]
