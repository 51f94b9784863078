"""`python -m evidence_daemon` is the command `evidence-daemon`, and the command begins here."""

import os
import signal
import sys

SERVICES = frozenset({"run", "web", "worker"})
"""Commands that go on until they are asked to end."""


def main() -> None:
    """Entry point of the command.

    A service that is asked to end while it still loads has nothing open: it ends well at once (measured: loading
    takes a second and more, and a manager that restarts in haste does ask then).
    """
    if SERVICES.intersection(sys.argv[1:2]):
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    from evidence_daemon.cli import main as command  # noqa: PLC0415  # what takes its time comes after the handler

    command()


if __name__ == "__main__":
    main()
