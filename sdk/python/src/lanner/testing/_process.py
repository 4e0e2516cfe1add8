"""Processes and containers, made up."""

from __future__ import annotations

import copy
import itertools
from typing import Any, Optional

from .._schema import RECORDS, ProcessFlag
from ..text import TextLike
from ..text import raw_of as raw
from ._writer import FrameWriter

#: When the first event happens: any time will do, but not 0.
BEGINNING = 1_700_000_000_000_000_000

_PROCESS, _CONTAINER = RECORDS["process"], RECORDS["container"]
#: Pids and ids of processes; no two tests share one.
_NEXT = itertools.count(1000)


def process(exe: TextLike = "") -> ProcessBuilder:
    """A process that runs this executable, as root; where that is empty, nothing is known of it."""
    return ProcessBuilder(exe)


def container(id: TextLike) -> ContainerBuilder:
    """A container with this id, of which nothing else is known."""
    return ContainerBuilder(id)


class ContainerBuilder:
    """A container, for :meth:`ProcessBuilder.container`. Its methods give a changed copy."""

    def __init__(self, id: TextLike) -> None:
        self._values: dict[str, Any] = {"id": raw(id)}

    def set(self, field: str, value: Any) -> ContainerBuilder:
        """Any field of a container, by its name; None makes it unknown. Labels are maps of ``name`` and ``value``."""
        changed = copy.copy(self)
        changed._values = with_value(_CONTAINER.name, self._values, field, value)
        return changed

    def name(self, name: TextLike) -> ContainerBuilder:
        """Its name."""
        return self.set("name", name)

    def image(self, image: TextLike) -> ContainerBuilder:
        """The image that it was made from."""
        return self.set("image", image)

    def runtime(self, runtime: TextLike) -> ContainerBuilder:
        """What runs it."""
        return self.set("runtime", runtime)

    def label(self, name: TextLike, value: TextLike) -> ContainerBuilder:
        """One more label."""
        return self.set("labels", [*self._values.get("labels", []), {"name": name, "value": value}])


