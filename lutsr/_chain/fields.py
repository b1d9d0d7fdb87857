"""Reading one JSON object field by field, with errors that name the field.

Nothing of what is read is trusted: each value is checked for its type and its range before
anything is computed from it, and a field that nobody asked for is an error.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Longest part of a wrong value that an error shows, in characters.
_SHOWN = 60


def short(value: object) -> str:
    """Return a value as an error shows it: on one line, and not longer than a line."""
    if isinstance(value, (list, dict)) and value:
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return "a huge number"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def wrong(where: str, value: object, wanted: str) -> ValueError:
    """Return the error for a field: its name, what came, what was wanted."""
    return ValueError(f"{where}: got {short(value)}, wanted {wanted}")


def integer(where: str, value: object, low: int, high: int) -> int:
    """Return an integer of low..high."""
    if type(value) is not int or not low <= value <= high:
        raise wrong(where, value, f"an integer from {low} to {high}")
    return value


def integers(where: str, value: object, count: int, low: int, high: int) -> list[int]:
    """Return a list of so many integers, each of low..high."""
    if not isinstance(value, list) or len(value) != count:
        raise wrong(where, value, f"a list of {count} integers")
    return [integer(f"{where}[{i}]", item, low, high) for i, item in enumerate(value)]


def one_or_each(where: str, value: object, channels: int, low: int, high: int) -> NDArray[np.int64]:
    """Return an integer for all channels, or a list of one for each, as an array."""
    if isinstance(value, list) and channels > 1:
        return np.array(integers(where, value, channels, low, high), np.int64)
    return np.array([integer(where, value, low, high)], np.int64)


def items(where: str, value: object, longest: int) -> list[tuple[str, Any]]:
    """Return the items of a list that is neither empty nor too long, each with its name."""
    if not isinstance(value, list) or not 1 <= len(value) <= longest:
        raise wrong(where, value, f"a list of 1 to {longest} items")
    return [(f"{where}[{i}]", item) for i, item in enumerate(value)]


def choice(where: str, value: object, choices: Collection[str]) -> str:
    """Return one of some words."""
    if not isinstance(value, str) or value not in choices:
        raise wrong(where, value, "one of " + ", ".join(map(repr, choices)))
    return value


def name(where: str, value: object) -> str:
    """Return the name of a register or table."""
    if not isinstance(value, str) or not value.isidentifier() or len(value) > 40:
        raise wrong(where, value, "a name of at most 40 letters, digits and underscores")
    return value


class Fields:
    """The fields of one JSON object.

    Parameters
    ----------
    where : str
        Name of the object in errors, as ``stages[0].layers[2]``.
    value : object
        What should be the object.
    needed : collection of str
        Fields that must be there.
    optional : collection of str
        Fields that may be there.
    """

    def __init__(
        self, where: str, value: object, needed: Collection[str], optional: Collection[str] = ()
    ) -> None:
        if not isinstance(value, dict):
            raise wrong(where, value, "a JSON object")
        for key in needed:
            if key not in value:
                raise ValueError(f"{where}.{key}: missing")
        for key in value:
            if key not in needed and key not in optional:
                known = ", ".join([*needed, *optional])
                raise ValueError(f"{where}: unknown field {short(key)}; known are {known}")
        self._where = where
        self._value: dict[str, Any] = value

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def get(self, key: str, default: Any = None) -> tuple[str, Any]:
        """Return a field's full name and its value."""
        return f"{self._where}.{key}", self._value.get(key, default)

    def integer(self, key: str, low: int, high: int, default: int = 0) -> int:
        """Return an integer field."""
        return integer(*self.get(key, default), low, high)

    def choice(self, key: str, choices: Collection[str], default: str | None = None) -> str:
        """Return a field that is one of some words; it must be there if there is no default."""
        if key not in self and default is None:
            wanted = ", ".join(map(repr, choices))
            raise ValueError(f"{self._where}.{key}: missing, wanted one of {wanted}")
        return choice(*self.get(key, default), choices)

    def name(self, key: str) -> str:
        """Return a field that is a name."""
        return name(*self.get(key))

    def items(self, key: str, longest: int) -> list[tuple[str, Any]]:
        """Return a list field's items; a field that is not there has none."""
        return items(*self.get(key), longest) if key in self else []
