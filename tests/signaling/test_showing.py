"""Links that fail and links that are good, shown by sockets of one hospital."""

from stage import Client, Stage
from telepresence.rooms.attempts import FAILED_BURST, VALID_BURST
from telepresence.signaling.messages import Error, ErrorCode


def knock(stage: Stage, token: str) -> Client:
    """A socket that shows a token."""
    client = stage.open()
    client.send("join", versions=[1], token=token, slots=0)
    return client


def test_one_bad_link_tried_for_ever_locks_nobody_of_its_hospital_out() -> None:
    """It is told to wait; a colleague with a good link is in at once, and one with another bad link learns what is wrong."""
    stage = Stage()
    codes = [knock(stage, "bad").last(Error).code for _ in range(FAILED_BURST + 10)]
    assert codes == [ErrorCode.TOKEN_INVALID] * FAILED_BURST + [ErrorCode.TOO_MANY] * 10
    assert knock(stage, stage.token("nanyang")).joined
    stage.advance(10)
    assert knock(stage, "mistyped").last(Error).code is ErrorCode.TOKEN_INVALID


def test_whoever_guesses_learns_no_more_than_to_wait() -> None:
    """The socket ends as at any refusal; good links of the same address open their doors."""
    stage = Stage()
    guesses = [knock(stage, f"guess {number}") for number in range(FAILED_BURST + 1)]
    assert "try again in 5 s" in guesses[-1].last(Error).message
    assert guesses[-1].close_code == 4003
    assert knock(stage, stage.token()).joined


def test_many_sites_of_one_address_come_at_once_and_one_link_does_not_come_for_ever() -> None:
    """Valid joins count for their token alone."""
    stage = Stage(members_max=2000, devices_max=2000)
    assert all(knock(stage, stage.token(f"site-{number}")).joined for number in range(100))
    token = stage.token("eager")
    assert all(knock(stage, token).joined for _ in range(VALID_BURST))
    assert knock(stage, token).last(Error).code is ErrorCode.TOO_MANY
    stage.advance(1)
    assert knock(stage, token).joined
