"""Who is on stage in an end-to-end test, and what a failed one leaves behind."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Playwright, async_playwright

from e2e.proxy import Proxy
from e2e.server import Demo, Server
from e2e.site import Capture
from e2e.stage import Sign, Stage, write_capture
from e2e.wire import ADDRESS, Wire

ARTEFACTS = Path(__file__).parent.parent.parent / "test-artefacts"
REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keeps how the test's own part ended, for the fixtures that clean up after it."""
    report = yield
    if report.when == "call":
        item.stash[REPORT] = report
    return report


def failed(request: pytest.FixtureRequest) -> bool:
    """Did the test's own part fail?"""
    report = request.node.stash.get(REPORT, None)
    return report is None or report.failed


def artefacts_of(request: pytest.FixtureRequest) -> Path:
    """The folder for what a failed test leaves."""
    return ARTEFACTS / re.sub(r"[^\w.-]+", "_", request.node.name)


@pytest.fixture(scope="session")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sign], Capture]:
    """Makes the files of a site's camera and microphone, each once."""
    folder = tmp_path_factory.mktemp("captures")
    made: dict[Sign, Capture] = {}

    def capture(sign: Sign) -> Capture:
        if sign not in made:
            made[sign] = write_capture(folder, sign)
        return made[sign]

    return capture


@pytest.fixture
async def playwright() -> AsyncIterator[Playwright]:
    """Playwright's driver."""
    async with async_playwright() as driver:
        yield driver


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server in a process of its own, with one empty room."""
    with Server(tmp_path / "server") as server:
        yield server
        if failed(request):
            artefacts_of(request).mkdir(parents=True, exist_ok=True)
            (artefacts_of(request) / "server.log").write_text(server.log())


StageOn = Callable[[Server | Demo], AbstractAsyncContextManager[Stage]]


@pytest.fixture
def stage_on(playwright: Playwright, captures: Callable[[Sign], Capture], request: pytest.FixtureRequest) -> StageOn:
    """Makes a room on a server of the test's own; all go at the end, and a failure leaves what was seen."""

    @asynccontextmanager
    async def on(server: Server | Demo) -> AsyncIterator[Stage]:
        stage = Stage(server, playwright, captures)
        try:
            yield stage
        except BaseException:
            await stage.save(artefacts_of(request))
            raise
        finally:
            await stage.close()

    return on


@pytest.fixture
async def stage(
    server: Server, playwright: Playwright, captures: Callable[[Sign], Capture], request: pytest.FixtureRequest
) -> AsyncIterator[Stage]:
    """A room that the test fills."""
    stage = Stage(server, playwright, captures)
    yield stage
    if failed(request):
        await stage.save(artefacts_of(request))
    await stage.close()


@pytest.fixture
async def proxied(
    tmp_path: Path, playwright: Playwright, captures: Callable[[Sign], Capture], request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Stage, Proxy]]:
    """A room whose server is reached through a wire that can be cut; bots go straight to it."""
    proxy = Proxy()
    await proxy.start()
    with Server(tmp_path / "server", public_url=f"http://localhost:{proxy.port}") as server:
        proxy.target_port = server.port
        stage = Stage(server, playwright, captures)
        yield stage, proxy
        if failed(request):
            await stage.save(artefacts_of(request))
        await stage.close()
    await proxy.close()


@pytest.fixture
async def wired(
    tmp_path: Path, playwright: Playwright, captures: Callable[[Sign], Capture], request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Stage, Wire]]:
    """A room whose media flows through a wire that can forget whom it served."""
    wire = Wire()
    with Server(tmp_path / "server", advertise=ADDRESS) as server:
        await wire.open(server.media_port)
        stage = Stage(server, playwright, captures)
        yield stage, wire
        if failed(request):
            await stage.save(artefacts_of(request))
        await stage.close()
    wire.close()
