"""XML text that is changed in place: what no rule concerns stays as it is, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

_ATTRIBUTE = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


@dataclass
class Value:
    """A property: an attribute, or an element that holds nothing but text."""

    name: str  # with the prefix under which `Document` knows the namespace
    text: str
    start: int  # of the text
    end: int
    whole: tuple[int, int]  # of the attribute or element


@dataclass
class Element:
    """An element of the text."""

    name: str
    start: int
    inner: int  # behind the start tag
    namespaces: dict[str, str]
    end: int = 0
    attributes: list[Value] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)
    text: Value | None = None

    @property
    def properties(self) -> list[Value]:
        """Attributes, and the element itself if it holds only text."""
        return [*self.attributes, *([self.text] if self.text else [])]

    @property
    def fields(self) -> dict[str, Value]:
        """Attributes, and children that hold only text, by name."""
        found = {value.name: value for value in self.attributes}
        return found | {c.name: c.text for c in self.children if c.text is not None}


class Document:
    """An XML text and the changes to it.

    Parameters
    ----------
    data : bytes
        In UTF-8, UTF-16 or UTF-32.
    prefixes : dict of str
        Prefixes by which names are known, by namespace. Others keep that of the text.

    Raises
    ------
    ValueError
        If it is not well-formed.
    """

    def __init__(self, data: bytes, prefixes: dict[str, str]) -> None:
        self._data = _in_utf8(data)
        self._prefixes = prefixes
        self._edits: dict[tuple[int, int], bytes] = {}
        self._open: list[Element] = []
        self._root: Element | None = None
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended
        self._parser.StartDoctypeDeclHandler = _refuse_definitions
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise ValueError(str(error)) from error
        del self._parser  # it refers to this object

    def elements(self) -> Iterator[Element]:
        """Yield all elements that are not in a removed one, each before its children."""
        waiting = [self._root] if self._root else []
        while waiting:
            element = waiting.pop()
            if (element.start, element.end) not in self._edits:
                yield element
            if (element.start, element.end) not in self._edits:
                waiting += reversed(element.children)

    def replace(self, value: Value, text: str) -> None:
        """Replace the text of a property."""
        self._edits[value.start, value.end] = text.encode()

    def remove(self, part: Value | Element) -> None:
        """Remove a property, or an element with all that is in it."""
        whole = part.whole if isinstance(part, Value) else (part.start, part.end)
        self._edits[whole] = b""

    def changed(self) -> bytes:
        """Return the text with its changes."""
        parts, place = [], 0
        for (start, end), text in sorted(self._edits.items(), key=lambda e: (e[0][0], -e[0][1])):
            if start >= place:  # otherwise it is in a part that was removed
                parts += [self._data[place:start], text]
                place = end
        return b"".join((*parts, self._data[place:]))

    def _started(self, name: str, _attributes: dict[str, str]) -> None:
        start = self._parser.CurrentByteIndex
        place = start + 1 + len(name.encode())
        found = []
        while match := _ATTRIBUTE.match(self._data, place):
            group = 2 if match[2] is not None else 3
            text = match[group].decode()
            found.append(Value(match[1].decode(), text, *match.span(group), match.span()))
            place = match.end()
        inner = self._data.index(b">", place) + 1
        namespaces = self._open[-1].namespaces if self._open else {}
        if own := {v.name[6:]: v.text for v in found if v.name.startswith("xmlns:")}:
            namespaces = namespaces | own
        element = Element(self._known(name, namespaces), start, inner, namespaces)
        for value in found:
            if not value.name.startswith("xmlns"):
                value.name = self._known(value.name, namespaces)
                element.attributes.append(value)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _ended(self, _name: str) -> None:
        element = self._open.pop()
        if self._data[element.inner - 2] == ord("/"):  # it has no end tag
            element.end = element.inner
            return
        stop = self._parser.CurrentByteIndex
        element.end = self._data.index(b">", stop) + 1
        if not element.children:
            text = self._data[element.inner : stop]
            whole = element.start, element.end
            element.text = Value(element.name, text.decode(), element.inner, stop, whole)

    def _known(self, name: str, namespaces: dict[str, str]) -> str:
        prefix, colon, local = name.rpartition(":")
        space = namespaces.get(prefix)
        return f"{self._prefixes.get(space, prefix) if space else prefix}{colon}{local}"


def _in_utf8(data: bytes) -> bytes:
    """Return a text in UTF-8, without zeros at its end."""
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32")):
        if data.startswith(mark):
            return data.decode(encoding).encode()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16").encode()
    for start, encoding in ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")):
        if data.startswith(start):
            return data.decode(encoding).encode()
    return data.rstrip(b"\0")


def _refuse_definitions(*_args: object) -> None:
    raise ValueError("it defines entities")
