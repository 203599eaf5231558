"""`kill -9` of the server right after an acknowledgement, without a sleep: what was acknowledged is there after the restart."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from machine import PATIENCE_S, Machine, Site
from telepresence.signaling.messages import Role


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    """A machine whose server runs, with two rooms of the settings."""
    machine = Machine(tmp_path)
    await machine.start("--config", str(tmp_path / "rooms.toml"))
    yield machine
    await machine.kill()
    await machine.http.close()


async def test_a_consultation_goes_on_where_it_was(machine: Machine) -> None:
    """Chair, waiting, admission, chat, lock, the chair handed on: each is acknowledged, and the server killed at once."""
    chair, guest = Site(machine, "henan", Role.CHAIR), Site(machine, "xixia", Role.GUEST)
    await chair.join()
    await machine.restart()

    assert (await chair.join())["role"] == "chair"
    assert (await guest.join())["type"] == "waiting"
    await machine.restart()

    assert (await guest.join())["type"] == "waiting"
    joined = await chair.join()
    assert [site["participant"] for site in joined["waiting"]] == [guest.participant]
    await chair.does("admit", participants=[guest.participant])
    await machine.restart()

    await chair.join()
    assert (await guest.join())["type"] == "joined"
    await guest.does("say", text="你好, this must not be lost.")
    await machine.restart()

    joined = await chair.join()
    assert [line["text"] for line in joined["chat"]] == ["你好, this must not be lost."]
    await chair.does("lock", locked=True)
    await machine.restart()

    assert (await Site(machine, "late").join())["code"] == "room-locked"
    await chair.join()
    await chair.does("hand-on", participant=guest.participant)
    await machine.restart()

    joined = await guest.join()
    assert (joined["role"], joined["room"]["chair"]) == ("chair", guest.participant)
    assert (await chair.join())["role"] == "member"


async def test_who_was_sent_away_stays_out_and_the_attendance_is_whole(machine: Machine) -> None:
    """Removal, heads, leaving and the end of the meeting."""
    chair, loud, quiet = Site(machine, "henan", Role.CHAIR), Site(machine, "loud"), Site(machine, "quiet")
    for site in (chair, loud, quiet):
        await site.join()
    await chair.does("remove", participant=loud.participant)
    await machine.restart()

    assert (await loud.join())["code"] == "removed"
    loud.resume = None
    assert (await loud.join())["code"] == "removed"
    joined = await chair.join()
    assert [site["site"] for site in joined["removed"]] == ["loud"]
    await chair.does("readmit", site="loud")
    await machine.restart()

    loud.participant = ""
    assert (await loud.join())["type"] == "joined"
    await quiet.join()
    await quiet.does("heads", heads=12)
    await machine.restart()

    assert (await machine.attendance("ward"))["quiet"].heads == 12
    await quiet.join()
    await quiet.does("leave")
    await machine.kill()

    seats = await machine.attendance("ward")
    assert {site: seat.left_at is None for site, seat in seats.items()} == {"henan": True, "loud": True, "quiet": False}
    assert all(seat.joined_at <= time.time() for seat in seats.values())
    await machine.start()  # Without the settings' rooms: it goes on nevertheless.
    assert (await quiet.join())["code"] == "resume-unknown"
    await chair.join()
    await chair.does("end")
    await machine.kill()

    await machine.start()
    assert (await chair.join())["code"] == "room-ended"
    assert (await Site(machine, "late").join())["code"] == "room-ended"
    seats = await machine.attendance("ward")
    assert all(seat.left_at for seat in seats.values())


async def test_questions_and_the_stage_of_a_broadcast(machine: Machine) -> None:
    """A question, what became of it, and who was promoted."""
    presenter = Site(machine, "chen", Role.PRESENTER, "training")
    listener = Site(machine, "xixia", Role.AUDIENCE, "training")
    await presenter.join()
    await listener.join()
    await listener.does("ask", text="Which dose?")
    await machine.restart()

    (question,) = (await presenter.join())["questions"]
    assert (question["text"], question["state"]) == ("Which dose?", "open")
    await presenter.does("set-question", question=question["id"], state="answered", answer="Half of it.")
    await machine.restart()

    (question,) = (await listener.join())["questions"]
    assert (question["state"], question["answer"]) == ("answered", "Half of it.")
    await presenter.join()
    await presenter.does("promote", participant=listener.participant)
    await listener.hear(lambda message: message["type"] == "asked")
    await listener.does("consent", wish="stage", accepted=True)
    await machine.restart()

    assert (await listener.join())["role"] == "member"
    await listener.does("step-down")
    await machine.restart()
    assert (await listener.join())["role"] == "audience"


async def test_a_room_that_was_made_by_an_organiser(machine: Machine) -> None:
    """Its answer has the links; they open the room after the restart."""
    headers = {"Authorization": f"Bearer {machine.token('office', Role.ORGANISER, '*')}"}
    sites = [{"site": "henan", "name": "Henan", "role": "chair"}, {"site": "xixia", "name": "Xixia", "role": "member"}]
    body = {"kind": "consultation", "title": "Board", "waitingRoom": True, "sites": sites}
    async with machine.http.post(f"{machine.url}/api/rooms", json=body, headers=headers) as response:
        assert response.status == 201
        made = await response.json()
    await machine.restart()

    async with machine.http.get(f"{machine.url}/api/rooms", headers=headers) as response:
        listed = {room["id"]: room for room in (await response.json())["rooms"]}
    assert listed[made["id"]]["links"] == made["links"]
    async with machine.http.ws_connect(f"{machine.url}/ws") as ws:
        token = made["links"][0]["url"].partition("#t=")[2]
        await ws.send_json({"type": "join", "request": 1, "versions": [1], "token": token, "slots": 0})
        joined = await ws.receive_json(timeout=PATIENCE_S)
    assert (joined["role"], joined["room"]["title"], joined["room"]["waitingRoom"]) == ("chair", "Board", True)
