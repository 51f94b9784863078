"""Writers stand in line.

SQLite lets one transaction write at a time, and who waits asks again every so often: whoever asks at the right moment
is next, and one of many may ask in vain until his patience ends.  Within a process those who write stand in line
instead: first come, first served, and nobody who is not at its head has a connection or a thread of SQLite's.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evidence_daemon.errors import Temporary


class Line:
    """One turn at a time, in the order in which they were asked for.

    `told` is called after each turn with the seconds that it was waited for and held.
    """

    def __init__(self, patience: float, told: Callable[[float, float], None] | None = None) -> None:
        self._patience, self.told = patience, told
        self._lock = threading.Lock()
        self._taken, self._holder = False, 0
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the turn for the block.  Raises `Temporary` when it does not come in time.

        Who holds it and asks again would wait for himself: a mistake of the program, which is told at once.
        """
        if self._holder == threading.get_ident():
            raise RuntimeError("a transaction was begun inside another one of the same thread")
        asked = time.monotonic()
        self._enter()
        self._holder = threading.get_ident()
        begun = time.monotonic()
        try:
            yield
        finally:
            self._holder = 0
            self._leave()
            if self.told is not None:
                self.told(begun - asked, time.monotonic() - begun)

    def _enter(self) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=self._patience):  # whoever was before us let it go
            return
        with self._lock:
            if mine not in self._waiting:  # it was given to us at the last moment
                return
            self._waiting.remove(mine)
        raise Temporary(f"the database was busy for {self._patience:.0f} s (others were writing)")

    def _leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
