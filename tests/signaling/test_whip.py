"""WHIP as a client meets it: real HTTP, the fake engine behind, and the status of each answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from fake_store import FakeStore
from stage import START, Stage, sdp
from telepresence.rooms import desk, ending
from telepresence.rooms.load import Load
from telepresence.rooms.records import InvitationRecord, SeatRecord
from telepresence.rooms.room import Room
from telepresence.server import build_app
from telepresence.signaling import whip
from telepresence.signaling.messages import Codec, Profile, Role, RoomKind
from telepresence.signaling.websocket import Hub

OFFER = sdp("ffmpeg-whip-offer")
SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
RESTART = "a=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n"
ENDPOINT = "/whip/demo"


@dataclass
class Ingest:
    """A server, and a client that may publish to it. `token` is what the client shows unless said."""

    stage: Stage
    hub: Hub
    store: FakeStore
    http: TestClient
    token: str

    @property
    def room(self) -> Room:
        """The room of the endpoint."""
        return self.stage.room()

    def link(self, role: Role = Role.ENCODER, room: str = "demo", site: str = "probe", valid_s: int = 3600) -> str:
        """A site's token, the same each time."""
        invitation = InvitationRecord(
            f"jti-{site}-{role}-{room}", room, site, site.title(), role, int(START) + valid_s, "Probe", Profile.SURGERY
        )
        return self.stage.authority.token_of(invitation)

    async def ask(
        self, method: str, path: str = ENDPOINT, body: str | bytes = "", token: str | None = None, **headers: str
    ) -> ClientResponse:
        """Asks; the body's type and the token are right unless said. Names of headers have `_` for `-`."""
        kind = FRAGMENT if method == "PATCH" else SDP
        sent = {"Content-Type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
        shown = self.token if token is None else token
        if shown:
            sent["Authorization"] = f"Bearer {shown}"
        return await self.http.request(method, path, data=body or None, headers=sent, allow_redirects=False)

    async def post(self, body: str | bytes = OFFER, **options: str) -> ClientResponse:
        """Begins a session."""
        return await self.ask("POST", body=body, **options)

    async def begin(self) -> tuple[str, str]:
        """Begins a session; returns its address and its entity-tag."""
        response = await self.post()
        assert response.status == 201, await response.text()
        return response.headers["Location"], response.headers["ETag"]


@pytest.fixture
async def ingest() -> AsyncIterator[Ingest]:
    """A server that listens, with the stage's rooms."""
    stage, store = Stage(members_max=5, devices_max=3), FakeStore()
    hub = Hub(stage.world, stage.engine, store, sockets_per_address=50, trusted_proxies=())
    hub.start()
    async with TestClient(TestServer(build_app(hub, has_tls=False))) as http:
        yield Ingest(stage, hub, store, http, Ingest.link(Ingest(stage, hub, store, http, "")))
    await hub.stop()
    await hub.settle()


async def refused(response: ClientResponse, status: int, code: str) -> str:
    """Asserts how a request was refused; returns the words."""
    assert response.status == status, await response.text()
    body = await response.json()
    assert body["code"] == code
    assert body["message"].endswith(".")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    return body["message"]


# --- POST ---------------------------------------------------------------------------------------


async def test_an_offer_is_answered_and_the_session_has_an_address(ingest: Ingest) -> None:
    """201, after its seat was kept."""
    response = await ingest.post()
    assert response.status == 201
    assert response.content_type == SDP
    assert response.headers["Accept-Patch"] == FRAGMENT
    prefix, _, secret = response.headers["Location"].rpartition("/")
    assert prefix == ENDPOINT
    assert len(secret) == 22, "128 bits"
    assert response.headers["ETag"].startswith('"')
    answer = await response.text()
    assert "a=ice-lite" in answer
    assert answer.count("a=recvonly") == 2
    (participant,) = ingest.room.participants.values()
    kept = [record for write in ingest.store.writes for record in write if isinstance(record, SeatRecord)]
    assert kept[-1].participant == participant.id
    assert secret not in str(kept)


async def test_a_session_ends_by_delete(ingest: Ingest) -> None:
    """200; again, it is unknown."""
    address, _ = await ingest.begin()
    response = await ingest.ask("DELETE", address, If_Match='"whatever"')
    assert response.status == 200
    assert not ingest.room.participants
    assert not ingest.stage.engine.connections
    await refused(await ingest.ask("DELETE", address), 404, "session-unknown")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("", "first line must be `v=0`"),
        ("v=0\r\nnonsense\r\n", "Line 2"),
        (OFFER.replace("a=ice-ufrag:", "a=ice-other:"), "a=ice-ufrag"),
        (b"v=0\r\n\xff\xfe\r\n", "UTF-8"),
        (OFFER + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 64, "at most 64 m-lines"),
    ],
)
async def test_a_malformed_offer_is_refused_with_its_line(ingest: Ingest, body: str | bytes, line: str) -> None:
    """400, and nobody has come."""
    assert line in await refused(await ingest.post(body), 400, "sdp-invalid")
    assert not ingest.room.participants


