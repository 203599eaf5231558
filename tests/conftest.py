"""What holds for every test: with `CI=true` a skipped test is a failure, and chance has no clock."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

# Hypothesis takes an example of more than 200 ms for a failure; on a busy machine that is any of them.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns a skip into a failure where nothing may be missing."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI counts as a failure: {report.longrepr}"
    return report
