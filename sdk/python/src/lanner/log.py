"""Saying something to the people who run the host. Limited there: a flood is cut and counted.

In tests it goes to standard error, which pytest shows where a test fails.
"""

from __future__ import annotations

from . import _host
from .text import escape

__all__ = ["debug", "error", "info", "warn"]


def debug(message: str) -> None:
    """Says it to who writes the pack."""
    _host.log("debug", escape(message))


def info(message: str) -> None:
    """Says what is worth knowing."""
    _host.log("info", escape(message))


def warn(message: str) -> None:
    """Says that something is not as it should be, and the pack goes on."""
    _host.log("warn", escape(message))


def error(message: str) -> None:
    """Says that something did not work."""
    _host.log("error", escape(message))
