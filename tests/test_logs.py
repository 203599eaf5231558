"""What logs hold, and what never gets into them."""

from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from stage import Stage
from telepresence import logs
from telepresence.rooms import seats
from telepresence.settings import LogSettings


@pytest.fixture(autouse=True)
def structlog_as_it_was() -> Iterator[None]:
    """The set-up is the whole process's, so it is undone."""
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_fault_in_the_midst_of_a_join_writes_neither_token_nor_name(
    form: Literal["text", "json"], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The traceback is there; what its frames held is not."""

    def fault(*_: object, **__: object) -> None:
        message = "a fault of ours"
        raise KeyError(message)

    monkeypatch.setattr(seats, "sit", fault)
    logs.configure(LogSettings(format=form))
    stage = Stage()
    token = stage.token("xixia-county")
    try:
        stage.open().join(token)
    except KeyError:
        structlog.get_logger().exception("session.fault", session=1)
    text = capsys.readouterr().err
    assert "session.fault" in text
    assert "a fault of ours" in text
    assert "join.py" in text
    for secret in (token, token[:40], "xixia-county", "Xixia-County"):
        assert secret not in text
