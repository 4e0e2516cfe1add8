"""Filters: what of a kind's events a rule wants. The host compares, and hands over only what passes.

Fields are in :mod:`lanner.fields`; their methods make filters, and ``&``, ``|`` and ``~`` put them together::

    from lanner import fields as f

    f.open.path.starts_with("/etc/cron.") & ~f.process.exe.equals("/usr/bin/crontab")

A test of a field that is not known does not hold; its negation does.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Generic, NoReturn, Optional, TypeVar, Union, overload

from . import address as _address
from ._schema import EventFlag
from .matching import Networks, TextSet, parse_network
from .text import TextLike, raw_of

__all__ = ["Filter", "FilterError", "all_of", "any_of"]


class FilterError(ValueError):
    """A filter that makes no sense: the host would refuse the pack."""


class Filter:
    """What an event must be like. Made by the methods of fields, and by ``&``, ``|`` and ``~``."""

    __slots__ = ("test", "field", "values")

    def __init__(self, test: str, field: Optional[str], values: tuple[Any, ...]) -> None:
        #: Its name, as it travels: ``equals``, ``all`` and so on.
        self.test = test
        #: The name of the field that it is a test of; None for ``all``, ``any`` and ``not``.
        self.field = field
        #: What the field is compared with, or the filters that it is made of.
        self.values = values

    def __and__(self, other: Filter) -> Filter:
        return _joined("all", self, other)

    def __or__(self, other: Filter) -> Filter:
        return _joined("any", self, other)

    def __invert__(self) -> Filter:
        return Filter("not", None, (self,))

    def __bool__(self) -> NoReturn:
        raise FilterError("filters are put together by &, | and ~, not by and, or and not")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self.encoded() == other.encoded()

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"<filter {self.encoded()}>"

    def encoded(self) -> list[Any]:
        """As it travels in a description."""
        if self.field is None:
            return [self.test, *(inner.encoded() for inner in self.values)]
        values = (list(value) if isinstance(value, tuple) else _as_text(value) for value in self.values)
        return [self.test, self.field, *values]


def _as_text(value: Any) -> Any:
    """Bytes as a string where they are one, which is easier to read. An address stays bytes, whatever they are."""
    if type(value) is bytes:
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    return bytes(value) if isinstance(value, bytes) else value


class _Packed(bytes):
    """The bytes of an address, which are never a text."""


def _joined(test: str, first: Filter, second: Filter) -> Filter:
    if not isinstance(second, Filter):
        raise FilterError(f"{second!r} is no filter")
    inner = [part for each in (first, second) for part in (each.values if each.test == test else (each,))]
    return Filter(test, None, tuple(inner))


def all_of(*filters: Filter) -> Filter:
    """All of these hold."""
    return Filter("all", None, filters)


def any_of(*filters: Filter) -> Filter:
    """At least one of these holds."""
    return Filter("any", None, filters)


class FieldTests:
    """The tests of a field, whatever it holds."""

    #: What it holds, as a sentence says it.
    what = ""

    def __init__(self, name: str) -> None:
        #: As it stands in filters: ``open.path``.
        self.name = name

    def known(self) -> Filter:
        """Is known. A text that is known may be empty, a number 0."""
        return Filter("known", self.name, ())

    def _test(self, test: str, values: Iterable[Any]) -> Filter:
        values = tuple(values)
        if not values:
            raise FilterError(f"the field {self.name} is tested by {test} with no value at all")
        return Filter(test, self.name, values)

    def _wrong(self, value: Any) -> FilterError:
        return FilterError(f"the field {self.name} is {self.what}, and cannot be compared with {value!r}")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise FilterError(f"the field {self.name} is {self.what}, and cannot be tested by {name}")

    def __repr__(self) -> str:
        return f"<field {self.name}>"


class Texts(FieldTests):
    """A text: paths, names, arguments. Compared as bytes, and with strings or bytes."""

    what = "a text"

    def _bytes(self, texts: Iterable[TextLike]) -> Iterable[bytes]:
        for text in texts:
            if not isinstance(text, (str, bytes)):
                raise self._wrong(text)
            yield raw_of(text)

    def equals(self, *texts: TextLike) -> Filter:
        """Is one of these."""
        return self._test("equals", self._bytes(texts))

    def starts_with(self, *texts: TextLike) -> Filter:
        """Begins with one of these."""
        return self._test("starts-with", self._bytes(texts))

    def ends_with(self, *texts: TextLike) -> Filter:
        """Ends with one of these."""
        return self._test("ends-with", self._bytes(texts))

    def contains(self, *texts: TextLike) -> Filter:
        """Has one of these somewhere in it."""
        return self._test("contains", self._bytes(texts))

    def file_name(self, *names: TextLike) -> Filter:
        """Is a path whose last part is one of these, or is one of them itself."""
        raw = tuple(self._bytes(names))
        return self._test("ends-with", (b"/" + name for name in raw)) | self._test("equals", raw)

    def matches(self, texts: TextSet) -> Filter:
        """Is in the set. The host compares no globs: ask for them in the handler."""
        tests = [self._test(test, values) for test, values in texts.tests()]
        return tests[0] if len(tests) == 1 else any_of(*tests)


class File:
    """The file, by any path that is known of it. A test holds where it holds of one of its paths."""

    def __init__(self, owner: str) -> None:
        self._paths = (Texts(f"{owner}path"), Texts(f"{owner}host_path"))

    def _either(self, test: str, *values: Any) -> Filter:
        path, host_path = self._paths
        found: Filter = getattr(path, test)(*values) | getattr(host_path, test)(*values)
        return found

    def equals(self, *paths: TextLike) -> Filter:
        """Is called one of these."""
        return self._either("equals", *paths)

    def starts_with(self, *paths: TextLike) -> Filter:
        """Is called by what begins with one of these."""
        return self._either("starts_with", *paths)

    def ends_with(self, *paths: TextLike) -> Filter:
        """Is called by what ends with one of these."""
        return self._either("ends_with", *paths)

    def contains(self, *paths: TextLike) -> Filter:
        """Is called by what has one of these somewhere in it."""
        return self._either("contains", *paths)

    def file_name(self, *names: TextLike) -> Filter:
        """Is called so, in whatever folder."""
        return self._either("file_name", *names)

    def matches(self, texts: TextSet) -> Filter:
        """Is called by what is in the set."""
        return self._either("matches", texts)


class Number(FieldTests):
    """A number, or bits."""

    what = "a number"

    def _numbers(self, numbers: Iterable[int]) -> Iterable[int]:
        for number in numbers:
            if not isinstance(number, int) or isinstance(number, bool):
                raise self._wrong(number)
            yield int(number)

    def equals(self, *numbers: int) -> Filter:
        """Is one of these."""
        return self._test("equals", self._numbers(numbers))

    def between(self, least: int, most: int) -> Filter:
        """Lies in this range, both ends included."""
        least, most = self._numbers((least, most))
        if least > most:
            raise FilterError(f"nothing is between {least} and {most}, which {self.name} is tested for")
        return self._test("between", ((least, most),))

    def at_least(self, least: int) -> Filter:
        """Is this number, or more."""
        return self.between(least, (1 << 64) - 1)

    def at_most(self, most: int) -> Filter:
        """Is this number, or less."""
        return self.between(-(1 << 63), most)

    def any_bits(self, bits: int) -> Filter:
        """Has at least one of these bits."""
        return self._bits("any-bits", bits)

    def all_bits(self, bits: int) -> Filter:
        """Has all of these bits."""
        return self._bits("all-bits", bits)

    def no_bits(self, bits: int) -> Filter:
        """Has none of these bits."""
        return self._bits("no-bits", bits)

    def _bits(self, test: str, bits: int) -> Filter:
        (bits,) = self._numbers((bits,))
        if not 0 <= bits < 1 << 64:
            raise FilterError(f"the field {self.name} has 64 bits at the most, which {bits} is not made of")
        return self._test(test, (bits,))


class Returned(Number):
    """What the call returned: a number, a negative errno where it failed."""

    def failed(self) -> Filter:
        """The call failed, as ``event.failed`` says. What is under way did not."""
        return Number("event.flags").any_bits(EventFlag.FAILED)

    def succeeded(self) -> Filter:
        """The call did what it was to do, or that is under way."""
        return self.known() & Number("event.flags").no_bits(EventFlag.FAILED)

    def errno(self, *numbers: int) -> Filter:
        """The call failed with one of these, such as 13 for ``EACCES``."""
        return self.equals(*(-number for number in self._numbers(numbers)))


class YesNo(FieldTests):
    """Yes or no."""

    what = "yes or no"

    def equals(self, yes: bool) -> Filter:
        """Is so, or is known not to be."""
        if not isinstance(yes, bool):
            raise self._wrong(yes)
        return self._test("equals", (yes,))


class Address(FieldTests):
    """An address."""

    what = "an address"

    def equals(self, *addresses: Union[_address.Address, str]) -> Filter:
        """Is one of these: addresses, or as they are written, such as ``"192.0.2.7"``."""
        return self._test("equals", (_Packed(self._packed(address)) for address in addresses))

    def within(self, *networks: Union[str, Networks]) -> Filter:
        """Lies in one of these networks, such as ``"10.0.0.0/8"`` or ``"fd00::/8"``."""
        parts: list[tuple[bytes, int]] = []
        for network in networks:
            parts += network.parts if isinstance(network, Networks) else [self._network(network)]
        return self._test("within", parts)

    def _packed(self, address: Any) -> bytes:
        try:
            return _address.packed(address)
        except (ValueError, AttributeError):
            raise self._wrong(address) from None

    def _network(self, network: Any) -> tuple[bytes, int]:
        try:
            return parse_network(network)
        except (ValueError, TypeError) as error:
            raise FilterError(f"{self.name}: {error}") from None


F = TypeVar("F")


class Scope:
    """Fields, by whose they are."""

    def __init__(self, owner: str) -> None:
        self._owner = owner

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        known = [name for name, value in vars(type(self)).items() if isinstance(value, of)]
        close = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise FilterError(f"there is no field {self._owner}.{name}{hint}")

    def __repr__(self) -> str:
        return f"<fields of {self._owner}>"


class of(Generic[F]):
    """A field of a scope."""

    def __init__(self, tests: type[F], name: str) -> None:
        self._tests = tests
        self._name = name

    @overload
    def __get__(self, scope: None, owner: Any = None) -> of[F]: ...

    @overload
    def __get__(self, scope: Scope, owner: Any = None) -> F: ...

    def __get__(self, scope: Optional[Scope], owner: Any = None) -> Any:
        return self if scope is None else self._tests(f"{scope._owner}.{self._name}")  # type: ignore[call-arg]
