"""State that a pack keeps over a reload, to and from what travels.

What a state is made of is said by the annotations of its class, and what does not go with them is refused when it is
read: the version before keeps running then.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any, Union

from .text import Text


class StateError(ValueError):
    """A state cannot be saved, or not be taken over."""


def saved(value: Any, where: str) -> Any:
    """A value, as CBOR has it."""
    if isinstance(value, Text):
        return value.raw
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: saved(getattr(value, name), f"{where}.{name}") for name in names}
    if isinstance(value, Mapping):
        # As pairs: keys of maps that travel are not always what Python takes as keys.
        return [[saved(key, where), saved(item, where)] for key, item in value.items()]
    if isinstance(value, (set, frozenset)):
        return [saved(item, where) for item in sorted(value)]
    if isinstance(value, (list, tuple, deque)):
        return [saved(item, where) for item in value]
    raise StateError(f"{where}: a {type(value).__name__} cannot be saved")


def restored(kind: Any, value: Any, where: str) -> Any:
    """The value of a type, from what CBOR had."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, getattr(types, "UnionType", Union)):
        return _one_of(args, value, where)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise _wrong(kind, value, where)
        return kind(**fields(kind, value, where))
    if kind is Text and isinstance(value, (str, bytes)):
        return Text.of(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = origin or kind
    if plain in (dict, OrderedDict, Mapping):
        key, item = args or (Any, Any)
        pairs = _items(kind, value, where)
        if any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
            raise _wrong(kind, value, where)
        entries = ((restored(key, k, where), restored(item, v, where)) for k, v in pairs)
        return OrderedDict(entries) if plain is OrderedDict else dict(entries)
    if plain is tuple:
        items = _items(kind, value, where)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(restored(args[0], item, where) for item in items)
        if args and len(args) != len(items):
            raise _wrong(kind, value, where)
        return tuple(restored(arg, item, where) for arg, item in zip(args, items)) if args else tuple(items)
    if plain in (list, set, frozenset, deque):
        of = args[0] if args else Any
        return plain(restored(of, item, where) for item in _items(kind, value, where))
    if kind in (int, float, str, bytes, bool, type(None)) and type(value) is kind:
        return value
    if kind is None and value is None:
        return None
    raise _wrong(kind, value, where)


def fields(kind: Any, value: dict[Any, Any], where: str) -> dict[str, Any]:
    """What a map has of the fields of a dataclass: others are passed over, and what is missing keeps its default."""
    hints = typing.get_type_hints(kind)
    known = [field.name for field in dataclasses.fields(kind) if field.init and field.name in value]
    return {name: restored(hints[name], value[name], f"{where}.{name}") for name in known}


def _one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    for kind in kinds:
        try:
            return restored(kind, value, where)
        except StateError:
            continue
    raise _wrong(kinds[0], value, where)


def _items(kind: Any, value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(kind, value, where)
    return value


def _wrong(kind: Any, value: Any, where: str) -> StateError:
    name = getattr(kind, "__name__", None) or str(kind)
    return StateError(f"{where}: a {type(value).__name__} was saved where a {name} is expected")
