"""A list of sites as CSV, as a spreadsheet saves it. Pure: bytes come in; errors name line and column.

`room.py` reads with it. Columns: site, name, and optionally role, label, profile; a heading line may put them in another order.
"""

from __future__ import annotations

import codecs
import csv
import io
from typing import NamedTuple

import msgspec

from telepresence.api.invitations import NewSite
from telepresence.ids import RULE, is_plain

COLUMNS = ("site", "name", "role", "label", "profile")
DELIMITERS = (",", ";", "\t")
"""Which one a spreadsheet writes depends on the country."""

CHINESE = "gb18030"
"""What Excel saves as CSV on a Chinese Windows; it holds GBK and GB2312."""


class Row(NamedTuple):
    """A site, and the line of the file that it stands on."""

    line: int
    site: NewSite


class SitesError(Exception):
    """The list can't be used; the text has line, column, and what would be right."""


def read_sites(data: bytes) -> list[Row]:
    """Returns the sites of a file. Raises SitesError."""
    text = _decode(data)
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(DELIMITERS, key=first.count))
    columns: tuple[str, ...] = COLUMNS
    rows: list[Row] = []
    is_first = True
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]  # noqa: PLW2901 (what the rest is about)
            if not any(cells):
                continue
            if is_first and (heading := _heading(cells, reader.line_num)):
                columns = heading
            else:
                rows.append(Row(reader.line_num, _site(cells, columns, reader.line_num)))
            is_first = False
    except csv.Error as error:
        raise SitesError(f"line {reader.line_num}: this is no CSV ({error})") from None
    if not rows:
        raise SitesError(
            "there is no site in it; each line is `site,name,role`, as in `xixia,Xixia County Hospital,member`"
        )
    return rows


def _decode(data: bytes) -> str:
    """UTF-8, with a byte order mark or without; if it is none, GB18030."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SitesError("it is UTF-16; save it as CSV in UTF-8")
    for encoding in ("utf-8-sig", CHINESE):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            pass
    raise SitesError("it is neither UTF-8 nor GB18030; save it as CSV in UTF-8")


def _heading(cells: list[str], line: int) -> tuple[str, ...] | None:
    """Returns the columns that a heading line names; null when the line is a site already."""
    names = tuple(cell.lower() for cell in cells)
    if "site" not in names or "name" not in names:
        return None
    for index, name in enumerate(names):
        if name not in COLUMNS or name in names[:index]:
            fault = "is there twice" if name in COLUMNS else "is no column"
            raise SitesError(f"line {line}, column {index + 1}: {name!r} {fault}; columns are {', '.join(COLUMNS)}")
    return names


def _site(cells: list[str], columns: tuple[str, ...], line: int) -> NewSite:
    if len(cells) > len(columns):
        raise SitesError(f"line {line}, column {len(columns) + 1}: one cell too many; columns are {', '.join(columns)}")
    given = {column: cell for column, cell in zip(columns, cells, strict=False) if cell}
    for column in ("site", "name"):
        if column not in given:
            raise SitesError(f"line {line}, column {columns.index(column) + 1} ({column}): it is empty")
    if "role" in given:
        given["role"] = given["role"].lower()
    if not is_plain(given["site"]):
        place = columns.index("site") + 1
        raise SitesError(f"line {line}, column {place} (site): {given['site']!r} is no id; an id has {RULE}")
    try:
        return msgspec.convert(given, NewSite)
    except msgspec.ValidationError as error:
        fault, _, path = str(error).partition(" - at `$.")
        column = path.rstrip("`")
        place = f", column {columns.index(column) + 1} ({column})" if column in columns else ""
        raise SitesError(f"line {line}{place}: {fault}") from None
