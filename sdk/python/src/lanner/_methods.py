"""What rules ask of processes and events, beyond their bare fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Optional

from ._frame import Frame
from ._schema import RECORDS, EventFlag, Kind, ProcessFlag, StdioFlag
from ._cached import cached
from ._views import View
from .address import Address, is_public
from .text import UNKNOWN, Text, escape

if TYPE_CHECKING:
    from ._generated import Process

# As plain numbers: an IntFlag takes ten times as long to compare.
_UPPER, _MEMFD, _DELETED = int(ProcessFlag.EXE_UPPER), int(ProcessFlag.EXE_MEMFD), int(ProcessFlag.EXE_DELETED)
_SETUID, _WRITABLE = int(ProcessFlag.EXE_SETUID), int(ProcessFlag.EXE_WRITABLE)
_PARTIAL, _KERNEL_THREAD = int(ProcessFlag.PARTIAL), int(ProcessFlag.KERNEL_THREAD)
_SELF_TEST = int(ProcessFlag.SELF_TEST)
_FORGED = _DELETED | _MEMFD | _WRITABLE | int(ProcessFlag.EXE_UNREACHABLE | ProcessFlag.EXE_FOREIGN)
#: The host's own user namespace (PROC_USER_INIT_INO of include/linux/proc_ns.h).
_FIRST_USER_NAMESPACE = 0xEFFF_FFFD

_FAILED, _TRUNCATED, _EVENT_PARTIAL = int(EventFlag.FAILED), int(EventFlag.TRUNCATED), int(EventFlag.PARTIAL)
_UNRESOLVED, _SUBMITTED = int(EventFlag.UNRESOLVED), int(EventFlag.SUBMITTED)
_STDIN_SOCKET, _STDOUT_SOCKET = int(StdioFlag.STDIN_SOCKET), int(StdioFlag.STDOUT_SOCKET)

# Where what is asked for most often stands, in words of 32 bits.
_EVENT = RECORDS["event"].fields
_EVENT_FLAGS, _PROCESS = _EVENT["flags"].offset // 4, _EVENT["process"].offset // 4
_HAS_PROCESS = 1 << _EVENT["process"].bit
_FAILED_HERE = _FAILED << _EVENT["flags"].offset % 4 * 8
_OPEN_FLAGS = RECORDS["open"].fields["flags"].offset // 4

# Flags of open(2), the same numbers on all machines that Lanner runs on.
_ACCMODE, _WRONLY, _RDWR, _CREAT, _TRUNC, _APPEND, _PATH = 0o3, 0o1, 0o2, 0o100, 0o1000, 0o2000, 0o10_000_000


class ProcessMethods(View):
    """What rules ask of a process. One that is not known is false."""

    if TYPE_CHECKING:  # What the view that is generated has.

        @property
        def exe(self) -> Text: ...

        @property
        def comm(self) -> Text: ...

        @property
        def argv(self) -> Text: ...

        @property
        def environment(self) -> Text: ...

        @property
        def user(self) -> Text: ...

        @property
        def flags(self) -> int: ...

        @property
        def uid(self) -> int: ...

        @property
        def euid(self) -> int: ...

        @property
        def pid(self) -> int: ...

        @property
        def exe_uid(self) -> Optional[int]: ...

        @property
        def user_ns(self) -> Optional[int]: ...

        @property
        def parent(self) -> Optional[Process]: ...

    def __bool__(self) -> bool:
        return self.is_known

    @property
    def is_known(self) -> bool:
        """Whether the frame has it. Of a process that it does not have, nothing is known."""
        return self is not Frame.unknown_process

    def ancestors(self) -> Iterator[Process]:
        """Its parent, the parent's parent, and so on."""
        process = self.parent
        # A line longer than there are processes is a circle.
        for _ in range(len(self._frame.processes)):
            if process is None:
                return
            yield process
            process = process.parent

    @cached
    def name(self) -> Text:
        """What it is called: the file name of its executable, or where there is none the kernel's short name."""
        return self.exe.file_name or self.comm

    @cached
    def args(self) -> tuple[Text, ...]:
        """The arguments, the program's name first."""
        return _split(self.argv)

    def env(self, name: str) -> Text:
        """What an entry of the environment is set to that the image began with.

        Unknown where it is not set, and where no filter asks for it by its name: there are secrets among the others.
        """
        return next(self.envs(name), UNKNOWN)

    def envs(self, name: str) -> Iterator[Text]:
        """The same of each entry of that name: programs take the first (getenv), others the last."""
        begin = name + "="
        for entry in _split(self.environment):
            if entry.startswith(begin):
                yield Text(entry[len(begin) :])

    @property
    def command_line(self) -> str:
        """The arguments in one line, to be shown."""
        return " ".join(map(escape, self.args))

    @property
    def is_root(self) -> bool:
        """Whether it acts as root."""
        return self.euid == 0

    @property
    def is_upper(self) -> bool:
        """Whether the executable lies on the upper layer of an overlay: it was written after the container began."""
        return self.flags & _UPPER != 0

    @property
    def is_memfd(self) -> bool:
        """Whether the executable is an anonymous memory file."""
        return self.flags & _MEMFD != 0

    @property
    def is_deleted(self) -> bool:
        """Whether the executable had been deleted when it was run."""
        return self.flags & _DELETED != 0

    @property
    def is_setuid(self) -> bool:
        """Whether the executable is setuid or setgid."""
        return self.flags & _SETUID != 0

    @property
    def is_writable(self) -> bool:
        """Whether the executable is writable by its group or by everybody."""
        return self.flags & _WRITABLE != 0

    @property
    def is_partial(self) -> bool:
        """Whether not all of it is known: its exec was lost or came before the host."""
        return self.flags & _PARTIAL != 0

    @property
    def is_kernel_thread(self) -> bool:
        """Whether it is a thread of the kernel."""
        return self.flags & _KERNEL_THREAD != 0

    @property
    def is_self_test(self) -> bool:
        """Whether the host's own self-test started it."""
        return self.flags & _SELF_TEST != 0

    @property
    def exe_is_genuine(self) -> bool:
        """Whether the executable is what its path says, as far as the kernel tells.

        It lies at that path in the process's own mount namespace, belongs to root, and nobody else may write it; and
        the process is in the host's user namespace, as in another one anybody may have mounted what he likes at that
        path. What is not known does not count against it. A path alone can be forged: ask this of a process before you
        trust it by its path.
        """
        return (
            self.flags & _FORGED == 0
            and self.exe_uid in (None, 0)
            and self.user_ns in (None, _FIRST_USER_NAMESPACE)
        )

    def __str__(self) -> str:
        """``cat (pid 123, root)``, as it stands in messages."""
        if not self.is_known:
            return "an unknown process"
        user = str(self.user) if self.user else f"uid {self.uid}"
        return f"{self.name or '?'} (pid {self.pid}, {user})"

    def __repr__(self) -> str:
        return f"<process {self}>"


