"""Simulcast: the layers of one picture that a publisher offers, by `a=rid` (RFC 8851) and `a=simulcast` (RFC 8853).

`negotiation.py` reads with it, `description.py` writes the answer with it.
"""

from __future__ import annotations

import re

from telepresence.signaling.sdp import Attribute, SdpError, Section

MAX_LAYERS = 3
"""Browsers send no more, and more would not pay."""

_RID = re.compile(r"[A-Za-z0-9_-]{1,16}")
"""A one-byte header extension holds 16 bytes. Source: RFC 8851 §10, RFC 8285 §4.2."""

LIST = "`a=simulcast:send` has 1 to 3 rids between semicolons, as in `send q;h;f`"


def read_rids(section: Section) -> tuple[str, ...]:
    """Returns the rids of the layers that the peer wants to send, in its order; none without simulcast. Raises SdpError."""
    attributes = section.attributes.all("simulcast")
    if not attributes:
        return ()
    if len(attributes) > 1:
        raise SdpError("an m-line has one `a=simulcast` at most", attributes[1].line)
    attribute = attributes[0]
    rids = tuple(_first_alternative(layer, attribute) for layer in _send_list(attribute))
    if len(rids) > MAX_LAYERS or len(set(rids)) != len(rids):
        raise SdpError(f"{LIST}, each once", attribute.line)
    if missing := set(rids) - _declared(section):
        raise SdpError(f"the rid {min(missing)!r} needs a line `a=rid:{min(missing)} send`", attribute.line)
    return rids


def answer_lines(rids: tuple[str, ...]) -> list[str]:
    """Returns what answers them: all are taken."""
    return [*(f"a=rid:{rid} recv" for rid in rids), f"a=simulcast:recv {';'.join(rids)}"] if rids else []


def _send_list(attribute: Attribute) -> list[str]:
    """Splits `send LIST`, with or without a `recv LIST` before or behind it. RFC 8853 §5.1."""
    words = attribute.value.split()
    by_direction = dict(zip(words[::2], words[1::2], strict=False))
    if len(words) % 2 or not words or len(by_direction) != len(words) // 2 or by_direction.keys() - {"send", "recv"}:
        raise SdpError(LIST, attribute.line)
    return by_direction["send"].split(";") if "send" in by_direction else []


def _first_alternative(layer: str, attribute: Attribute) -> str:
    """Takes the sender's favourite. Nothing is paused (`~`) in our answer: that needs RFC 7728, which nobody speaks."""
    alternatives = [rid.removeprefix("~") for rid in layer.split(",")]
    if not all(_RID.fullmatch(rid) for rid in alternatives):
        raise SdpError(f"{LIST}; a rid has 1 to 16 letters, digits, `-` or `_`", attribute.line)
    return alternatives[0]


def _declared(section: Section) -> set[str]:
    declared = (attribute.value.split() for attribute in section.attributes.all("rid"))
    return {words[0] for words in declared if words[1:2] == ["send"]}
