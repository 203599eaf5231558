"""The operator's listener: what is counted, and what is done from there."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from house import House, open_house, until
from telepresence.signaling.messages import Role

TITLE, NAME = "肿瘤会诊 of Mrs Li", "西峡县人民医院"


async def make(place: House) -> dict[str, str]:
    """Makes a room of two sites; returns their tokens and its id."""
    sites = [{"site": "xixia", "name": NAME, "role": "chair"}, {"site": "nanyang", "name": "Nanyang"}]
    body = {"kind": "consultation", "title": TITLE, "sites": sites}
    _, made, _ = await place.ask("POST", "/api/rooms", place.organiser(), body)
    return {"id": made["id"]} | {link["site"]: link["url"].split("#t=")[1] for link in made["links"]}


async def scrape(place: House) -> dict[str, float]:
    """Returns all samples; labels in their order, as Prometheus writes them."""
    status, text, response = await place.ask("GET", "/metrics", place.admin())
    assert status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value for sample in samples}


async def test_metrics_count_rooms_people_sockets_messages_and_packets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's own counters and drops by reason among them."""
    snapshot = {
        "cpu_us": 2_500_000,
        "counters": {"bytes_out": 1000, "media_out": 7},
        "drops": {"srtp-replayed": 3, "queue-full": 0},
        "connections": [{"conn": 1, "direction": "up", "connected": True}],
        "tracks": [],
        "slots": [],
    }
    async with open_house(tmp_path) as place:
        monkeypatch.setattr(place.engine, "snapshot", lambda: json.dumps(snapshot).encode())
        room = await make(place)
        await place.join(room["xixia"])
        await place.join(place.token("zhumadian", Role.GUEST))
        found = await scrape(place)
    assert found["telepresence_rooms consultation open"] == 2
    assert found["telepresence_participants chair"] == 1
    assert found["telepresence_waiting"] == 1
    assert found["telepresence_sockets"] == 2
    assert found["telepresence_messages_total in"] == 2
    assert found["telepresence_messages_total out"] >= 2
    assert found["telepresence_bytes_out_total"] == 1000
    assert found["telepresence_media_out_total"] == 7
    assert found["telepresence_drops_total srtp-replayed"] == 3
    assert found["telepresence_connections up connected"] == 1
    assert found["telepresence_engine_cpu_seconds_total"] == 2.5
    assert found["telepresence_event_loop_lag_seconds"] >= 0
    assert (found["telepresence_storage_up"], found["telepresence_engine_up"], found["telepresence_full"]) == (1, 1, 0)


async def test_no_label_holds_a_token_a_title_or_a_name(tmp_path: Path) -> None:
    """Titles name illnesses."""
    async with open_house(tmp_path) as place:
        room = await make(place)
        await place.join(room["xixia"])
        _, text, _ = await place.ask("GET", "/metrics", place.admin())
    for secret in (TITLE, NAME, "xixia", "nanyang", room["id"], room["xixia"], room["xixia"].split(".")[2]):
        assert secret not in text