def _split(texts: Text) -> tuple[Text, ...]:
    """Texts that are each ended by a NUL, but the last where it was cut off."""
    if not texts:
        return ()
    parts = str.split(texts, "\0")
    if not parts[-1]:
        parts.pop()
    return tuple(map(Text, parts))


class EventMethods:
    """What rules ask of an event of whatever kind."""

    __slots__ = ("_frame", "_event", "_at")

    if TYPE_CHECKING:  # What the view that is generated has.

        @property
        def event_flags(self) -> int: ...

        @property
        def seq(self) -> int: ...

    #: What happened; None for a kind that this version does not know.
    kind: ClassVar[Optional[Kind]] = None

    def __init__(self, frame: Frame, event: int, at: int) -> None:
        self._frame = frame
        self._event = event
        self._at = at

    @property
    def process(self) -> Process:
        """The image that did it, as it was before the event; unknown where it is nobody's doing."""
        frame, at = self._frame, self._event
        w32 = frame.w32
        if not w32[at] & _HAS_PROCESS:
            return frame.unknown_process
        row = w32[at + _PROCESS]
        try:
            process = frame.processes[row]
        except IndexError:
            return frame.unknown_process
        return frame.process(row) if process is None else process

    @property
    def subject(self) -> Process:
        """The process that a finding about this event is about: for an exec the image that begins."""
        return self.process

    @property
    def failed(self) -> bool:
        """Whether the call failed; ``result`` says how."""
        return self._frame.w32[self._event + _EVENT_FLAGS] & _FAILED_HERE != 0

    @property
    def is_truncated(self) -> bool:
        """Whether a text of it is longer than what was recorded."""
        return self.event_flags & _TRUNCATED != 0

    @property
    def is_partial(self) -> bool:
        """Whether something about it could not be read."""
        return self.event_flags & _EVENT_PARTIAL != 0

    @property
    def is_unresolved(self) -> bool:
        """Whether the path or address is what the caller passed, not what the kernel resolved."""
        return self.event_flags & _UNRESOLVED != 0

    @property
    def is_submitted(self) -> bool:
        """Whether it was handed to io_uring, and what came of it is not known: its result says nothing."""
        return self.event_flags & _SUBMITTED != 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.seq} by {self.process}>"


