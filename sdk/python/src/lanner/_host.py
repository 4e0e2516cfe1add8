"""What a pack may call. In a component this is the host; in tests, whoever listens."""

from __future__ import annotations

import sys
from typing import Callable


def _to_stderr(level: str, message: str) -> None:
    print(f"{level}: {message}", file=sys.stderr)


def _to_nobody(finding: bytes) -> None:
    raise RuntimeError("findings are raised while a pack runs: in a host, or in lanner.testing.PackTest")


#: Takes a finding, as it travels.
emit: Callable[[bytes], None] = _to_nobody
#: Takes a line for the people who run the host, and how much it matters.
log: Callable[[str, str], None] = _to_stderr
