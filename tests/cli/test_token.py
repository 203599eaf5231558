"""`telepresence token`: the start page's link, the admin's token, and links that are refused from now on."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from house import open_house
from telepresence.auth import ANY_ROOM, Authority, load_secret
from telepresence.signaling.messages import Role

Ask = Callable[..., Awaitable[tuple[int, str]]]
Run = Callable[..., tuple[int, str]]


def test_an_organisers_link_is_to_the_start_page(tmp_path: Path, run: Run) -> None:
    """His rooms are told from another's by --site; with a room it is a link into that room."""
    authority = Authority(load_secret(tmp_path / "var"), lambda: 0)
    code, text = run("token", "--role", "organiser")
    assert code == 0
    base, _, token = text.strip().partition("#t=")
    assert base == "http://localhost:8080/"
    claims = authority.verify(token)
    assert (claims.room, claims.site, claims.role) == (ANY_ROOM, "organiser", Role.ORGANISER)
    _, text = run("token", "--role", "organiser", "--site", "dr-wang", "--name", "Wang 王")
    assert authority.verify(text.strip().partition("#t=")[2]).site == "dr-wang"
    _, text = run("token", "--role", "organiser", "--site", "dr-wang", "--name", "W", "--room", "demo")
    assert text.startswith("http://localhost:8080/room/demo#t=")


def test_an_admins_token_is_bare(tmp_path: Path, run: Run) -> None:
    """It is for a header, not for a browser."""
    code, text = run("token", "--role", "admin", "--expires", "30d")
    assert code == 0
    token = text.splitlines()[-1]
    assert Authority(load_secret(tmp_path / "var"), lambda: 0).verify_admin(token).role is Role.ADMIN


@pytest.mark.parametrize("arguments", [(), ("--role", "chair"), ("--site", "x", "--name", "X")])
def test_other_roles_need_a_room(run: Run, arguments: tuple[str, ...]) -> None:
    """A wrong use."""
    code, text = run("token", *arguments)
    assert (code, "--room is missing" in text) == (2, True)


async def test_a_link_is_revoked_by_itself_or_by_its_number(tmp_path: Path, ask: Ask) -> None:
    """It opens no door any more; another link of the same site does."""
    async with open_house(tmp_path) as place:
        by_link, by_jti, good = (place.token() for _ in range(3))
        jti = place.server.hub.world.authority.verify(by_jti).jti
        for what in (f"https://meet.example/room/demo#t={by_link}", jti):
            code, text = await ask(place, "token", "revoke", what)
            assert code == 0, text
            assert "Revoked: " in text
        for token, kind in ((by_link, "error"), (by_jti, "error"), (good, "joined")):
            assert (await place.join(token))[1]["type"] == kind
        code, text = await ask(place, "token", "revoke", "a.b.c")
        assert code == 1
        assert "damaged" in text