class OpenMethods:
    """What rules ask of an open."""

    __slots__ = ()

    if TYPE_CHECKING:  # What the view that is generated has.
        _frame: Frame
        _at: int

        @property
        def flags(self) -> int: ...

        @property
        def path(self) -> Text: ...

        @property
        def host_path(self) -> Text: ...

    @property
    def paths(self) -> tuple[Text, ...]:
        """Each path that is known of the file: ``path``, and the host's where that is another (``host_path``)."""
        return tuple(path for path in (self.path, self.host_path) if path.is_known)

    @property
    def is_read(self) -> bool:
        """Whether it may read, or would have, where it failed."""
        flags = self._frame.w32[self._at + _OPEN_FLAGS]
        return flags & _ACCMODE != _WRONLY and not flags & _PATH

    @property
    def is_write(self) -> bool:
        """Whether it may write, or would have, where it failed."""
        flags = self._frame.w32[self._at + _OPEN_FLAGS]
        return flags & _ACCMODE in (_WRONLY, _RDWR) and not flags & _PATH

    @property
    def truncates(self) -> bool:
        """Whether what was in the file is gone (``O_TRUNC``)."""
        return self.flags & (_TRUNC | _PATH) == _TRUNC

    @property
    def may_create(self) -> bool:
        """Whether it may create the file (``O_CREAT``). Whether it did says ``created``."""
        return self.flags & (_CREAT | _PATH) == _CREAT

    @property
    def appends(self) -> bool:
        """Whether it writes at the end only (``O_APPEND``)."""
        return self.is_write and self.flags & _APPEND != 0


class ExecMethods:
    """What rules ask of an exec."""

    __slots__ = ()

    if TYPE_CHECKING:  # What the view that is generated has.

        @property
        def image(self) -> Process: ...

        @property
        def stdio(self) -> int: ...

        @property
        def peer_address(self) -> Optional[Address]: ...

        @property
        def peer_port(self) -> Optional[int]: ...

    @property
    def subject(self) -> Process:
        """The process that a finding about this event is about: the image that begins."""
        return self.image

    @property
    def stdin_is_socket(self) -> bool:
        """Whether standard input is an internet socket."""
        return self.stdio & _STDIN_SOCKET != 0

    @property
    def stdout_is_socket(self) -> bool:
        """Whether standard output is an internet socket."""
        return self.stdio & _STDOUT_SOCKET != 0

    @property
    def stdin_peer(self) -> Optional[tuple[Address, int]]:
        """The peer behind standard input, where that is an internet socket that is connected: address and port."""
        address, port = self.peer_address, self.peer_port
        return None if address is None or port is None else (address, port)


class ConnectMethods:
    """What rules ask of a connect."""

    __slots__ = ()

    if TYPE_CHECKING:  # What the view that is generated has.

        @property
        def family(self) -> int: ...

        @property
        def address(self) -> Optional[Address]: ...

        @property
        def protocol(self) -> Optional[int]: ...

        @property
        def result(self) -> Optional[int]: ...

    @property
    def is_internet(self) -> bool:
        """Whether the peer has an internet address (IPv4 or IPv6)."""
        return self.family in (2, 10)

    @property
    def is_unix(self) -> bool:
        """Whether the peer is a unix socket."""
        return self.family == 1

    @property
    def is_public(self) -> bool:
        """Whether the peer's address is one of the internet at large: see :func:`lanner.is_public`."""
        return is_public(self.address)

    @property
    def is_tcp(self) -> bool:
        """Whether it is TCP."""
        return self.protocol == 6

    @property
    def is_udp(self) -> bool:
        """Whether it is UDP."""
        return self.protocol == 17

    @property
    def is_in_progress(self) -> bool:
        """Whether it is under way: the result of a non-blocking connect is not known yet."""
        return self.result == -115
