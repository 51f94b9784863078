"""Faults of the sandbox, made to order and the same in every run.

130429 every 20     each 20th message is turned away with this code (also 131056, 4, 131000 …)
500 next 3          the next three meet an HTTP 500 that explains itself (502: one that does not)
lost every 50       it is taken, and the connection ends without an answer
dropped next 1      the connection ends, and it was not taken
130429+2 always     … with "Retry-After: 2"
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence_daemon.demo.cloud_rules import Refusal

_STATUS = {130429: 429, 4: 429, 80007: 429, 131056: 429, 190: 401, 131016: 503, 131000: 500}


@dataclass
class Rule:
    """One fault; see the module's head."""

    what: str
    when: str
    number: int = 0
    retry_after: int = 0
    seen: int = 0

    @classmethod
    def read(cls, text: str) -> Rule:
        """From its text.  Raises `ValueError`."""
        words = text.split()
        what, _, after = words[0].partition("+")
        if not (what.isdigit() or what in ("lost", "dropped")):
            raise ValueError(f"{what!r}: a code, an HTTP status, lost or dropped")
        if words[1:] == ["always"]:
            return cls(what, "always", retry_after=int(after or 0))
        if len(words) != 3 or words[1] not in ("next", "every") or not words[2].isdigit() or words[2] == "0":
            raise ValueError(f"{text!r}: CODE always, CODE next N or CODE every N")
        return cls(what, words[1], int(words[2]), int(after or 0))

    def strikes(self) -> bool:
        """Whether it is this message's turn."""
        self.seen += 1
        if self.when == "every":
            return self.seen % self.number == 0
        return self.when == "always" or self.seen <= self.number

    def refusal(self) -> Refusal:
        """The answer that it gives."""
        code = int(self.what)
        if code == 500:
            return Refusal(131000, "ordered", 500, retry_after=self.retry_after)
        return Refusal(code, "ordered", _STATUS.get(code, 400), retry_after=self.retry_after)