@pytest.mark.parametrize("header", ["", "Basic eHg6eXk=", "Bearer", "Bearer garbage"])
async def test_without_a_good_token_nothing_is_told(ingest: Ingest, header: str) -> None:
    """401, and how to show one; the same for a room that there is and one that there is not."""
    for method, path in (
        ("POST", ENDPOINT),
        ("POST", "/whip/none"),
        ("PATCH", "/whip/demo/x"),
        ("DELETE", "/whip/x/y"),
    ):
        response = await ingest.ask(method, path, OFFER, token="", Authorization=header)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        await refused(response, 401, "token-invalid")


async def test_a_token_that_is_over_or_revoked_begins_nothing(ingest: Ingest) -> None:
    """401, each in its words."""
    await refused(await ingest.post(token=ingest.link(valid_s=-1)), 401, "token-expired")
    ingest.stage.authority.revoke(ingest.stage.authority.verify(ingest.token).jti, int(START) + 9999)
    await refused(await ingest.post(), 401, "token-revoked")


async def test_an_admins_token_opens_no_room(ingest: Ingest) -> None:
    """It is for another listener."""
    token = ingest.stage.authority.issue(room="*", site="admin", name="Admin", role=Role.ADMIN, valid_s=60)
    await refused(await ingest.post(token=token), 401, "token-invalid")


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ENCODER, Role.ADMIN)])
async def test_whip_is_for_encoders_alone(ingest: Ingest, role: Role) -> None:
    """403 to all other roles."""
    words = await refused(await ingest.post(token=ingest.link(role)), 403, "forbidden")
    assert f"{role}" in words


async def test_doors_that_are_closed(ingest: Ingest) -> None:
    """403 for another room, a locked one, a removed site; 410 when it has ended."""
    await refused(await ingest.post(token=ingest.link(room="training")), 403, "forbidden")
    ingest.hub.perform(desk.lock(ingest.room, locked=True))
    await refused(await ingest.post(), 403, "room-locked")
    ingest.hub.perform(desk.lock(ingest.room, locked=False))
    await ingest.begin()
    (participant,) = ingest.room.participants.values()
    ingest.hub.perform(desk.remove(ingest.room, participant, 0))
    await refused(await ingest.post(), 403, "removed")
    other = ingest.link(site="other")
    ingest.hub.perform(ending.end(ingest.room, 0))
    await refused(await ingest.post(token=other), 410, "room-ended")


async def test_a_room_that_is_none(ingest: Ingest) -> None:
    """404, to a token that names it."""
    token = ingest.link(room="gone")
    await refused(await ingest.ask("POST", "/whip/gone", OFFER, token=token), 404, "room-unknown")


@pytest.mark.parametrize(
    "body",
    [
        sdp("chromium-offer-again"),
        OFFER.replace("a=sendonly", "a=recvonly"),
        OFFER.replace("m=video 9 ", "m=video 0 "),
        OFFER.replace("a=mid:1", "a=mid:1\r\na=mid:1").replace("m=video", "m=audio"),
    ],
    ids=["two pictures and data", "nothing is sent", "closed", "two sounds"],
)
async def test_nothing_is_taken_in_part(ingest: Ingest, body: str) -> None:
    """406, and the line."""
    assert "Line " in await refused(await ingest.post(body), 406, "not-acceptable")


async def test_the_rooms_codecs_hold(ingest: Ingest) -> None:
    """406 when an m-line has none of them; the words name them."""
    ingest.stage.create("vp8", RoomKind.CONSULTATION, "No H264", codecs=(Codec.OPUS, Codec.VP8))
    response = await ingest.ask("POST", "/whip/vp8", OFFER, token=ingest.link(room="vp8"))
    assert "no VP8" in await refused(response, 406, "no-common-codec")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", FRAGMENT])
