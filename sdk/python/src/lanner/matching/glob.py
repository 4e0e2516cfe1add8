"""Globs.

A glob is run as an automaton that is in several states at once, a bit each (Baeza-Yates and Gonnet, 1992): each byte
of the text moves all of them by one step. There is nothing to go back to, whatever the glob and the text are. Before
that, a text has to begin, to end and to have in it what every text of the glob does, which is quick to see.
"""

from __future__ import annotations

from typing import Optional, Union

#: Characters that a glob stands for at the most, ``*`` and ``**`` not counted.
MAX_LENGTH = 127
#: Globs that one with ``{…,…}`` stands for at the most.
MAX_ALTERNATIVES = 64

#: A byte that stands for itself, or the bytes that a ``?`` or ``[…]`` stands for, or ``*`` or ``**``.
Token = Union[int, frozenset[int], str]

_STAR, _DEEP = "*", "**"
_SLASH = ord("/")
_ONE = frozenset(range(256)) - {_SLASH}


class _Wrong(Exception):
    """What is wrong with a glob."""


def globs(glob: str) -> list[Glob]:
    """Those that a glob stands for, without ``{…,…}``. Raises ``ValueError`` where it is none."""
    try:
        return [Glob(tokens) for tokens in _alternatives(glob.encode("utf-8", "surrogateescape"))]
    except _Wrong as wrong:
        raise ValueError(f"{glob!r} is no glob: {wrong}") from None


def _alternatives(glob: bytes) -> list[list[Token]]:
    every: list[list[Token]] = [[]]
    inside: Optional[list[list[Token]]] = None
    at = length = 0
    while at < len(glob):
        begin = at
        token, at = _token(glob, at)
        if token == "{":
            if inside is not None:
                raise _Wrong("a { of a glob lies between { and }")
            inside = [[]]
        elif token == "}":
            if inside is None:
                raise _Wrong("a } of a glob has no { before it")
            length += max(map(_length, inside))
            if len(every) * len(inside) > MAX_ALTERNATIVES:
                raise _Wrong("a glob has more than 64 alternatives")
            every = [first + last for first in every for last in inside]
            inside = None
        elif token == "," and inside is not None:
            inside.append([])
            if len(inside) > MAX_ALTERNATIVES:
                raise _Wrong("a glob has more than 64 alternatives")
        else:
            token = glob[begin] if token == "," else token
            for tokens in every if inside is None else inside[-1:]:
                tokens.append(token)
            if inside is None:
                length += token not in (_STAR, _DEEP)
        if length + (_length(inside[-1]) if inside else 0) > MAX_LENGTH:
            raise _Wrong("a glob stands for more than 127 characters")
    if inside is not None:
        raise _Wrong("a { of a glob has no } after it")
    return every


def _length(tokens: list[Token]) -> int:
    return sum(token not in (_STAR, _DEEP) for token in tokens)


def _token(glob: bytes, at: int) -> tuple[Token, int]:
    """The token that begins there, and where the next one does."""
    character = chr(glob[at])
    if character == "?":
        return _ONE, at + 1
    if character in "{,}":
        return character, at + 1
    if character == "*":
        end = at + 1
        while end < len(glob) and glob[end] == ord("*"):
            end += 1
        return (_STAR if end == at + 1 else _DEEP), end
    if character == "[":
        return _class(glob, at + 1)
    if character == "\\":
        if at + 1 == len(glob):
            raise _Wrong("a glob ends with a \\")
        return glob[at + 1], at + 2
    return glob[at], at + 1


