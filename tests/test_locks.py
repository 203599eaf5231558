"""Whether the locks name versions and hashes, and no address that a hospital's own registry would not have."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("lock", ["requirements.lock", "clips.lock"])
def test_a_python_lock_has_a_hash_for_each_package_and_no_address(lock: str) -> None:
    """Whoever installs from it gets these files or none, from whatever registry is configured."""
    text = (ROOT / lock).read_text()
    assert "://" not in text
    packages = text.replace("\\\n", " ").splitlines()
    pinned = [line for line in packages if "==" in line and not line.lstrip().startswith("#")]
    assert pinned
    assert not [line.split()[0] for line in pinned if "--hash=sha256:" not in line]


def test_the_npm_lock_has_no_address() -> None:
    """`.npmrc` leaves the registry's address out of it."""
    assert '"resolved": "http' not in (ROOT / "web_client" / "package-lock.json").read_text()
