"""Whether the one wheel is enough: installed into an empty environment, without Node.js and Rust, it carries a call."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import pytest

from e2e.server import Demo
from e2e.site import PATIENCE_S
from e2e.stage import Sign, Stage

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parent.parent.parent
CHART = Sign(number=1, hz=440, level_dbfs=-40)
"""What the demo's bot shows and sounds: the defaults of `telepresence bot publish`."""

XIXIA = Sign(number=11, hz=800)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that has the wheel with its bots, and nothing else."""
    wheels = list((ROOT / "dist").glob("telepresence-*.whl"))
    assert len(wheels) == 1, f"dist/ has {len(wheels)} wheels; run `make wheel`"
    environment = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    uv = Path(sys.executable).parent / "uv"
    # The lock's versions, so that the test is the same tomorrow; its hashes do not cover a wheel built just now.
    constraints = environment / "constraints.txt"
    exported = (line.removesuffix(" \\") for line in (ROOT / "requirements.lock").read_text().splitlines())
    constraints.write_text("\n".join(line for line in exported if "==" in line) + "\n")
    command = [uv, "pip", "install", "--quiet", "--python", python, "--constraint", constraints]
    subprocess.run([*command, f"{wheels[0]}[bots]"], check=True)
    return python.parent


@pytest.fixture(scope="module")
def bare(installed: Path) -> dict[str, str]:
    """An environment in which neither Node.js nor Rust can be found, nor this checkout."""
    kept = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "TMPDIR"}}
    return kept | {"PATH": str(installed)}


def test_the_package_comes_from_the_wheel(installed: Path, bare: dict[str, str], tmp_path: Path) -> None:
    """What follows is no test of the checkout."""
    question = "import telepresence.engine._native as native; print(native.__file__)"
    answer = subprocess.run(
        [installed / "python", "-c", question], env=bare, cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert str(installed.parent) in answer.stdout


@pytest.fixture(scope="module")
def demo(installed: Path, bare: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The wheel's own server, with its own bot on the air."""
    folder = tmp_path_factory.mktemp("demo")
    with Demo([installed / "telepresence", "serve", "--demo"], folder, bare, folder) as demo:
        yield demo


async def test_the_wheel_serves_the_page(demo: Demo) -> None:
    """The page is there and names nothing outside."""
    async with aiohttp.ClientSession(demo.origin) as http, http.get("/") as page:
        assert page.status == 200
        text = await page.text()
    assert "<script" in text
    assert "://" not in text.replace("http://www.w3.org", ""), "the page names something outside"


async def test_the_wheel_carries_a_call(
    demo: Demo, stage_on: Callable[[Demo], AbstractAsyncContextManager[Stage]]
) -> None:
    """Its bot publishes, its server forwards, its page shows and sounds; and what the page publishes arrives."""
    async with stage_on(demo) as stage:
        xixia = await stage.site("xixia", XIXIA)
        await xixia.join()
        chart = xixia.live_tile("chart")
        await chart.wait_for(timeout=PATIENCE_S * 1000)
        await stage.sees(xixia, chart, CHART)
        await stage.hears(xixia, chart, CHART)
        nanyang = await stage.bot("nanyang", None)
        await stage.bot_gets(nanyang, await nanyang.participant_of("xixia"), XIXIA)
