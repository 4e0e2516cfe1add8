"""What rules raise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal, Optional, Union

from . import _host, cbor
from ._generated import Event, Process
from .text import Text, escape

__all__ = ["Fact", "Out", "SEVERITIES", "Severity"]

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[str, ...] = ("info", "low", "medium", "high", "critical")

#: The value of a fact. A text of the kernel and bytes are a path, other strings a text.
Fact = Union[Text, str, bytes, bool, int, float, IPv4Address, IPv6Address, Process, Sequence["Fact"], None]


class Out:
    """Where a handler raises findings. It knows the rule and the event at hand."""

    __slots__ = ("_index", "_event")

    def __init__(self, rule: int) -> None:
        self._index = rule
        self._event: Optional[Event] = None

    def finding(
        self,
        message: str,
        *,
        facts: Optional[Mapping[str, Fact]] = None,
        key: Optional[str] = None,
        severity: Optional[Severity] = None,
        process: Union[Process, int, None] = None,
        because_of: Iterable[Union[Event, int]] = (),
    ) -> None:
        """Raises a finding.

        :param message: what happened, in one line for a person.
        :param facts: more, by name, as what it is: a number, a path, an address, a process, or a list of them. What is
            not known is left out.
        :param key: what it is about, such as a path: findings of the rule with the same key are about the same thing,
            and may be shown as one.
        :param severity: where it is worse, or less bad, than the rule's findings are.
        :param process: the process that it is about, or its image id, which the pack kept. Otherwise it is the one of
            the newest event: for an exec the image that begins.
        :param because_of: earlier events that are behind it, or their sequence numbers. The one at hand is always.
        """
        finding: dict[str, Any] = {"rule": self._index, "message": escape(message)}
        if severity is not None:
            if severity not in SEVERITIES:
                raise ValueError(f"{severity!r} is no severity; there are {', '.join(SEVERITIES)}")
            finding["severity"] = severity
        events = {event if isinstance(event, int) else event.seq for event in because_of}
        if self._event is not None:
            events.add(self._event.seq)
        if events:
            finding["events"] = sorted(events)
        if isinstance(process, Process):
            process = process.image if process.is_known else None
        if process is not None:
            finding["process"] = process
        if key is not None:
            finding["key"] = escape(key)
        fields = [[name, fact] for name, value in (facts or {}).items() if (fact := _fact(value)) is not None]
        if fields:
            finding["fields"] = fields
        _host.emit(cbor.encode(finding))


def _fact(value: Fact) -> Any:
    """A fact as it travels; None for what is not known."""
    if isinstance(value, Text):
        return ["path", value.raw] if value.is_known else None
    if value is None or isinstance(value, (str, bool, float)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, bytes):
        return ["path", value]
    if isinstance(value, (IPv4Address, IPv6Address)):
        mapped = value.ipv4_mapped if isinstance(value, IPv6Address) else None
        return ["address", (mapped or value).packed]
    if isinstance(value, Process):
        return ["process", value.image] if value.is_known else None
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return ["list", *(fact for each in value if (fact := _fact(each)) is not None)]
    raise TypeError(f"a {type(value).__name__} is no fact: numbers, texts, addresses, processes and lists of them are")
