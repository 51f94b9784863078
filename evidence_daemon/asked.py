"""What a running process is asked by signals: to end (SIGTERM, SIGINT), to read its rules anew (SIGHUP)."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass, field


@dataclass
class Asked:
    """What was asked so far; `stop` may be set by any thread.

    Whoever runs in the main thread asks `stop.is_set()` from time to time and never waits for it: a signal that comes
    as a thread lies down is not heard before the next one, and a handler may find the event's lock held.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    reread: bool = False
    """Not an event, for the same reason."""

    @classmethod
    def listen(cls) -> Asked:
        """Hear signals from now on.  Called first of all: what is asked while a house is opened counts too."""
        asked = cls()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: asked.stop.set())
        signal.signal(signal.SIGHUP, lambda *_: setattr(asked, "reread", True))
        return asked
