"""Who was there, as a table that a spreadsheet opens: one row a site, from the seats of its devices. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from telepresence.rooms.records import SeatRecord

HEADER = ("site", "name", "devices", "heads", "joined", "left", "minutes")

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins so is a formula to a spreadsheet. Source: OWASP, "CSV Injection"."""

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the machine's own encoding, and Chinese names are lost."""


def table(seats: Iterable[SeatRecord], now: float) -> str:
    """Returns CSV: for each site that was admitted its devices, the most heads it stated, its first coming, its last going, and its minutes.

    Times are UTC in ISO 8601; `left` is empty while it is there. Minutes count once what several devices attended at once.
    """
    sites: dict[str, list[SeatRecord]] = {}
    for seat in seats:
        if seat.admitted_at is not None:
            sites.setdefault(seat.site, []).append(seat)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for site, devices in sorted(sites.items(), key=lambda entry: _coming(entry[1])):
        writer.writerow([_safe(cell) for cell in _row(site, devices, now)])
    return BYTE_ORDER_MARK + text.getvalue()


def _row(site: str, devices: list[SeatRecord], now: float) -> list[str]:
    is_there = any(seat.left_at is None for seat in devices)
    left = "" if is_there else _time(max(seat.left_at or 0 for seat in devices))
    return [
        site,
        devices[0].name,
        str(len({seat.device for seat in devices})),
        str(max(seat.heads for seat in devices)),
        _time(_coming(devices)),
        left,
        str(round(_attended_s(devices, now) / 60)),
    ]


def _coming(devices: list[SeatRecord]) -> float:
    return min(_admitted(seat) for seat in devices)


def _admitted(seat: SeatRecord) -> float:
    return seat.joined_at if seat.admitted_at is None else seat.admitted_at


def _attended_s(devices: list[SeatRecord], now: float) -> float:
    """Adds up the spans in which at least one device was there."""
    total, reached = 0.0, 0.0
    for began, ended in sorted((_admitted(seat), now if seat.left_at is None else seat.left_at) for seat in devices):
        total += max(0.0, ended - max(began, reached))
        reached = max(reached, ended)
    return total


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _safe(cell: str) -> str:
    """A leading apostrophe makes a spreadsheet show a text as it is."""
    return f"'{cell}" if cell.startswith(FORMULA_MARKS) else cell
