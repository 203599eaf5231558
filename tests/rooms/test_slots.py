"""Who stands in which slot."""

from hypothesis import given
from hypothesis import strategies as st

from telepresence.rooms.slots import Rank, SlotTable, SourceKey


def key(name: str) -> SourceKey:
    """Names a source of the one publisher here."""
    return SourceKey("p", name)


def test_sources_are_seated_in_order_and_the_rest_waits() -> None:
    """Three sources for two slots: the third waits."""
    table = SlotTable(2)
    table.fill([key("a"), key("b"), key("c")])
    assert table.holders == [key("a"), key("b")]


def test_a_freed_slot_goes_to_the_first_who_waits_and_nobody_else_moves() -> None:
    """The first of three leaves: the third takes its slot, the second stays where it is."""
    table = SlotTable(2)
    table.fill([key("a"), key("b"), key("c")])
    table.fill([key("b"), key("c")])
    assert table.holders == [key("c"), key("b")]


@given(st.integers(0, 4), st.lists(st.lists(st.sampled_from("abcdef"), unique=True)))
def test_whatever_comes_and_goes_no_seat_is_wasted_and_nobody_is_moved(count: int, story: list[list[str]]) -> None:
    """For any story: no source twice, no empty slot beside a waiting source, who stays keeps its slot."""
    table = SlotTable(count)
    for present in story:
        before = list(table.holders)
        table.fill([key(name) for name in present])
        seated = [holder for holder in table.holders if holder]
        assert len(seated) == len(set(seated)) == min(count, len(present))
        assert all(old == new for old, new in zip(before, table.holders, strict=True) if old and old.source in present)


@given(
    st.integers(0, 4),
    st.lists(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(Rank)), max_size=6),
)
def test_whatever_ranks_change_the_best_are_seated_and_none_is_moved_by_its_equal(
    count: int, story: list[dict[str, Rank]]
) -> None:
    """For any story: nobody waits who ranks before one that is seated, and who was unseated gave way to a better one."""
    table = SlotTable(count)
    for ranks in story:
        before = list(table.holders)
        rank = {key(name): value for name, value in ranks.items()}
        table.fill(list(rank), rank.__getitem__)
        seated = {holder for holder in table.holders if holder}
        worst = max((rank[source] for source in seated), default=Rank.LISTED)
        assert len(seated) == min(count, len(rank))
        assert not count or all(rank[source] >= worst for source in rank.keys() - seated)
        for old, new in zip(before, table.holders, strict=True):
            assert old == new or old is None or old not in rank or (new and rank[new] < rank[old])


def test_a_silent_source_gives_its_slot_to_one_that_needs_it() -> None:
    """Windows that were closed do not keep a live site from being seen; while there is room they keep their places."""
    table = SlotTable(2)
    gone, live, new = (SourceKey(name, "camera") for name in ("gone", "live", "new"))
    rank = {gone: Rank.SILENT, live: Rank.OTHER, new: Rank.OTHER}.__getitem__
    table.fill([gone, live], rank)
    assert table.holders == [live, gone]
    table.fill([gone, live, new], rank)
    assert table.holders == [live, new]
    table.fill([gone, live, new])
    assert table.holders == [live, new]
