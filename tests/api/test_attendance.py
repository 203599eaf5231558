"""Who was there, as a spreadsheet reads it."""

import csv
import io
from dataclasses import replace

from telepresence.api.attendance import BYTE_ORDER_MARK, HEADER, table
from telepresence.rooms.records import SeatRecord
from telepresence.signaling.messages import Role

NINE = 1_799_996_400.0
"""A full hour."""

SEAT = SeatRecord(
    room="demo",
    participant="p-1",
    site="xixia",
    name="西峡县人民医院",
    device=1,
    role=Role.MEMBER,
    secret_hash="",
    joined_at=NINE,
    admitted_at=NINE + 60,
    heads=3,
    left_at=NINE + 660,
)


def rows(*seats: SeatRecord, now: float = NINE + 3600) -> list[dict[str, str]]:
    """Reads the table back."""
    text = table(seats, now)
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(text[1:])))


def test_a_site_is_a_row_with_its_minutes() -> None:
    """From its admission to its going; times are UTC."""
    (row,) = rows(SEAT)
    assert tuple(row) == HEADER
    assert row == {
        "site": "xixia",
        "name": "西峡县人民医院",
        "devices": "1",
        "heads": "3",
        "joined": "2027-01-15T07:01:00Z",
        "left": "2027-01-15T07:11:00Z",
        "minutes": "10",
    }


def test_minutes_of_two_devices_count_once_and_a_pause_does_not_count() -> None:
    """Ten minutes, five of which on two devices; gone for ten; back for five. The most heads that were stated count."""
    second = replace(SEAT, participant="p-2", device=2, admitted_at=NINE + 360, left_at=NINE + 660, heads=8)
    back = replace(SEAT, participant="p-3", admitted_at=NINE + 1260, left_at=NINE + 1560, heads=0)
    (row,) = rows(SEAT, second, back)
    assert (row["devices"], row["heads"], row["minutes"]) == ("2", "8", "15")
    assert row["left"] == "2027-01-15T07:26:00Z"


def test_who_is_still_there_has_not_left_and_who_only_waited_never_came() -> None:
    """Minutes run until now."""
    here = replace(SEAT, left_at=None)
    waiting = replace(SEAT, site="nanyang", admitted_at=None)
    (row,) = rows(here, waiting, now=NINE + 60 + 1800)
    assert (row["left"], row["minutes"]) == ("", "30")


def test_a_name_is_no_formula() -> None:
    """Excel would run it for whoever opens the list; commas and quotes stay in their cell."""
    evil = ["=HYPERLINK(0)", "+1", "-1", "@SUM(A1)", "\t=1", 'a "b", c']
    found = rows(
        *(replace(SEAT, site=f"s{number}", name=name, admitted_at=NINE + number) for number, name in enumerate(evil))
    )
    assert [row["name"] for row in found] == [*(f"'{name}" for name in evil[:-1]), 'a "b", c']
    assert rows(replace(SEAT, site="-x"))[0]["site"] == "'-x"