def _class(glob: bytes, at: int) -> tuple[Token, int]:
    """The rest of a ``[…]``."""
    negated = glob[at : at + 1] in (b"!", b"^")
    at += negated
    first = at
    members: set[int] = set()
    while at < len(glob):
        if glob[at] == ord("]"):
            if at == first:
                raise _Wrong("a [ and ] of a glob have nothing between them")
            return frozenset((_ONE - members) if negated else members - {_SLASH}), at + 1
        low, at = _letter(glob, at)
        high = low
        if glob[at : at + 1] == b"-" and at + 1 < len(glob) and glob[at + 1] != ord("]"):
            high, at = _letter(glob, at + 1)
        if low > high:
            raise _Wrong("a range of a glob ends before it begins")
        if high > 127:
            raise _Wrong("a letter between [ and ] of a glob is not ASCII")
        members.update(range(low, high + 1))
    raise _Wrong("a [ of a glob has no ] after it")


def _letter(glob: bytes, at: int) -> tuple[int, int]:
    at += glob[at : at + 1] == b"\\"
    if at >= len(glob):
        raise _Wrong("a [ of a glob has no ] after it")
    return glob[at], at + 1


class Glob:
    """A glob without alternatives, ready to be compared with texts."""

    def __init__(self, tokens: list[Token]) -> None:
        begin, end = _leading(tokens), 0
        while begin + end < len(tokens) and isinstance(tokens[-1 - end], int):
            end += 1
        last = len(tokens) - end
        # The `/` of `**/` goes with it.
        if end and tokens[last] == _SLASH and last > begin and tokens[last - 1] == _DEEP:
            last += 1
        self._begin, self._end = _literal(tokens[:begin]), _literal(tokens[last:])
        middle = tokens[begin:last]
        self._part = _longest(middle)
        self._compile(middle, not self._begin or self._begin.endswith(b"/"))

    def _compile(self, tokens: list[Token], after_slash: bool) -> None:
        self._stay = self._stay_in_name = self._skip = 0
        characters: list[Token] = []
        at = 0
        while at < len(tokens):
            token, state = tokens[at], 1 << len(characters)
            at += 1
            if token == _STAR:
                self._stay_in_name |= state
            elif token == _DEEP:
                self._stay |= state
                if after_slash and tokens[at : at + 1] == [_SLASH]:
                    # Folders, each with its `/`, or none. Another `**/` says the same again.
                    self._skip |= state
                    characters.append(_SLASH)
                    at += 1
                    while tokens[at : at + 2] == [_DEEP, _SLASH]:
                        at += 2
                    continue
            else:
                characters.append(token)
            after_slash = token == _SLASH
        self._steps = [0] * 256
        for state, character in enumerate(characters):
            for byte in (character,) if isinstance(character, int) else character:
                self._steps[byte] |= 1 << state  # type: ignore[index]
        self._last = 1 << len(characters)

    def matches(self, text: bytes) -> bool:
        """Whether it stands for all of the text."""
        end = len(text) - len(self._end)
        if end < len(self._begin) or not text.startswith(self._begin) or not text.endswith(self._end):
            return False
        middle = text[len(self._begin) : end]
        return self._part in middle and self._run(middle)

    def _run(self, text: bytes) -> bool:
        steps, skip, deep = self._steps, self._skip, self._stay
        name = deep | self._stay_in_name
        states = 1 | (skip & 1) << 1
        for byte in text:
            entered = (states & steps[byte]) << 1
            entered |= (entered & skip) << 1
            states = entered | states & (deep if byte == _SLASH else name)
            if not states:
                return False
        return states & self._last != 0


def _leading(tokens: list[Token]) -> int:
    """How many tokens at the beginning are bytes."""
    count = 0
    while count < len(tokens) and isinstance(tokens[count], int):
        count += 1
    return count


def _literal(tokens: list[Token]) -> bytes:
    return bytes(token for token in tokens if isinstance(token, int))


def _longest(tokens: list[Token]) -> bytes:
    """The longest part that every text has; a `/` next to a `**` may be left out with it."""
    best, at = b"", 0
    while at < len(tokens):
        count = _leading(tokens[at:])
        run = tokens[at : at + count]
        if at and tokens[at - 1] == _DEEP and run[:1] == [_SLASH]:
            run = run[1:]
        best = max(best, _literal(run), key=len)
        at += max(count, 1)
    return best
