"""How many files processes opened, each in a window of its own."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from lanner import cbor

#: How long a window is, ns of event time.
LENGTH = 10_000_000_000
#: Processes that are remembered.
MOST = 1024


@dataclass
class Window:
    start: int
    count: int
    reported: bool


class Windows:
    """Windows by the ids of processes."""

    def __init__(self) -> None:
        self._windows: dict[int, Window] = {}
        #: Start and process, the first on top; also of windows that have been followed by others since.
        self._starts: list[tuple[int, int]] = []

    def clear(self) -> None:
        self._windows.clear()
        self._starts.clear()

    def opened(self, id: int, time: int, burst: int) -> int | None:
        """Counts an open; gives how many there are, where this is the one that is to be reported."""
        window = self._windows.get(id)
        if window is None or time - window.start > LENGTH:
            window = self._begin(id, Window(time, 0, False))
        window.count += 1
        if window.count <= burst or window.reported:
            return None
        window.reported = True
        return window.count

    def _begin(self, id: int, window: Window) -> Window:
        if id not in self._windows and len(self._windows) == MOST:
            self._forget_first()
        self._windows[id] = window
        heapq.heappush(self._starts, (window.start, id))
        if len(self._starts) > 4 * MOST:
            self._starts = [(window.start, id) for id, window in self._windows.items()]
            heapq.heapify(self._starts)
        return window

    def _forget_first(self) -> None:
        """Forgets the process whose window began first; of several the one with the lowest id."""
        while True:
            start, id = heapq.heappop(self._starts)
            window = self._windows.get(id)
            if window is not None and window.start == start:
                del self._windows[id]
                return

    def save(self) -> bytes:
        windows = sorted(self._windows.items(), key=lambda entry: (entry[1].start, entry[0]))
        return cbor.encode({"windows": [[id, w.start, w.count, w.reported] for id, w in windows]})

    def restore(self, state: bytes) -> None:
        """Raises ``ValueError`` where the state cannot be read."""
        try:
            saved = [(id, Window(start, count, reported)) for id, start, count, reported in cbor.decode(state)["windows"]]
        except (KeyError, TypeError, ValueError) as wrong:
            raise ValueError(f"the saved state cannot be read: {wrong}") from None
        self.clear()
        for id, window in saved:
            self._begin(id, window)