class ProcessBuilder:
    """A process: the image that events come from. Its methods give a changed copy, which is the same process."""

    def __init__(self, exe: TextLike) -> None:
        number = next(_NEXT)
        self._values: dict[str, Any] = {
            "id": number,
            "image": number << 32,
            "pid": number,
            "ns_pid": number,
            "start": BEGINNING,
            "image_start": BEGINNING,
            "flags": 0,
            "exe_mode": 0o100755,
            "exe_fs": 0xEF53,  # ext4's.
            "cwd": b"/",
            "uid": 0,
            "euid": 0,
            "suid": 0,
            "gid": 0,
            "egid": 0,
        }
        if exe:
            self._values["exe"] = raw(exe)
        #: The fields that the test has said something of; what follows from others does not change them.
        self._said: frozenset[str] = frozenset()
        self._parent: Optional[ProcessBuilder] = None
        self._container: Optional[ContainerBuilder] = None

    def set(self, field: str, value: Any) -> ProcessBuilder:
        """Any field of a process, by its name; None makes it unknown."""
        changed = copy.copy(self)
        changed._values = with_value(_PROCESS.name, self._values, field, value)
        changed._said = self._said | {field}
        return changed

    def args(self, *args: TextLike) -> ProcessBuilder:
        """Its arguments, the program's name first. Where nothing is said, there is only that."""
        return self.set("argv", b"".join(raw(arg) + b"\0" for arg in args))

    def env(self, **entries: TextLike) -> ProcessBuilder:
        """Entries of the environment that it began with."""
        return self.set("environment", b"".join(f"{name}=".encode() + raw(to) + b"\0" for name, to in entries.items()))

    def child_of(self, parent: ProcessBuilder) -> ProcessBuilder:
        """The process that it was forked from."""
        changed = copy.copy(self)
        changed._parent = parent
        return changed

    def container(self, container: ContainerBuilder) -> ProcessBuilder:
        """The container that it runs in."""
        changed = copy.copy(self)
        changed._container = container
        return changed

    def exe(self, exe: TextLike) -> ProcessBuilder:
        """Another executable: what the same process is before, or after, an exec."""
        return self.set("image", self._values["image"] + 1).set("exe", exe)

    def comm(self, comm: TextLike) -> ProcessBuilder:
        """The kernel's short name; where nothing is said, the beginning of the executable's."""
        return self.set("comm", comm)

    def uid(self, uid: int) -> ProcessBuilder:
        """Real, effective and saved user id."""
        return self.set("uid", uid).set("euid", uid).set("suid", uid)

    def euid(self, euid: int) -> ProcessBuilder:
        """Effective user id, after :meth:`uid`."""
        return self.set("euid", euid)

    def user(self, user: TextLike) -> ProcessBuilder:
        """Name of the user; where nothing is said, ``root`` for 0 and nothing for others."""
        return self.set("user", user)

    def cwd(self, cwd: TextLike) -> ProcessBuilder:
        """Working directory."""
        return self.set("cwd", cwd)

    def script(self, script: TextLike) -> ProcessBuilder:
        """The script that the executable interprets."""
        return self.set("script", script)

    def flags(self, flags: int) -> ProcessBuilder:
        """More of :class:`~lanner.ProcessFlag`: ``EXE_MEMFD`` for what runs from an anonymous memory file."""
        return self.set("flags", self._values["flags"] | flags)

    def memfd(self) -> ProcessBuilder:
        """Runs from an anonymous memory file."""
        return self.flags(ProcessFlag.EXE_MEMFD)

    def deleted(self) -> ProcessBuilder:
        """Its executable had been deleted."""
        return self.flags(ProcessFlag.EXE_DELETED)

    def upper(self) -> ProcessBuilder:
        """Its executable lies on the upper layer of an overlay."""
        return self.flags(ProcessFlag.EXE_UPPER)

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._values["pid"])

    @property
    def image(self) -> int:
        """Its image id."""
        return int(self._values["image"])

    def before(self) -> ProcessBuilder:
        """The same process before it became this image: a fork of its parent, or where that is not known, of nobody."""
        before = process("") if self._parent is None else copy.copy(self._parent)
        before = before.set("id", self._values["id"]).set("image", self.image - 1).set("pid", self.pid)
        before._parent = self._parent
        return before

    def finished(self) -> dict[str, Any]:
        """Its fields, with what follows from them."""
        exe = self._values.get("exe")
        name = (exe or b"").rsplit(b"/", 1)[-1]
        follows: dict[str, Any] = {"comm": name[:15], "ppid": self._parent.pid if self._parent else 0}
        if exe is not None:
            follows["argv"] = name + b"\0"
        if self._values.get("uid") == 0:
            follows["user"] = b"root"
        return {**self._values, **{name: value for name, value in follows.items() if name not in self._said}}


class Written:
    """What is written of a frame, so that it is there once: rows of processes, by image, and of containers."""

    def __init__(self, writer: FrameWriter) -> None:
        self._writer = writer
        self._processes: dict[int, int] = {}
        self._containers: list[tuple[ContainerBuilder, int]] = []

    def row(self, process: ProcessBuilder) -> int:
        """The row of a process; it and its ancestors are written where they are not yet."""
        row = self._processes.get(process.image)
        if row is None:
            values = process.finished()
            if process._parent is not None:
                values["parent"] = self.row(process._parent)
            if process._container is not None:
                values["container"] = self._container(process._container)
            row = self._processes[process.image] = self._writer.record(_PROCESS, values)
        return row

    def _container(self, container: ContainerBuilder) -> int:
        for there, row in self._containers:
            if there is container:
                return row
        row = self._writer.record(_CONTAINER, container._values)
        self._containers.append((container, row))
        return row


def with_value(record: str, values: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    """Fields, with one of them set, or where there is no value, unknown."""
    if field not in RECORDS[record].fields:
        raise ValueError(f"a record {record} has no field {field}")
    changed = {name: there for name, there in values.items() if name != field}
    if value is not None:
        changed[field] = raw(value) if isinstance(value, str) else value
    return changed
