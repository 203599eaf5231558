"""Stories of the chat."""

import pytest

from stage import Client, Stage
from telepresence.rooms.records import LineRecord
from telepresence.signaling.messages import Chat, Done, ErrorCode, Role


def texts(client: Client) -> list[str]:
    """Returns what a client saw being said."""
    return [message.line.text for message in client.all(Chat)]


def test_a_line_is_told_to_all_inside_its_writer_too_before_done() -> None:
    """One of the audience reads and writes as well; who waits does neither."""
    stage = Stage()
    xixia, hall = stage.join("xixia"), stage.join("hall", Role.AUDIENCE)
    guest = stage.join("guest", Role.GUEST)
    replies = xixia.send("say", text="  片子已上传。\n  ")
    assert [type(reply) for reply in replies] == [Chat, Done]
    hall.send("say", text="Thank you.")
    assert texts(xixia) == texts(hall) == ["片子已上传。", "Thank you."]
    assert texts(guest) == []
    line = xixia.last(Chat).line
    assert (line.site, line.name, line.at) == ("hall", "Hall", stage.room().wall(0))


def test_who_comes_late_reads_what_was_said() -> None:
    """The last 200 lines, in their order, with ids of their own."""
    stage = Stage()
    xixia = stage.join("xixia")
    for number in range(230):
        xixia.send("say", text=f"line {number}")
        stage.advance(1)
    chat = stage.join("late").joined.chat
    assert [line.text for line in chat] == [f"line {number}" for number in range(30, 230)]
    assert len({line.id for line in chat}) == 200


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "a\tb", "a\x00b", "a\x1b[2Jb", "a\x85b", "x" * 2001])
def test_what_is_no_plain_text_is_refused(text: str) -> None:
    """Blank, with a control character, or too long."""
    stage = Stage()
    client = stage.join()
    client.send("say", text=text)
    assert client.error.code is ErrorCode.MALFORMED
    assert not client.all(Chat)


def test_markup_is_text_like_any_other() -> None:
    """It is told as it was written; nobody reads it as markup."""
    stage = Stage()
    client = stage.join()
    client.send("say", text="<b>bold</b>\r\n& more")
    assert texts(client) == ["<b>bold</b>\n& more"]


def test_a_room_takes_fifty_lines_at_once_and_ten_a_second() -> None:
    """However many write."""
    stage = Stage()
    writers = [stage.join(f"site-{number}", slots=0) for number in range(10)]
    for writer in writers:
        for number in range(6):
            writer.send("say", text=f"line {number}")
    assert len(texts(writers[0])) == 50
    assert writers[9].error.code is ErrorCode.TOO_MANY
    stage.advance(1)
    for writer in writers:
        writer.send("say", text="again")
        writer.send("say", text="and again")
    assert len(texts(writers[0])) == 60


def test_a_line_is_kept_for_its_writers_request() -> None:
    """Who wrote it is told if it could not be kept."""
    stage = Stage()
    client = stage.join()
    client.send("say", text="Good morning.")
    keep = stage.kept[-1]
    assert isinstance(keep.record, LineRecord)
    assert (keep.record.text, keep.record.participant) == ("Good morning.", client.participant)
    assert (keep.session, keep.re) == (client.session.id, 2)


def test_a_latecomer_is_not_told_more_than_64000_characters() -> None:
    """The newest lines, whole."""
    stage = Stage()
    client = stage.join(slots=0)
    for number in range(40):
        client.send("say", text=f"{number:02}" + "文" * 1998)
        stage.advance(1)
    chat = stage.join("late").joined.chat
    assert [line.text[:2] for line in chat] == [f"{number:02}" for number in range(8, 40)]
