"""Sets of texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Union

from ..text import Text, TextLike, raw_of
from .glob import Glob, globs

Values = Union[TextLike, Iterable[TextLike]]


class TextSet:
    """Texts that other texts are compared with: paths, names, arguments.

    A text is in the set where it passes any of its comparisons. Texts are compared as bytes; one that is not known is
    in no set. A set is prepared once, where it is made, and asked often::

        KEYS = TextSet(starts_with="/root/.ssh/", file_name=["id_rsa", "id_ed25519"], glob="/home/*/.ssh/id_*")

        if event.path in KEYS: ...

    A glob is compared with the whole path: ``*`` stands for bytes but ``/``, ``**`` for any, ``**/`` between two ``/``
    or at the beginning for any folders or none, ``?`` for a byte but ``/``, ``[a-z_]`` and ``[!a-z]`` for one of these
    ASCII characters or none of them, ``{etc,usr/etc}`` for one of these, ``\\*`` for the character itself. It takes a
    time that grows with the text and no faster. Raises ``ValueError`` where it is none.
    """

    def __init__(
        self,
        *,
        equals: Values = (),
        starts_with: Values = (),
        ends_with: Values = (),
        contains: Values = (),
        file_name: Values = (),
        glob: Union[str, Iterable[str]] = (),
    ) -> None:
        self._equals, self._prefixes, self._suffixes = _raw(equals), _raw(starts_with), _raw(ends_with)
        self._parts, self._names = _raw(contains), _raw(file_name)
        self._whole = frozenset(self._equals)
        self._named = frozenset(self._names)
        self._patterns = [glob] if isinstance(glob, str) else list(glob)
        self._globs: list[Glob] = [each for pattern in self._patterns for each in globs(pattern)]

    def matches(self, text: TextLike) -> bool:
        """Whether a text is in the set."""
        if isinstance(text, Text) and not text.is_known:
            return False
        raw = raw_of(text)
        return (
            raw in self._whole
            or raw.startswith(self._prefixes)
            or raw.endswith(self._suffixes)
            or (bool(self._named) and raw[raw.rfind(b"/") + 1 :] in self._named)
            or any(part in raw for part in self._parts)
            or any(glob.matches(raw) for glob in self._globs)
        )

    __contains__ = matches

    def tests(self) -> Iterator[tuple[str, tuple[bytes, ...]]]:
        """What a host can compare: tests of which one has to hold."""
        if self._patterns:
            raise ValueError(f"the set with {self._patterns[0]!r} cannot be a filter: the host compares no globs")
        tests = [
            ("equals", self._equals + self._names),
            ("starts-with", self._prefixes),
            ("ends-with", self._suffixes + tuple(b"/" + name for name in self._names)),
            ("contains", self._parts),
        ]
        return ((test, values) for test, values in tests if values)


def _raw(values: Values) -> tuple[bytes, ...]:
    each: Iterable[TextLike] = [values] if isinstance(values, (str, bytes)) else values
    return tuple(map(raw_of, each))