async def test_an_engine_that_does_not_answer_is_a_figure_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scrape goes on without its counters."""

    def fail() -> bytes:
        raise RuntimeError("the engine gave no snapshot")

    async with open_house(tmp_path) as place:
        monkeypatch.setattr(place.engine, "snapshot", fail)
        found = await scrape(place)
        monkeypatch.undo()
    assert found["telepresence_engine_up"] == 0
    assert not any(name.startswith("telepresence_drops") for name in found)


async def test_the_operator_sees_rooms_and_who_is_in_them(tmp_path: Path) -> None:
    """Those that wait are marked."""
    async with open_house(tmp_path) as place:
        await place.join(place.token("henan", Role.CHAIR))
        await place.join(place.token("zhumadian", Role.GUEST))
        _, listed, _ = await place.ask("GET", "/api/admin/rooms", place.admin())
        assert {room["id"]: (room["members"], room["waiting"]) for room in listed["rooms"]} == {
            "demo": (1, 1),
            "training": (0, 0),
        }
        _, room, _ = await place.ask("GET", "/api/admin/rooms/demo", place.admin())
        seen = [(seat["site"], seat["role"], seat["waiting"]) for seat in room["participants"]]
        assert seen == [("henan", "chair", False), ("zhumadian", "guest", True)]


async def test_a_removed_site_is_sent_away_and_stays_out(tmp_path: Path) -> None:
    """As if the chair had done it."""
    async with open_house(tmp_path) as place:
        ws, joined = await place.join(place.token())
        path = f"/api/admin/rooms/demo/participants/{joined['participant']}/remove"
        assert (await place.ask("POST", path, place.admin()))[0] == 200
        assert (await until(ws, "closing"))["reason"] == "removed"
        assert (await place.join(place.token()))[1]["code"] == "removed"
        status, answer, _ = await place.ask("POST", path, place.admin())
        assert (status, answer["code"]) == (404, "participant-unknown")


async def test_an_ended_room_sends_all_away_and_its_attendance_stays(tmp_path: Path) -> None:
    """Ending it again changes nothing."""
    async with open_house(tmp_path) as place:
        ws, _ = await place.join(place.token())
        for _ in range(2):
            status, room, _ = await place.ask("POST", "/api/admin/rooms/demo/end", place.admin())
            assert (status, room["state"]) == (200, "ended")
        assert (await until(ws, "closing"))["reason"] == "ended"
        _, text, _ = await place.ask("GET", "/api/admin/rooms/demo/attendance.csv", place.admin())
        assert re.search(r"\nxixia,xixia,1,0,\S+Z,\S+Z,0", text)
        assert (await place.ask("GET", "/api/admin/rooms/none", place.admin()))[0] == 404


@pytest.mark.parametrize("way", ["token", "jti"])
async def test_a_revoked_link_opens_no_door_not_even_after_a_restart(tmp_path: Path, way: str) -> None:
    """Who is in by it stays, and can't resume; the other links are good."""
    async with open_house(tmp_path) as place:
        room = await make(place)
        ws, joined = await place.join(room["nanyang"])
        claims = place.server.hub.world.authority.verify(room["nanyang"])
        body = {"token": room["nanyang"]} if way == "token" else {"jti": claims.jti}
        status, answer, _ = await place.ask("POST", "/api/admin/revocations", place.admin(), body)
        assert (status, answer) == (200, {"jti": claims.jti, "expiresAt": claims.exp})
        await ws.send_json({"type": "heads", "request": 2, "heads": 3})
        assert (await until(ws, "done"))["re"] == 2
        assert (await place.join(room["nanyang"], resume=joined["resume"]))[1]["code"] == "token-revoked"
        assert (await place.join(room["xixia"]))[1]["type"] == "joined"
    async with open_house(tmp_path) as place:
        assert (await place.join(room["nanyang"]))[1]["code"] == "token-revoked"


async def test_a_revocation_says_which_link(tmp_path: Path) -> None:
    """By the token or by its number."""
    async with open_house(tmp_path) as place:
        for body in ({}, {"jti": "a", "token": "b"}, {"jti": "a b"}, {"token": "x"}, {"jwt": "x"}):
            assert (await place.ask("POST", "/api/admin/revocations", place.admin(), body))[0] == 400


async def test_no_link_opens_the_admin_listener_and_it_is_not_on_the_public_one(tmp_path: Path) -> None:
    """Not the organiser's either; without a token there is nothing at all."""
    async with open_house(tmp_path) as place:
        paths = ("/metrics", "/api/admin/rooms", "/api/admin/rooms/demo", "/api/admin/rooms/demo/attendance.csv")
        for path in paths:
            for token in ("", place.organiser(), place.token(role=Role.CHAIR)):
                assert (await place.ask("GET", path, token))[0] == 401
            async with place.http.get(
                f"{place.server.url}{path}", headers={"Authorization": f"Bearer {place.admin()}"}
            ) as response:
                assert response.status == 404
        for path in ("/api/admin/revocations", "/api/admin/rooms/demo/end"):
            assert (await place.ask("POST", path, place.organiser(), {"jti": "x"}))[0] == 401
