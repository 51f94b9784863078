"""Lots: which of the mails that nothing stops a person looks at all the same."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

SHOWN: Final = "muestra"
"""What the daemon would accept, and a person is to see."""
TWO_PEOPLE: Final = "cuatro ojos"
"""What a person accepts, and a second is to see."""


def lot(secret: bytes, drawing: str, receipt: str) -> float:
    """Where a mail falls in a drawing, from 0 to below 1: the same whoever asks and whenever it is judged again.

    `secret` is the house's key: receipt numbers follow one another, and whoever writes must not be able to choose one.
    """
    digest = hmac.new(secret, f"{drawing} {receipt}".encode(), hashlib.sha256).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53
