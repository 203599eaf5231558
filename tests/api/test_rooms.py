"""`/api/rooms` as the start page and `telepresence room` use it, over real sockets."""

from pathlib import Path
from typing import Any

import pytest

from house import House, open_house, until
from telepresence.rooms.attempts import FAILED_BURST
from telepresence.signaling.messages import Role
from telepresence.store.engines import StoreError

SITES = [
    {"site": "xixia", "name": "西峡县人民医院", "role": "chair"},
    {"site": "nanyang", "name": "Nanyang City Hospital"},
]


def asked(**fields: Any) -> dict[str, Any]:
    """A consultation of two sites."""
    return {"kind": "consultation", "title": "Tumour board 肿瘤会诊", "sites": SITES, **fields}


async def make(place: House, **fields: Any) -> dict[str, Any]:
    """Makes a room; returns the answer."""
    status, answer, _ = await place.ask("POST", "/api/rooms", place.organiser(), asked(**fields))
    assert status == 201, answer
    return answer


async def test_an_organiser_makes_a_room_and_each_site_gets_a_link_that_opens_it(tmp_path: Path) -> None:
    """One link and one code a site; the room is in his list, with who is in it."""
    async with open_house(tmp_path) as place:
        made = await make(place)
        assert [(link["site"], link["role"]) for link in made["links"]] == [("xixia", "chair"), ("nanyang", "member")]
        assert made["links"][0]["url"].startswith(f"{place.server.url}/room/{made['id']}#t=")
        assert made["links"][0]["expiresAt"] == int(made["endsAt"]) + 12 * 3600
        assert made["links"][0]["qr"].startswith("<svg")
        _, answer = await place.join(made["links"][0]["url"].split("#t=")[1])
        assert (answer["room"]["title"], answer["role"]) == ("Tumour board 肿瘤会诊", "chair")
        status, listed, response = await place.ask("GET", "/api/rooms", place.organiser())
        assert status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert listed == {"rooms": [made | {"members": 1}]}


async def test_rooms_and_links_outlive_the_server(tmp_path: Path) -> None:
    """The answer came after the commit; the same links are made anew."""
    async with open_house(tmp_path) as place:
        made = await make(place)
    async with open_house(tmp_path) as place:
        _, listed, _ = await place.ask("GET", "/api/rooms", place.organiser())
        (room,) = listed["rooms"]
        tokens = [[link["url"].split("#t=")[1] for link in side["links"]] for side in (made, room)]
        assert sorted(tokens[0]) == sorted(tokens[1])


async def test_nobody_sees_another_organisers_rooms(tmp_path: Path) -> None:
    """Nor does a member's link show or make any, nor an admin's token."""
    async with open_house(tmp_path) as place:
        made = await make(place)
        assert (await place.ask("GET", "/api/rooms", place.organiser("other")))[1] == {"rooms": []}
        for token, status in ((place.token(), 403), (place.token(role=Role.ORGANISER), 403), (place.admin(), 401)):
            for method in ("GET", "POST"):
                assert (await place.ask(method, "/api/rooms", token, asked()))[0] == status
        path = f"/api/rooms/{made['id']}/attendance.csv"
        for token in (place.organiser("other"), place.token(role=Role.CHAIR), place.token(room=made["id"])):
            assert (await place.ask("GET", path, token))[0] == 404


async def test_who_was_there_is_a_file_for_the_organiser_and_the_chair(tmp_path: Path) -> None:
    """Also when the room has ended; it then says so in the list."""
    async with open_house(tmp_path) as place:
        made = await make(place)
        chair = made["links"][0]["url"].split("#t=")[1]
        ws, _ = await place.join(chair, heads=4)
        path = f"/api/rooms/{made['id']}/attendance.csv"
        status, text, response = await place.ask("GET", path, chair)
        assert status == 200
        assert response.headers["Content-Disposition"] == f'attachment; filename="attendance-{made["id"]}.csv"'
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert "xixia,西峡县人民医院,1,4," in text
        await ws.send_json({"type": "end", "request": 2})
        assert (await until(ws, "closing"))["reason"] == "ended"
        _, again, _ = await place.ask("GET", path, place.organiser())
        assert again.splitlines()[1].split(",")[5]
        _, listed, _ = await place.ask("GET", "/api/rooms", place.organiser())
        assert [room["state"] for room in listed["rooms"]] == ["ended"]


async def test_a_room_of_tomorrow_is_planned(tmp_path: Path) -> None:
    """Until somebody is in it."""
    async with open_house(tmp_path) as place:
        _, answer, _ = await place.ask("GET", "/healthz")
        assert answer == {"status": "ok"}
        made = await make(place, startsAt=place.server.hub.world.directory.epoch + 1e6)
        assert made["state"] == "planned"


