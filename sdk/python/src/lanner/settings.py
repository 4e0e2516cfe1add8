"""What can be set in a pack, and what it is set to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Generic, Optional, TypeVar

__all__ = ["Setting", "TextsSetting"]

T = TypeVar("T")

_NAME = re.compile(r"[a-z0-9-]{1,128}\Z")
_I64 = (-(1 << 63), (1 << 63) - 1)


class Setting(Generic[T]):
    """Something that the people who run the host can set. :attr:`value` is what it is set to; the default otherwise."""

    def __init__(self, name: str, summary: str, type: str, default: Any, **more: Any) -> None:
        if not _NAME.match(name):
            raise ValueError(f"the setting {name!r} is not lower-case letters, digits and `-`")
        self.name = name
        self.summary = summary
        self.type = type
        self.default: T = default
        self.value: T = default
        self._more = more
        if default is not None and not self._takes(default):
            raise ValueError(f"the setting {name} does not take its own default: it takes {self._what()}")

    def set(self, value: Any) -> None:
        """Sets it to what travelled. Raises ``ValueError`` for what it does not take."""
        if not self._takes(value):
            raise ValueError(f"the setting {self.name} takes {self._what()}, and cannot be {value!r}")
        self._assign(value)

    def reset(self) -> None:
        """Sets it to its default."""
        self._assign(self.default)

    def _assign(self, value: Any) -> None:
        self.value = value

    def _takes(self, value: Any) -> bool:
        if self.type == "boolean":
            return isinstance(value, bool)
        if self.type == "number":
            number = isinstance(value, int) and not isinstance(value, bool)
            return number and bool(self._more["least"] <= value <= self._more["most"])
        if self.type == "texts":
            return isinstance(value, (list, tuple)) and all(isinstance(text, str) for text in value)
        return isinstance(value, str) and (self.type == "text" or value in self._more["choices"])

    def _what(self) -> str:
        if self.type == "boolean":
            return "true or false"
        if self.type == "number":
            return f"a whole number from {self._more['least']} to {self._more['most']}"
        if self.type == "one-of":
            return f"one of {', '.join(self._more['choices'])}"
        return "texts" if self.type == "texts" else "a text"

    def described(self) -> dict[str, Any]:
        """As it travels in a description."""
        said = {"name": self.name, "summary": self.summary, "type": self.type, **self._more}
        return said if self.default is None else {**said, "default": self.default}

    def __repr__(self) -> str:
        return f"<setting {self.name}: {self.value!r}>"


class TextsSetting(Setting["tuple[str, ...]"]):
    """A setting that takes texts. ``text in setting`` is quick."""

    def __init__(self, name: str, summary: str, default: Iterable[str]) -> None:
        super().__init__(name, summary, "texts", tuple(default))
        self._assign(self.default)

    def _assign(self, value: Any) -> None:
        self.value = tuple(value)
        self._set = frozenset(self.value)

    def __contains__(self, text: object) -> bool:
        return text in self._set

    def __iter__(self) -> Iterator[str]:
        return iter(self.value)

    def __len__(self) -> int:
        return len(self.value)


def number(name: str, summary: str, default: Optional[int], least: Optional[int], most: Optional[int]) -> Setting[Any]:
    """A setting that takes a whole number."""
    low, high = _I64[0] if least is None else least, _I64[1] if most is None else most
    return Setting(name, summary, "number", default, least=low, most=high)