async def test_an_offer_of_another_type(ingest: Ingest, kind: str) -> None:
    """415, and what is right."""
    response = await ingest.post(Content_Type=kind)
    assert response.headers["Accept-Post"] == SDP
    assert SDP in await refused(response, 415, "unsupported-media-type")


async def test_a_type_may_have_parameters(ingest: Ingest) -> None:
    """And capitals."""
    assert (await ingest.post(Content_Type="Application/SDP; charset=utf-8")).status == 201


async def test_a_body_that_is_too_large(ingest: Ingest) -> None:
    """413 beyond 64 KiB, also for a fragment."""
    large = OFFER + "a=x:" + "y" * 65_536
    await refused(await ingest.post(large), 413, "too-large")
    address, _ = await ingest.begin()
    await refused(await ingest.ask("PATCH", address, large, If_Match="*"), 413, "too-large")


async def test_a_body_that_does_not_come(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    """408: nobody holds a request open."""
    monkeypatch.setattr(whip, "BODY_S", 0.05)
    reader, writer = await asyncio.open_connection(ingest.http.host, ingest.http.port)
    head = f"POST {ENDPOINT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ingest.token}\r\nContent-Type: {SDP}\r\nContent-Length: 9\r\n\r\n"
    writer.write(head.encode())
    assert b" 408 " in await reader.readline()
    writer.close()


async def test_a_full_room_and_a_full_server(ingest: Ingest) -> None:
    """503, with when to try again: members, devices of a site, tracks, egress."""
    for _ in range(3):
        await ingest.begin()
    response = await ingest.post()
    assert int(response.headers["Retry-After"]) > 0
    assert "devices" in await refused(response, 503, "room-full")
    for _ in range(2):
        assert (await ingest.post(token=ingest.link(site="other"))).status == 201
    assert "size" in await refused(await ingest.post(token=ingest.link(site="third")), 503, "room-full")
    training = ingest.link(room="training")
    ingest.stage.world.load = Load(1)
    ingest.stage.world.load.measured(0, 0)
    ingest.stage.world.load.measured(1_000_000, 1)
    response = await ingest.ask("POST", "/whip/training", OFFER, token=training)
    assert int(response.headers["Retry-After"]) > 0
    await refused(response, 503, "server-full")


async def test_a_server_whose_tracks_are_all_taken(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    """503: no fault of the client's."""
    monkeypatch.setattr(ingest.stage.directory, "_tracks_max", 1)
    assert "tracks" in await refused(await ingest.post(), 503, "server-full")


async def test_a_server_that_stops_takes_nobody(ingest: Ingest) -> None:
    """503."""
    ingest.hub.is_draining = True
    response = await ingest.post()
    assert "Retry-After" in response.headers
    await refused(response, 503, "draining")


async def test_a_database_that_fails_turns_nobody_away(ingest: Ingest) -> None:
    """The meeting goes on; the row is written later."""
    ingest.store.is_broken = True
    address, _ = await ingest.begin()
    assert (await ingest.ask("DELETE", address)).status == 200
    ingest.store.is_broken = False  # A server that stops would wait for it.


async def test_bad_tokens_by_the_dozen(ingest: Ingest) -> None:
    """429, and how long to wait; a good one is not held up by them."""
    for _ in range(20):
        await ingest.post(token="garbage")
    response = await ingest.post(token="garbage")
    assert int(response.headers["Retry-After"]) > 0
    await refused(response, 429, "too-many")
    assert (await ingest.post()).status == 201


# --- PATCH and DELETE -----------------------------------------------------------------------------


async def test_ice_restarts_by_patch(ingest: Ingest) -> None:
    """200, with a new entity-tag and our new credentials."""
    address, etag = await ingest.begin()
    response = await ingest.ask("PATCH", address, RESTART, If_Match="*")
    assert response.status == 200
    assert response.content_type == FRAGMENT
    assert response.headers["ETag"] not in ("", etag)
    assert (await response.text()).startswith("a=ice-lite\r\na=ice-ufrag:")
    assert not ingest.stage.engine.refusals


async def test_candidates_are_taken_note_of(ingest: Ingest) -> None:
    """204, without body and entity-tag."""
    address, etag = await ingest.begin()
    response = await ingest.ask("PATCH", address, "m=audio 9 RTP/AVP 0\r\na=end-of-candidates\r\n", If_Match=etag)
    assert response.status == 204
    assert "ETag" not in response.headers
    assert await response.text() == ""


@pytest.mark.parametrize(
    ("header", "body", "status", "code"),
    [
        ("*", "nonsense", 400, "sdp-invalid"),
        ("*", "a=end-of-candidates", 400, "sdp-invalid"),
        ("*", b"\xff", 400, "sdp-invalid"),
        ('"old"', RESTART, 412, "precondition-failed"),
        ("{etag}", RESTART, 422, "ice-mismatch"),
        (None, RESTART, 428, "precondition-required"),
    ],
)
async def test_a_patch_that_cannot_be_done_leaves_the_session(
    ingest: Ingest, header: str | None, body: str | bytes, status: int, code: str
) -> None:
    """The client may try another."""
    address, etag = await ingest.begin()
    headers = {"If_Match": header.format(etag=etag)} if header else {}
    await refused(await ingest.ask("PATCH", address, body, **headers), status, code)
    assert len(ingest.room.participants) == 1


async def test_a_fragment_of_another_type(ingest: Ingest) -> None:
    """415, and what is right."""
    address, _ = await ingest.begin()
    response = await ingest.ask("PATCH", address, RESTART, Content_Type=SDP, If_Match="*")
    assert response.headers["Accept-Patch"] == FRAGMENT
    await refused(response, 415, "unsupported-media-type")


async def test_restarts_by_the_dozen(ingest: Ingest) -> None:
    """429 when the participant's bucket is empty."""
    address, _ = await ingest.begin()
    statuses = [(await ingest.ask("PATCH", address, RESTART, If_Match="*")).status for _ in range(9)]
    assert statuses[0] == 200
    assert statuses[-1] == 429


async def test_a_session_is_its_tokens(ingest: Ingest) -> None:
    """403 to any other, even of the same site; 404 where there is none, be it only in another room."""
    address, _ = await ingest.begin()
    other = ingest.stage.authority.issue(room="demo", site="probe", name="Probe", role=Role.ENCODER, valid_s=60)
    secret = address.rpartition("/")[2]
    for method in ("PATCH", "DELETE"):
        await refused(await ingest.ask(method, address, RESTART, token=other, If_Match="*"), 403, "forbidden")
        for path in (f"/whip/training/{secret}", f"/whip/none/{secret}", "/whip/demo/guessed"):
            await refused(await ingest.ask(method, path, RESTART, If_Match="*"), 404, "session-unknown")
    assert len(ingest.room.participants) == 1


async def test_a_token_that_ends_meanwhile_still_restarts_and_ends_what_it_began(ingest: Ingest) -> None:
    """Its time never cuts a running call. One that was revoked does nothing more."""
    address, _ = await ingest.begin()
    ingest.stage.now += 7200
    await refused(await ingest.post(), 401, "token-expired")
    assert (await ingest.ask("PATCH", address, RESTART, If_Match="*")).status == 200
    ingest.stage.authority.revoke(ingest.stage.authority.verify_begun(ingest.token).jti, int(START) + 9999)
    await refused(await ingest.ask("PATCH", address, RESTART, If_Match="*"), 401, "token-revoked")


# --- other methods, other origins -----------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_the_endpoint_has_no_other_method(ingest: Ingest, method: str) -> None:
    """405; no page stands there either."""
    response = await ingest.ask(method)
    assert response.status == 405
    assert response.headers["Allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "OPTIONS"])
async def test_a_session_has_no_other_method(ingest: Ingest, method: str) -> None:
    """405."""
    address, _ = await ingest.begin()
    response = await ingest.ask(method, address)
    assert response.status == 405
    assert response.headers["Allow"] == "DELETE, PATCH"


async def test_a_page_of_another_origin_may_ask(ingest: Ingest) -> None:
    """Preflights need no token; what a client must read is exposed."""
    for path, method in ((ENDPOINT, "POST"), (f"{ENDPOINT}/x", "PATCH"), (f"{ENDPOINT}/x", "DELETE")):
        headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": method}
        response = await ingest.http.options(path, headers=headers)
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert method in response.headers["Access-Control-Allow-Methods"]
        assert "If-Match" in response.headers["Access-Control-Allow-Headers"]
    response = await ingest.post(Origin="https://elsewhere.example")
    assert response.status == 201
    assert "Location" in response.headers["Access-Control-Expose-Headers"]
    assert (await ingest.http.options(ENDPOINT)).headers["Accept-Post"] == SDP
