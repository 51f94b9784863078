"""Two kinds of trouble, and two kinds of bad input.

    EvidenceDaemonError
    ├── Temporary            will be tried again by itself (network, lock, full disk)
    │   └── LoginRefused     tried again too, but in minutes, and a person is told
    ├── Superseded           another worker has this in hand now: nothing is to be done here any more
    ├── Permanent            will not get better by itself: goes to a person
    │   ├── RefusedTransition  a state may not follow another: a bug, or a race that was lost
    │   └── Unparsable       a mail that no parser can take: quarantine
    └── BadInput             the operator can mend it; the message says how
        ├── BadConfig        config.toml (exit status 78)
        ├── BadRules         rules/ (exit status 78)
        └── BadFile          an import file

An end that is to be expected (no attachment, an unknown line, a protected PDF) is a value, not an
error.  One place catches: the loop around the walk.
"""

from __future__ import annotations


class EvidenceDaemonError(Exception):
    """Base of all errors that this program raises itself."""


class Temporary(EvidenceDaemonError):
    """May well succeed later.  `retry_after` is in seconds; None leaves it to the caller."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LoginRefused(Temporary):
    """A server refused our user or password: wait for minutes, do not hammer (account lock-out)."""


class Superseded(EvidenceDaemonError):
    """Another worker took over what we had in hand, while we were thought dead; what we did is not kept."""


class Permanent(EvidenceDaemonError):
    """Will not succeed by itself: the item goes to a person with this message."""


class RefusedTransition(Permanent):
    """A state was asked to become one that the tables in `cases/ledger.py` do not allow."""


class Unparsable(Permanent):
    """Bytes in which no mail could be found."""


class BadInput(EvidenceDaemonError):
    """Something that the operator wrote and can mend.  `faults` lists everything found, in order."""

    def __init__(self, faults: list[str] | str) -> None:
        self.faults = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))


class BadConfig(BadInput):
    """The configuration file."""


class BadRules(BadInput):
    """The rule book."""


class BadFile(BadInput):
    """A file to import."""
