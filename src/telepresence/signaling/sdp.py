"""A small parser of session descriptions (RFC 8866) that keeps line numbers, so that an error can name its line.

`negotiation.py` comes after it and knows what the attributes mean. Attributes are filed by name while they are read, so
that a lookup costs the same however long the description is. Why not a package: docs/decisions/0003.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from telepresence.signaling.messages import MAX_SDP_BYTES, ErrorCode
from telepresence.signaling.refusal import RefusalError

MAX_SECTIONS = 64
"""Most m-lines of a description. Source: security.md, "Tokens"."""

MAX_SESSION_ATTRIBUTES = 64
"""Most attributes before the first m-line: each m-line may look at them all. Browsers write fewer than ten."""

MEDIA_FIELDS = 4
"""An m-line has a kind, a port, a protocol and at least one format. Source: RFC 8866 §5.14."""

MAX_PAYLOAD_TYPE = 127
MAX_PORT = 65_535


class SdpError(RefusalError):
    """A description that can't be used; the message names the line."""

    def __init__(self, message: str, line: Line | None = None) -> None:
        """`line` is the offending one."""
        where = f"Line {line.number} of the description (`{line.text[:60]}`): " if line else "The description: "
        super().__init__(ErrorCode.SDP_INVALID, f"{where}{message}.")


@dataclass(frozen=True, slots=True)
class Line:
    """One line, counted from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """An `a=` line."""

    line: Line
    name: str
    value: str


@dataclass(slots=True)
class Attributes:
    """The attributes of a section or of the session, by name and in their order."""

    by_name: dict[str, list[Attribute]] = field(default_factory=dict)
    count: int = 0

    def add(self, attribute: Attribute) -> None:
        """Files one more."""
        self.by_name.setdefault(attribute.name, []).append(attribute)
        self.count += 1

    def all(self, name: str) -> list[Attribute]:
        """Returns the attributes with that name."""
        return self.by_name.get(name, [])

    def first(self, name: str) -> Attribute | None:
        """Returns the first attribute with that name."""
        return next(iter(self.all(name)), None)

    def has(self, name: str) -> bool:
        """Tells whether there is an attribute with that name."""
        return name in self.by_name


@dataclass(slots=True)
class Section:
    """One m-line and what follows it."""

    line: Line
    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    attributes: Attributes = field(default_factory=Attributes)


@dataclass(slots=True)
class Description:
    """A parsed description."""

    attributes: Attributes = field(default_factory=Attributes)
    sections: list[Section] = field(default_factory=list)

    def first(self, section: Section, name: str) -> Attribute | None:
        """Returns a section's attribute, or else the session's: Firefox writes its fingerprint there."""
        return section.attributes.first(name) or self.attributes.first(name)

    def every(self, section: Section, name: str) -> list[Attribute]:
        """Returns a section's attributes of that name, or else the session's."""
        return section.attributes.all(name) or self.attributes.all(name)


def parse(text: str) -> Description:
    """Parses a description. Raises SdpError."""
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_SDP_BYTES:
        raise SdpError(f"it has {size} bytes, at most {MAX_SDP_BYTES} are taken")
    lines = lines_of(text)
    if not lines or lines[0].text != "v=0":
        raise SdpError("the first line must be `v=0`", lines[0] if lines else None)
    description = Description()
    for line in lines[1:]:
        _take(description, line)
    if not description.sections:
        raise SdpError("it has no m-line")
    return description


def number(text: str, line: Line, maximum: int, minimum: int = 0) -> int:
    """Returns a decimal number of the description. Raises SdpError."""
    is_short = text.isascii() and text.isdigit() and len(text) <= len(str(maximum))
    if not is_short or not minimum <= int(text) <= maximum:
        raise SdpError(f"`{text[:20]}` must be a number from {minimum} to {maximum}", line)
    return int(text)


def lines_of(text: str) -> list[Line]:
    """Returns the lines, without empty ones at the end."""
    lines = [Line(index, raw.removesuffix("\r")) for index, raw in enumerate(text.split("\n"), start=1)]
    while lines and not lines[-1].text:
        lines.pop()
    return lines


def _take(description: Description, line: Line) -> None:
    if len(line.text) < len("a=b") or line.text[1] != "=" or not ("a" <= line.text[0] <= "z"):
        raise SdpError("a line must be a lower-case letter, `=` and a value", line)
    letter, value = line.text[0], line.text[2:]
    if letter == "m":
        if len(description.sections) == MAX_SECTIONS:
            raise SdpError(f"at most {MAX_SECTIONS} m-lines are taken", line)
        description.sections.append(_section(line, value))
    elif letter == "a":
        name, _, rest = value.partition(":")
        owner = description.sections[-1].attributes if description.sections else description.attributes
        if owner is description.attributes and owner.count == MAX_SESSION_ATTRIBUTES:
            raise SdpError(f"at most {MAX_SESSION_ATTRIBUTES} attributes are taken before the first m-line", line)
        owner.add(Attribute(line, name, rest.strip()))


def _section(line: Line, value: str) -> Section:
    fields = value.split()
    if len(fields) < MEDIA_FIELDS:
        raise SdpError("an m-line needs a kind, a port, a protocol and a format", line)
    kind, port, protocol, *formats = fields
    return Section(line, kind, number(port.partition("/")[0], line, MAX_PORT), protocol, tuple(formats))
