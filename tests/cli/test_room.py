"""`telepresence room` against a running server."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from house import open_house

Ask = Callable[..., Awaitable[tuple[int, str]]]
Run = Callable[..., tuple[int, str]]

SITES = "site,name,role,label,profile\nxixia,西峡县人民医院,chair,,\nnanyang,Nanyang [City],,,\ntheatre,Theatre,encoder,C-arm,surgery\n"


@pytest.fixture
def sites(tmp_path: Path) -> str:
    """A list as Excel saves it on a Chinese Windows."""
    path = tmp_path / "sites.csv"
    path.write_bytes(SITES.encode("gb18030"))
    return str(path)


async def test_a_room_is_made_with_a_link_and_a_code_for_each_site(tmp_path: Path, ask: Ask, sites: str) -> None:
    """Each link on a line of its own, whole; an encoder gets an address and a token instead."""
    async with open_house(tmp_path) as place:
        codes = tmp_path / "codes"
        options = ("--minutes", "90", "--waiting-room", "--qr", str(codes), "--id", "board")
        code, text = await ask(place, "room", "create", "--sites", sites, "--title", "Tumour [board]", *options)
        assert code == 0, text
        links = re.findall(r"^http://localhost:\d+/room/board#t=\S+$", text, re.MULTILINE)
        assert len(links) == 2
        assert "Tumour [board]" in text
        assert "Nanyang [City]" in text
        assert re.search(r"^WHIP address: http://localhost:\d+/whip/board$", text, re.MULTILINE)
        assert sorted(path.name for path in codes.iterdir()) == ["board-nanyang-member.svg", "board-xixia-chair.svg"]
        assert (codes / "board-xixia-chair.svg").read_text().startswith("<svg")
        room = place.server.hub.world.directory.rooms["board"].record
        assert (room.waiting_room, room.organiser) == (True, "organiser")
        assert room.starts_at
        assert room.ends_at == room.starts_at + 90 * 60
        _, answer = await place.join(links[0].split("#t=")[1])
        assert answer["type"] == "joined"
        code, text = await ask(place, "room", "list", "--links")
        assert code == 0
        assert [link in text for link in links] == [True, True]
        assert "open" in text
        code, text = await ask(place, "room", "list", "--as", "somebody")
        assert text == "There is no room.\n"


async def test_codes_can_be_shown_in_the_terminal(tmp_path: Path, ask: Ask, sites: str) -> None:
    """For a telephone to scan."""
    async with open_house(tmp_path) as place:
        code, text = await ask(place, "room", "create", "--sites", sites, "--title", "X", "--qr", "-")
        assert code == 0
        assert text.count("▄" * 3) > 2


async def test_the_servers_refusal_is_passed_on_in_its_words(tmp_path: Path, ask: Ask, sites: str) -> None:
    """The id is taken."""
    async with open_house(tmp_path) as place:
        code, text = await ask(place, "room", "create", "--sites", sites, "--title", "X", "--id", "demo")
        assert code == 1
        assert "another room has it, or had it" in text


def test_without_a_server_it_says_so(run: Run, sites: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to look at."""
    monkeypatch.setenv("TELEPRESENCE_SERVER__PORT", "1")
    code, text = run("room", "create", "--sites", sites, "--title", "X")
    assert code == 1
    assert "Is the server running" in text


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("xixia,Xixia\na b,X\n", (), "sites.csv: line 2, column 1 (site)"),
        ("a,A\n\na,B\n", (), "sites.csv: line 3: `sites.1.site`"),
        ("a,A,admin\n", (), "line 1: `sites.0.role` is admin"),
        ("", (), "there is no site in it"),
        ("a,A\n", ("--start", "2020-01-01 08:00"), "`endsAt` is past"),
        ("a,A\n", ("--start", "tomorrow"), "tomorrow"),
        ("a,A\n", ("--title", "x" * 81), "80"),
    ],
)
def test_what_makes_no_room_is_said_before_anything_is_asked(
    tmp_path: Path, run: Run, content: str, options: tuple[str, ...], words: str
) -> None:
    """A wrong use: 2, and the line of the list."""
    path = tmp_path / "sites.csv"
    path.write_text(content)
    title = () if "--title" in options else ("--title", "X")
    code, text = run("room", "create", "--sites", str(path), *title, *options)
    assert code == 2
    assert words in re.sub(r"\s+", " ", text)


def test_a_list_that_is_not_there_is_named(run: Run) -> None:
    """No traceback."""
    code, text = run("room", "create", "--sites", "none.csv", "--title", "X")
    assert (code, "none.csv can't be read" in text) == (2, True)
