"""Filters, compared with events here: where the host does not say what passed, and in tests."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Optional, Union

from ._schema import RECORDS
from ._tables import Field, Record
from .address import packed
from .filters import Filter, FilterError
from .matching.networks import Networks
from .text import UNKNOWN, raw_of

if TYPE_CHECKING:
    from ._generated import Event

#: Whether an event passes.
Sieve = Callable[["Event"], bool]
#: The value of a field of an event; None or UNKNOWN where it is not known.
_Getter = Callable[["Event"], Any]
#: Whether a value passes a test.
_Holds = Callable[[Any], bool]

#: How deep filters may lie in one another: below the outermost one.
MAX_DEPTH = 16
#: What events have under another name than the schema, as kinds have fields of that name.
_RENAMED = {"flags": "event_flags", "kind": "kind_number"}


def check(filter: Filter, kind: Record) -> Sieve:
    """A filter for events of a kind, ready to be compared with them.

    Raises :class:`~lanner.filters.FilterError` where it makes no sense.
    """
    return _sieve(_node(filter, kind, 0))


class _Test:
    """A test of a field."""

    def __init__(self, name: str, get: _Getter, holds: _Holds) -> None:
        self.name = name
        self.get = get
        #: Of a value that is known.
        self.holds = holds


def _node(filter: Filter, kind: Record, depth: int) -> Union[_Test, Sieve]:
    if not isinstance(filter, Filter):
        raise FilterError(f"{filter!r} is no filter")
    if depth > MAX_DEPTH:
        raise FilterError(f"a filter lies deeper than {MAX_DEPTH} in others")
    if filter.field is None:
        inner = [_node(each, kind, depth + 1) for each in filter.values]
        if filter.test == "not" and len(inner) == 1:
            only = _sieve(inner[0])
            return lambda event: not only(event)
        if filter.test not in ("all", "any"):
            raise FilterError(f"{filter.test} is not made of {len(inner)} filters")
        return _all(inner) if filter.test == "all" else _any(inner)
    field, get = _resolve(filter.field, kind)
    values = _values(filter, field)
    return _Test(filter.field, get, _TESTS[filter.test](values, field))


def _sieve(node: Union[_Test, Sieve]) -> Sieve:
    return _some_of(node.get, [node.holds]) if isinstance(node, _Test) else node


def _all(nodes: list[Union[_Test, Sieve]]) -> Sieve:
    sieves = [_sieve(node) for node in nodes]

    def every(event: Event) -> bool:
        for sieve in sieves:
            if not sieve(event):
                return False
        return True

    return every


def _any(nodes: list[Union[_Test, Sieve]]) -> Sieve:
    """Where one of several tests of a field has to hold, the field is read once."""
    fields: dict[str, list[_Test]] = {}
    for node in nodes:
        if isinstance(node, _Test):
            fields.setdefault(node.name, []).append(node)
    sieves = [_some_of(tests[0].get, [test.holds for test in tests]) for tests in fields.values()]
    sieves += [node for node in nodes if not isinstance(node, _Test)]
    if len(sieves) == 1:
        return sieves[0]

    def some(event: Event) -> bool:
        for sieve in sieves:
            if sieve(event):
                return True
        return False

    return some


def _some_of(get: _Getter, tests: list[_Holds]) -> Sieve:
    """One of these holds of a field's value."""

    def some(event: Event) -> bool:
        value = get(event)
        if value is None or value is UNKNOWN:
            return False
        for holds in tests:
            if holds(value):
                return True
        return False

    return some


def _values(filter: Filter, field: Field) -> tuple[Any, ...]:
    """What a field is compared with, texts as bytes, where the test goes with the field."""
    test, values = filter.test, filter.values
    what, fits = _fits(field)
    if test not in _TESTS:
        raise FilterError(f"there is no test {test}")
    if (test == "known") != (not values):
        raise FilterError(f"the field {filter.field} is tested by {test} with {len(values)} values")
    if field.type == "text":
        values = tuple(raw_of(value) if isinstance(value, str) else value for value in values)
    if test != "known" and (test not in fits or not all(fits[test](value) for value in values)):
        raise FilterError(f"the field {filter.field} is {what}, and cannot be tested by {test} as it is")
    if test.endswith("-bits") and len(values) != 1:
        raise FilterError(f"the field {filter.field} is tested by {test} with {len(values)} values")
    return values


def _fits(field: Field) -> tuple[str, dict[str, Callable[[Any], bool]]]:
    """What a field is, and the tests that go with it, each with what it takes."""
    if field.type == "text":
        return "a text", dict.fromkeys(("equals", "starts-with", "ends-with", "contains"), _is_bytes)
    if field.type == "bytes16":
        return "an address", {"equals": lambda value: _is_bytes(value) and len(value) == 16, "within": _is_network}
    if field.reads == "bool":
        return "yes or no", {"equals": lambda value: isinstance(value, bool)}
    bits = dict.fromkeys(("any-bits", "all-bits", "no-bits"), lambda value: _is_number(value) and 0 <= value < 1 << 64)
    return "a number", {"equals": _is_number, "between": _is_range, **bits}


