"""Lists of sites as spreadsheets save them."""

import pytest

from telepresence.cli.sites import SitesError, read_sites
from telepresence.signaling.messages import Profile, Role

PLAIN = "xixia,西峡县人民医院,chair\nnanyang,Nanyang,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_is_read_as_it_was_saved(encoding: str, end: str) -> None:
    """UTF-8 with and without Excel's mark, and what a Chinese Windows writes."""
    rows = read_sites(PLAIN.replace("\n", end).encode(encoding))
    assert [(row.line, row.site.site, row.site.name, row.site.role) for row in rows] == [
        (1, "xixia", "西峡县人民医院", Role.CHAIR),
        (2, "nanyang", "Nanyang", Role.MEMBER),
    ]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_heading_may_put_the_columns_in_another_order(mark: str) -> None:
    """Empty lines count for nothing but their number."""
    text = "Name,Role,Site,Profile,Label\n\nTheatre 2,Encoder,theatre,surgery,C-arm\n".replace(",", mark)
    ((line, site),) = read_sites(text.encode())
    assert (line, site.site, site.name, site.role) == (3, "theatre", "Theatre 2", Role.ENCODER)
    assert (site.profile, site.label) == (Profile.SURGERY, "C-arm")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no site"),
        ("site,name,role\n", "no site"),
        ("site,name,rôle\nx,X,\n", "line 1, column 3: 'rôle' is no column"),
        ("site,name,name\nx,X,X\n", "line 1, column 3: 'name' is there twice"),
        ("site,name\nx,X,member\n", "line 2, column 3: one cell too many"),
        ("x,X\n,Y\n", "line 2, column 1 (site): it is empty"),
        ("x,X\ny,\n", "line 2, column 2 (name): it is empty"),
        ("x,X\na b,Y\n", "line 2, column 1 (site): 'a b' is no id"),
        ("x,X,king\n", "line 1, column 3 (role)"),
        (f"x,{'X' * 81}\n", "line 1, column 2 (name)"),
        ("name,site\nX,x\nY,\n", "line 3, column 2 (site)"),
    ],
)
def test_a_fault_is_named_by_line_and_column(text: str, words: str) -> None:
    """As a spreadsheet counts them."""
    with pytest.raises(SitesError) as caught:
        read_sites(text.encode())
    assert words in str(caught.value)


@pytest.mark.parametrize("data", ["x,X".encode("utf-16"), b"x,\xff\xff\n"])
def test_other_encodings_are_refused(data: bytes) -> None:
    """With the one that is right."""
    with pytest.raises(SitesError, match="CSV in UTF-8"):
        read_sites(data)
