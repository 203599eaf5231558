"""Failed tries, by address and by token, in virtual time."""

import pytest

from telepresence.rooms import attempts
from telepresence.rooms.attempts import FAILED_BURST, FAILED_PER_S, VALID_BURST, Attempts

HOSPITAL, OTHER = "203.0.113.7", "203.0.113.8"


def test_somebody_who_guesses_is_told_to_wait_and_others_are_not() -> None:
    """A new token each time, twenty at once, then twelve a minute."""
    tries = Attempts()
    assert not any(tries.failed(HOSPITAL, f"guess {number}", 0.0) for number in range(FAILED_BURST))
    assert tries.failed(HOSPITAL, "one more", 0.0) == 1 / FAILED_PER_S
    assert tries.failed(OTHER, "one more guess", 0.0) == 0
    assert tries.failed(HOSPITAL, "later", 1 / FAILED_PER_S) == 0


def test_one_bad_link_tried_for_ever_leaves_its_hospitals_other_tries_alone() -> None:
    """Once its own tries are used up it counts no more for the address."""
    tries = Attempts()
    waits = [tries.failed(HOSPITAL, "bad link", number * 0.01) for number in range(1000)]
    assert waits[FAILED_BURST - 1] == 0
    assert all(waits[FAILED_BURST:])
    now = 1000 * 0.01 + 2 / FAILED_PER_S
    assert tries.failed(HOSPITAL, "mistyped", now) == 0


def test_valid_tokens_count_for_themselves_alone() -> None:
    """A thousand sites of one address come in a second; one of them is too eager."""
    tries = Attempts()
    assert not any(tries.shown(f"site {number}", 0.0) for number in range(1000))
    assert not any(tries.shown("eager", 0.0) for _ in range(VALID_BURST))
    assert tries.shown("eager", 0.0) > 0
    assert tries.shown("site 1", 0.0) == 0


def test_memory_is_bounded_and_the_longest_unseen_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of addresses is forgotten, not kept."""
    monkeypatch.setattr(attempts, "KNOWN_MAX", 10)
    tries = Attempts()
    for number in range(100):
        tries.failed(f"address {number}", "same", 0.0)
    assert len(tries._buckets) == 10


def test_no_token_is_remembered() -> None:
    """A digest is."""
    tries = Attempts()
    tries.failed(HOSPITAL, "a.secret.token", 0.0)
    assert "secret" not in str(tries._buckets)
