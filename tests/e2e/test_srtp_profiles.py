"""Whether media passes both ways under each SRTP profile that a client may offer alone."""

from __future__ import annotations

import pytest
from aiortc import rtcdtlstransport

from e2e.server import Server
from e2e.stage import Bot, Sign

pytestmark = pytest.mark.e2e

FRAMES = 15
"""Half a second of a chart: enough to say that it is decrypted."""


@pytest.mark.parametrize("profile", ["AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES128_CM_SHA1_80"])
async def test_each_srtp_profile_carries_media(server: Server, monkeypatch: pytest.MonkeyPatch, profile: str) -> None:
    """Two bots that offer one profile alone see each other: the engine opens and seals with it."""
    only = [known for known in rtcdtlstransport.SRTP_PROFILES if known.openssl_profile == f"SRTP_{profile}".encode()]
    assert len(only) == 1
    monkeypatch.setattr(rtcdtlstransport, "SRTP_PROFILES", only)
    alice = Bot("alice", server.link("alice"), Sign(number=1, hz=500))
    bob = Bot("bob", server.link("bob"), Sign(number=2, hz=700))
    for bot in (alice, bob):
        await bot.start()
    for bot, other in ((alice, bob), (bob, alice)):
        await bot.wait_frames(other.id, FRAMES)
    for bot in (alice, bob):
        await bot.close()
