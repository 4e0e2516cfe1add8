"""What a frame holds, read through the views, in the form of the golden texts."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

from lanner import Container, Event
from lanner._frame import EVENT, PROCESS, Frame
from lanner._schema import RECORDS
from lanner._tables import Field, Record
from lanner.address import packed
from lanner.text import Text

_RENAMED = {"flags": "event_flags", "kind": "kind_number"}


def dump(frame: Frame) -> list[str]:
    """Lines as those of the golden text, in the order of the frame's sections."""
    lines: list[str] = []
    for row in range(frame.count(PROCESS)):
        lines += _record(RECORDS["process"], row, frame.process(row))
    for row in range(frame.count(EVENT)):
        place, at = frame.locate(EVENT, row)
        lines += _record(RECORDS["event"], row, Event(place, at, 0))
    containers = [Container(*frame.locate(Container.section, row)) for row in range(min(frame.count(Container.section), 1))]
    for row, container in enumerate(containers):
        lines += _record(RECORDS["container"], row, container)
    # Rows count on from list to list.
    labels = [label for container in containers for label in (*(container.labels or ()), *(container.pod_labels or ()))]
    for row, label in enumerate(labels):
        lines += _record(RECORDS["label"], row, label)
    for row, mount in enumerate(mount for container in containers for mount in container.mounts or ()):
        lines += _record(RECORDS["container_mount"], row, mount)
    for row in range(frame.count(EVENT)):
        event = frame.event(row)
        if event is not None:
            record = next(record for record in RECORDS.values() if record.kind == event.kind)
            lines += _record(record, _payload_row(event), event)
    return lines


def _payload_row(event: Event) -> int:
    return int(event._frame.w32[event._event + 9])


def _row(field: Field, view: Any, at: int) -> str:
    w32 = view._frame.w32
    if w32[at + field.word // 4 + field.bit // 32] >> field.bit % 32 & 1:
        return str(w32[at + field.offset // 4])
    return "-" if not field.always else str(0xFFFFFFFF) if field.reads == "row" else "0"


def _record(record: Record, row: int, view: Any) -> list[str]:
    return [f"{record.name} {row} {field.name} {_field(record, field, view)}" for field in record.fields.values()]


def _field(record: Record, field: Field, view: Any) -> str:
    if field.reads in ("row", "payload"):
        # The row as it stands there, whether there is such a row or not.
        return _row(field, view, view._event if record.name == "event" else view._at)
    name = _RENAMED.get(field.name, field.name) if record.name == "event" else field.name
    return shown(getattr(view, name))


def shown(value: Any) -> str:
    """A value as it stands in the golden text; `-` where it is not known."""
    if isinstance(value, Text):
        return f'"{"".join(map(_byte, value.raw))}"' if value.is_known else "-"
    if isinstance(value, (IPv4Address, IPv6Address)):
        return packed(value).hex()
    if isinstance(value, tuple):
        return str(len(value))
    if isinstance(value, bool):
        return str(value).lower()
    return "-" if value is None else str(value)


def _byte(byte: int) -> str:
    return f"\\x{byte:02x}" if byte in b'"\\' or not 0x20 <= byte < 0x7F else chr(byte)
