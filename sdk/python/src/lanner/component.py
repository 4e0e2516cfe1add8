"""The component: what ``componentize-py`` is told to build. It exports the pack of the module ``pack``.

All of this runs when the component is built, and the instance that a host starts begins where it ended: modules are
loaded, rules are described, sets are prepared. What is wrong with the pack is said then, and no component is built.
"""

from __future__ import annotations

import gc
import io
import sys

from componentize_py_types import Err  # type: ignore[import-not-found]
from wit_world.imports import host  # type: ignore[import-not-found]

from . import _host
from ._running import Running
from .pack import Pack, PackError

_LEVELS = {"debug": host.Level.DEBUG, "info": host.Level.INFO, "warn": host.Level.WARN, "error": host.Level.ERROR}


class _Printed(io.TextIOBase):
    """Where what is printed goes: to the host's log, as there is no terminal."""

    def __init__(self, level: str) -> None:
        self._level = level
        self._line = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            _host.log(self._level, line)
        return len(text)


def _running() -> Running:
    from pack import pack  # type: ignore[import-not-found]

    if not isinstance(pack, Pack):
        raise PackError("the module pack has no Pack that is named pack")
    return Running(pack)


_RUNNING = _running()
_host.emit = host.emit
_host.log = lambda level, message: host.log(_LEVELS[level], message)
sys.stdout, sys.stderr = _Printed("info"), _Printed("error")
# What is here now stays: nobody needs to look whether it can go.
gc.collect()
gc.freeze()


class Rules:
    """The interface ``lanner:pack/rules``."""

    def describe(self) -> bytes:
        return _RUNNING.description

    def configure(self, configuration: bytes) -> None:
        try:
            _RUNNING.configure(configuration)
        except ValueError as error:
            raise Err(str(error)) from None

    def evaluate(self, frame: bytes) -> None:
        _RUNNING.evaluate(frame)

    def tick(self, now: int) -> None:
        _RUNNING.tick(now)

    def save(self) -> bytes:
        return _RUNNING.pack.save()

    def restore(self, state: bytes, version: str) -> None:
        try:
            _RUNNING.pack.restore(state, version)
        except ValueError as error:
            raise Err(str(error)) from None


class WitWorld:
    """The world has no functions of its own."""