def _is_bytes(value: Any) -> bool:
    return isinstance(value, bytes)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_range(value: Any) -> bool:
    return _is_pair(value) and all(map(_is_number, value)) and bool(value[0] <= value[1])


def _is_network(value: Any) -> bool:
    return _is_pair(value) and _is_bytes(value[0]) and len(value[0]) == 16 and _is_number(value[1]) and 0 <= value[1] <= 128


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2


def _resolve(name: str, kind: Record) -> tuple[Field, _Getter]:
    """The field of a name in events of a kind, and how to get it."""
    owner, _, rest = name.partition(".")
    if owner == "event":
        field = _field(RECORDS["event"], rest, name)
        return field, _getter(None, _RENAMED.get(rest, rest), field, "_event")
    if owner in ("process", "parent", "container"):
        if not kind.has_process:
            raise FilterError(f"events of the kind {kind.name} have no field {name}: they are nobody's doing")
        field = _field(RECORDS["container" if owner == "container" else "process"], rest, name)
        return field, _getter("process" if owner == "process" else f"process.{owner}", rest, field, "_at")
    if owner != kind.name:
        raise FilterError(f"events of the kind {kind.name} have no field {name}")
    named, _, inner = rest.partition(".")
    if not inner:
        field = _field(kind, rest, name)
        return field, _getter(None, rest, field, "_at")
    row = kind.fields.get(named)
    if row is None or row.of != "process":
        raise FilterError(f"there is no field {name}")
    field = _field(RECORDS["process"], inner, name)
    return field, _getter(named, inner, field, "_at")


def _field(record: Record, field: str, name: str) -> Field:
    known = record.fields.get(field)
    if known is None:
        raise FilterError(f"there is no field {name}")
    if not known.comparable:
        raise FilterError(f"the field {name} cannot be compared")
    return known


def _getter(path: Optional[str], attribute: str, field: Field, base: str) -> _Getter:
    """How to get a field of an event, or of the process or container that a path leads to."""
    whose, of_whom = attrgetter(path) if path else None, attrgetter(attribute)
    if whose is None and not field.always:
        return of_whom
    word, mask = field.word // 4 + field.bit // 32, 1 << field.bit % 32

    def get(event: Event) -> Any:
        record: Any = event if whose is None else whose(event)
        if record is None:
            return None
        # What every host gives may still be missing, as of a process that is not known; views give 0 then.
        if field.always and not record._frame.w32[getattr(record, base) + word] & mask:
            return None
        return of_whom(record)

    return get


def _known(values: tuple[Any, ...], field: Field) -> _Holds:
    return lambda value: True


def _equals(values: tuple[Any, ...], field: Field) -> _Holds:
    these = frozenset(values)
    if field.type == "text":
        strings = _strings(values)
        if strings is None:
            return lambda text: text.raw in these
        equal = frozenset(strings)
        return lambda text: text in equal
    if field.type == "bytes16":
        return lambda address: packed(address) in these
    return lambda value: value in these


def _starts_with(values: tuple[Any, ...], field: Field) -> _Holds:
    strings = _strings(values)
    if strings is None:
        return lambda text: text.raw.startswith(values)
    return lambda text: text.startswith(strings)


def _ends_with(values: tuple[Any, ...], field: Field) -> _Holds:
    strings = _strings(values)
    if strings is None:
        return lambda text: text.raw.endswith(values)
    return lambda text: text.endswith(strings)


def _contains(values: tuple[Any, ...], field: Field) -> _Holds:
    return lambda text: any(part in text.raw for part in values)


def _strings(values: tuple[bytes, ...]) -> Optional[tuple[str, ...]]:
    """Texts as strings, where all are UTF-8: these compare as their bytes, and there is no need to have those."""
    try:
        return tuple(value.decode() for value in values)
    except UnicodeDecodeError:
        return None


def _between(values: tuple[Any, ...], field: Field) -> _Holds:
    return lambda value: any(least <= value <= most for least, most in values)


def _any_bits(values: tuple[Any, ...], field: Field) -> _Holds:
    (bits,) = values
    return lambda value: value & bits != 0


def _all_bits(values: tuple[Any, ...], field: Field) -> _Holds:
    (bits,) = values
    return lambda value: value & bits == bits


def _no_bits(values: tuple[Any, ...], field: Field) -> _Holds:
    (bits,) = values
    return lambda value: value & bits == 0


def _within(values: tuple[Any, ...], field: Field) -> _Holds:
    return Networks.of_parts(values).contains


_TESTS: dict[str, Callable[[tuple[Any, ...], Field], _Holds]] = {
    "known": _known,
    "equals": _equals,
    "starts-with": _starts_with,
    "ends-with": _ends_with,
    "contains": _contains,
    "between": _between,
    "any-bits": _any_bits,
    "all-bits": _all_bits,
    "no-bits": _no_bits,
    "within": _within,
}
