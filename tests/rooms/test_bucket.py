"""How many messages a participant may send."""

from telepresence.rooms.bucket import TokenBucket


def test_a_burst_empties_the_bucket_and_time_refills_it() -> None:
    """Three at once, the fourth is refused, and after a second there are two more."""
    bucket = TokenBucket.full(rate_per_s=2, burst=3, now=0)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(1) for _ in range(3)] == [True, True, False]


def test_a_long_rest_gives_no_more_than_one_burst() -> None:
    """After an hour there are three, not thousands."""
    bucket = TokenBucket.full(rate_per_s=2, burst=3, now=0)
    assert sum(bucket.take(3600) for _ in range(10)) == 3


def test_a_dear_message_takes_several() -> None:
    """A refused one takes nothing, so that it goes once there is enough."""
    bucket = TokenBucket.full(rate_per_s=2, burst=3, now=0)
    assert bucket.take(0, 2)
    assert not bucket.take(0, 2)
    assert bucket.take(0, 1)
    assert not bucket.take(1, 3)
    assert bucket.take(1.5, 3)
