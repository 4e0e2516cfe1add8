"""Events, made up."""

from __future__ import annotations

import copy
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Optional, Union

from .._schema import RECORDS, EventFlag, Kind, StdioFlag
from ..text import TextLike
from ._process import ProcessBuilder, Written, process, with_value
from ._writer import FrameWriter

#: An address, or as it is written.
AddressLike = Union[IPv4Address, IPv6Address, str]

_KINDS = {record.kind: record for record in RECORDS.values() if record.kind is not None}
_WRONLY, _RDWR, _CREAT, _TRUNC, _APPEND = 0o1, 0o2, 0o100, 0o1000, 0o2000
_UNIX, _INET, _INET6 = 1, 2, 10
_STREAM, _DGRAM = 1, 2
_TCP, _UDP = 6, 17


def exec(image: ProcessBuilder) -> EventBuilder:
    """A process began a program. What it was before is a fork of its parent."""
    event = EventBuilder(Kind.EXEC).set("filename", image.finished().get("exe", b""))
    return event.set("image", image).by(image.before())


def fork(child: ProcessBuilder) -> EventBuilder:
    """A process was created, by its parent."""
    return EventBuilder(Kind.FORK).set("child_pid", child.pid).set("child_ns_pid", child.pid).set("child", child)


def connect(peer: str) -> EventBuilder:
    """A TCP socket was connected to an address and port, such as ``1.2.3.4:443`` or ``[2001:db8::1]:443``."""
    address, port = _peer(peer)
    family = _INET if isinstance(address, IPv4Address) else _INET6
    return _socket(family).set("address", address).set("port", port).set("protocol", _TCP)


def connect_unix(path: TextLike) -> EventBuilder:
    """A unix socket was connected."""
    return _socket(_UNIX).set("unix_path", path)


def _socket(family: int) -> EventBuilder:
    return EventBuilder(Kind.CONNECT).set("family", family).set("socket_type", _STREAM).set("fd", 3)


def _peer(written: str) -> tuple[Union[IPv4Address, IPv6Address], int]:
    address, _, port = written.rpartition(":")
    try:
        return ip_address(address.strip("[]")), int(port)
    except ValueError:
        raise ValueError(f"{written!r} is not an address and port") from None


class EventBuilder:
    """An event: made by :func:`~lanner.testing.open`, :func:`exec` and so on, or of any kind and fields.

    One that is made of a kind alone succeeded: numbers that every host gives are 0 and texts are empty, files are
    regular, and nothing else is known. Its methods give a changed copy.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = _KINDS[int(kind)]
        self._header: dict[str, Any] = {"flags": 0}
        if self.kind.has_result:
            self._header["result"] = 0
        self._values: dict[str, Any] = {}
        for field in self.kind.fields.values():
            if field.always and field.reads != "row" and field.type != "list":
                self._values[field.name] = {"text": b"", "bytes16": bytes(16)}.get(field.type, 0)
        if "file_mode" in self.kind.fields:
            self._values["file_mode"] = 0o100644
        self._by: Optional[ProcessBuilder] = None
        #: How long after the event before it, ns; None where nothing is said.
        self.since: Optional[int] = None

    def set(self, field: str, value: Any) -> EventBuilder:
        """Any field of its kind, by its name; None makes it unknown. A field that names a process takes one."""
        changed = copy.copy(self)
        changed._values = with_value(self.kind.name, self._values, field, value)
        return changed

    def _with(self, **header: Any) -> EventBuilder:
        changed = copy.copy(self)
        changed._header = {**self._header, **header}
        return changed

    def _flag(self, flag: int, result: int) -> EventBuilder:
        return self._with(flags=self._header["flags"] | flag, result=result)

    def by(self, process: ProcessBuilder) -> EventBuilder:
        """Who did it; where nothing is said, a process of which nothing is known but that it is root's."""
        changed = copy.copy(self)
        changed._by = process
        return changed

    def after(self, seconds: float) -> EventBuilder:
        """How long after the event before it, or the beginning of the test."""
        changed = copy.copy(self)
        changed.since = round(seconds * 1e9)
        return changed

    def failed(self, errno: int) -> EventBuilder:
        """It failed, with this errno."""
        return self._flag(EventFlag.FAILED, -errno)

    def submitted(self) -> EventBuilder:
        """It was handed to io_uring, and what came of it is not known."""
        return self._flag(EventFlag.IO_URING | EventFlag.SUBMITTED, 0)

    def returned(self, result: int) -> EventBuilder:
        """It returned this."""
        return self._with(result=result)

    def under_way(self) -> EventBuilder:
        """A connect of a non-blocking socket: it has begun, and how it ends is not known yet."""
        return self.returned(-115)

    def flags(self, flags: int) -> EventBuilder:
        """An open with just these flags (open(2))."""
        return self.set("flags", flags)

    def read(self) -> EventBuilder:
        """An open, for reading."""
        return self.flags(self._values["flags"] & ~(_WRONLY | _RDWR))

    def write(self) -> EventBuilder:
        """An open, for writing; the file is created where it is not there."""
        return self.flags(self._values["flags"] & ~_RDWR | _WRONLY | _CREAT)

    def read_write(self) -> EventBuilder:
        """An open, for reading and writing."""
        return self.flags(self._values["flags"] & ~_WRONLY | _RDWR)

    def append(self) -> EventBuilder:
        """An open, for writing at the end."""
        event = self.write()
        return event.flags(event._values["flags"] | _APPEND)

    def truncate(self) -> EventBuilder:
        """An open, for writing; what was in the file is gone."""
        event = self.write()
        return event.flags(event._values["flags"] | _TRUNC)

    def created(self) -> EventBuilder:
        """An open, for writing, that created the file."""
        return self.write().set("created", True)

    def udp(self) -> EventBuilder:
        """A connect, by UDP."""
        return self.set("protocol", _UDP).set("socket_type", _DGRAM)

    def stdio_socket(self, peer: str) -> EventBuilder:
        """An exec whose standard input, output and error are an internet socket, connected to this address and port."""
        address, port = _peer(peer)
        flags = StdioFlag.STDIN_SOCKET | StdioFlag.STDOUT_SOCKET | StdioFlag.STDERR_SOCKET
        return self.set("stdio", flags).set("peer_address", address).set("peer_port", port)

    def add(self, writer: FrameWriter, written: Written, seq: int, time: int) -> None:
        """Writes it."""
        header = {**self._header, "seq": seq, "time": time}
        if self.kind.has_process:
            header["process"] = written.row(self._by or process(""))
        rows = {name: written.row(value) for name, value in self._values.items() if isinstance(value, ProcessBuilder)}
        writer.event(self.kind, header, {**self._values, **rows})


