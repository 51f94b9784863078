"""Keys of senders' domains, asked of the DNS; whoever asks never waits long, however dead it is.

A DNS that has just not answered is left alone for a while: mails that come meanwhile are judged without it
(their signatures are "not checked") instead of each waiting for it anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import dns.exception
import dns.resolver

SECONDS = 3.0
"""How long one mail waits for its keys, all together."""
PATIENCE, LEFT_ALONE = 3, 300.0
"""After so many mails in a row whose keys did not come in time, the DNS is left alone for so many seconds.

Not after the first: one domain whose own servers are silent says nothing about the others.
"""


class Keys(Protocol):
    """Whoever knows the keys of domains."""

    def __call__(self, names: Sequence[str]) -> dict[str, str]:
        """The key record of each name ("" where the domain has none); a name nobody could tell of is missing."""


class DnsKeys:
    """TXT records from the DNS servers of this machine.  Safe to use from several threads."""

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        port: int = 53,
        *,
        seconds: float = SECONDS,
        left_alone: float = LEFT_ALONE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`nameservers` (addresses) instead of the system's; `seconds` a mail waits at most."""
        self._nameservers, self._port = list(nameservers), port
        self._seconds, self._left_alone, self._clock = seconds, left_alone, clock
        self._silences, self._dead_until = 0, 0.0
        self._lock = threading.Lock()

    def __call__(self, names: Sequence[str]) -> dict[str, str]:
        """See `Keys`.  Raises nothing."""
        found: dict[str, str] = {}
        deadline = self._clock() + self._seconds
        with self._lock:
            dead = self._clock() < self._dead_until
        if dead or not names:
            return found
        try:
            resolver = self._resolver()
            for name in names:
                left = deadline - self._clock()
                if left <= 0:
                    break
                found |= self._record(resolver, name, left)
        except (dns.exception.Timeout, dns.resolver.NoResolverConfiguration, OSError):
            self._note(silent=True)
        else:
            self._note(silent=False)
        return found

    def _note(self, *, silent: bool) -> None:
        with self._lock:
            self._silences = self._silences + 1 if silent else 0
            if self._silences >= PATIENCE:
                self._silences, self._dead_until = 0, self._clock() + self._left_alone

    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=not self._nameservers)
        if self._nameservers:
            resolver.nameservers, resolver.port = list(self._nameservers), self._port
        return resolver

    @staticmethod
    def _record(resolver: dns.resolver.Resolver, name: str, seconds: float) -> dict[str, str]:
        try:
            answer = resolver.resolve(f"{name}.", "TXT", lifetime=seconds)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return {name: ""}
        except (dns.resolver.NoNameservers, dns.resolver.YXDOMAIN, dns.exception.DNSException) as trouble:
            if isinstance(trouble, dns.exception.Timeout):
                raise
            return {}  # the domain's own servers are in trouble, or no name can look like this
        return {name: b"".join(next(iter(answer)).strings).decode("ascii", "replace")}
