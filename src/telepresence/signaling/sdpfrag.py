"""The body of a WHIP `PATCH`: a fragment of a session description (`application/trickle-ice-sdpfrag`, RFC 8840 §9).

`ingest.py` comes after it. Candidates are not read: as ICE-lite we never send a check, we answer those that come.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from telepresence.signaling.description import Local, candidate_lines
from telepresence.signaling.messages import MAX_SDP_BYTES
from telepresence.signaling.negotiation import PWD, UFRAG
from telepresence.signaling.sdp import Attribute, Line, SdpError, lines_of

LETTERS = "am"
"""Attributes, and the m-lines under which candidates stand. Source: RFC 8840 §9.2."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """The peer's ICE credentials; null when none are there, so that it can only bring candidates."""

    ufrag: str | None
    pwd: str | None


def read(text: str) -> Fragment:
    """Reads a fragment; what it does not know is left out. Raises SdpError, which names the line."""
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_SDP_BYTES:
        raise SdpError(f"it has {size} bytes, at most {MAX_SDP_BYTES} are taken")
    attributes = [attribute for line in lines_of(text) if (attribute := _attribute(line))]
    if not attributes:
        raise SdpError("it has no attribute; ICE credentials or candidates are right")
    ufrag = _one(attributes, "ice-ufrag", UFRAG, "an ice-ufrag has 4 to 256 letters, digits, `+` or `/`")
    pwd = _one(attributes, "ice-pwd", PWD, "an ice-pwd has 22 to 256 letters, digits, `+` or `/`")
    if (ufrag is None) != (pwd is None):
        raise SdpError("`a=ice-ufrag` and `a=ice-pwd` belong together")
    return Fragment(ufrag, pwd)


def write(local: Local, kind: str, mid: str) -> str:
    """Returns our side of a restarted ICE. `kind` and `mid` are of the m-line whose port all others share."""
    lines = [
        "a=ice-lite",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.pwd}",
        f"m={kind} 9 RTP/AVP 0",  # Only a place for candidates. RFC 8840 §9.2.
        f"a=mid:{mid}",
        *candidate_lines(local.address),
    ]
    return "\r\n".join(lines) + "\r\n"


def _attribute(line: Line) -> Attribute | None:
    if len(line.text) < len("a=b") or line.text[1] != "=" or line.text[0] not in LETTERS:
        raise SdpError("a line of a fragment begins with `a=` or `m=`", line)
    if line.text[0] == "m":
        return None
    name, _, value = line.text[2:].partition(":")
    return Attribute(line, name, value.strip())


def _one(attributes: list[Attribute], name: str, form: re.Pattern[str], right: str) -> str | None:
    """Returns the one value that an attribute has wherever it stands: everything goes over one connection."""
    found = [attribute for attribute in attributes if attribute.name == name]
    for attribute in found:
        if not form.fullmatch(attribute.value):
            raise SdpError(right, attribute.line)
        if attribute.value != found[0].value:
            raise SdpError(f"`a={name}` differs from the one before it; all m-lines share one", attribute.line)
    return found[0].value if found else None