FAULTS = [
    (b"{", None, "no JSON"),
    (b'{"title": "\xff"', None, "no JSON"),
    (asked(title=3), "title", "str"),
    (asked(title=""), "title", "1"),
    (asked(title="a\nb"), "title", "regex"),
    (asked(kind="party"), "kind", "party"),
    (asked(titel="x"), "titel", "unknown field"),
    ({"kind": "consultation", "title": "X"}, "sites", "missing required field"),
    (asked(sites=[]), "sites", "1"),
    (asked(sites=[*SITES, {"site": "z", "name": "Z", "role": "king"}]), "sites.2.role", "king"),
    (asked(sites=[*SITES, {"site": "z"}]), "sites.2.name", "missing required field"),
    (asked(sites=[*SITES, SITES[0]]), "sites.2.site", "already"),
    (asked(endsAt=1), "endsAt", "start"),
    (asked(id="a b"), "id", "letters"),
]
"""Bodies, the field that is at fault, and a word of what is said."""


async def test_a_room_that_can_not_be_made_is_said_with_the_place(tmp_path: Path) -> None:
    """400, for the form to show at its field."""
    async with open_house(tmp_path) as place:
        for body, field, words in FAULTS:
            status, answer, _ = await place.ask("POST", "/api/rooms", place.organiser(), body)
            assert (status, answer["code"], answer.get("field")) == (400, "malformed", field)
            assert words in answer["message"]
        assert len(place.server.hub.world.directory.rooms) == 2


async def test_limits_are_said_in_words(tmp_path: Path) -> None:
    """An id that is taken, one room too many, a body too large."""
    async with open_house(tmp_path, rooms=3) as place:
        await make(place, id="ward")
        status, answer, _ = await place.ask("POST", "/api/rooms", place.organiser(), asked(id="demo"))
        assert (status, answer["code"], answer["field"]) == (409, "room-taken", "id")
        status, answer, _ = await place.ask("POST", "/api/rooms", place.organiser(), asked())
        assert (status, answer["code"]) == (503, "server-full")
        status, answer, _ = await place.ask("POST", "/api/rooms", place.organiser(), asked(title="x" * 2_000_000))
        assert (status, answer["code"]) == (413, "too-large")


async def test_an_id_is_never_used_again(tmp_path: Path) -> None:
    """A link of the earlier meeting would open the new one: not of one that has ended, nor of one that is forgotten."""
    async with open_house(tmp_path) as place:
        await make(place, id="ward")
        directory = place.server.hub.world.directory
        await place.ask("POST", "/api/admin/rooms/ward/end", place.admin())
        for is_forgotten in (False, True):
            if is_forgotten:
                del directory.rooms["ward"]
            status, answer, _ = await place.ask("POST", "/api/rooms", place.organiser(), asked(id="ward"))
            assert (status, answer["code"], answer["field"]) == (409, "room-taken", "id")


async def test_an_id_that_nobody_can_look_up_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database does not answer."""
    async with open_house(tmp_path) as place:

        async def fail(*_: Any) -> None:
            raise StoreError("The disc is gone.")

        monkeypatch.setattr(place.server.store, "knows_room", fail)
        status, answer, _ = await place.ask("POST", "/api/rooms", place.organiser(), asked(id="ward"))
        assert (status, answer["code"]) == (503, "storage")
        await make(place)


async def test_a_database_that_does_not_keep_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The room is there for now; nobody is told that it is safe."""
    async with open_house(tmp_path) as place:

        async def fail(*_: Any) -> None:
            raise StoreError("The disc is full.")

        monkeypatch.setattr(place.server.store, "write", fail)
        status, answer, _ = await place.ask("POST", "/api/rooms", place.organiser(), asked())
        assert (status, answer["code"]) == (503, "not-kept")
        monkeypatch.undo()


async def test_without_a_token_there_is_nothing(tmp_path: Path) -> None:
    """401, in words; a token in the address counts for nothing."""
    headers = [({}, "Authorization"), ({"Authorization": "Basic eDp5"}, "Authorization")]
    headers += [({"Authorization": "Bearer "}, "Authorization"), ({"Authorization": "Bearer x"}, "damaged")]
    async with open_house(tmp_path) as place:
        for shown, words in headers:
            path = f"/api/rooms?t={place.organiser()}"
            status, answer, response = await place.ask("GET", path, headers=shown)
            assert (status, answer["code"]) == (401, "token-invalid")
            assert words in answer["message"]
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_who_guesses_is_told_to_wait_and_whoever_has_a_link_is_not(tmp_path: Path) -> None:
    """Both come from one address, as from one hospital."""
    async with open_house(tmp_path) as place:
        for number in range(FAILED_BURST):
            assert (await place.ask("GET", "/api/rooms", f"guess-{number}"))[0] == 401
        status, answer, response = await place.ask("GET", "/api/rooms", "one-more")
        assert (status, answer["code"]) == (429, "too-many")
        assert int(response.headers["Retry-After"]) >= 1
        assert (await place.ask("GET", "/api/rooms", place.organiser()))[0] == 200


async def test_the_organisers_link_leads_into_no_room(tmp_path: Path) -> None:
    """It is for the start page, and says so."""
    async with open_house(tmp_path) as place:
        _, answer = await place.join(place.organiser())
        assert (answer["type"], answer["code"]) == ("error", "room-unknown")
        assert "start page" in answer["message"]
