"""The door of this room for stored mails: a digest in, the mail understood and its signatures looked at out.

Small mails are understood here, large ones in a process of their own (`apart`).
"""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from evidence_daemon.errors import Temporary
from evidence_daemon.mail import signatures
from evidence_daemon.mail.apart import Opened, understand_apart
from evidence_daemon.mail.authenticity import MAX_HEADER, from_domain
from evidence_daemon.mail.keys import Keys
from evidence_daemon.mail.message import understand
from evidence_daemon.mail.spool import MEMORY_BYTES
from evidence_daemon.model import Email, Sha256
from evidence_daemon.store.blobs import Blobs


class Stored(Protocol):
    """What must be known of a mail to open it."""

    @property
    def sha256(self) -> Sha256: ...
    @property
    def oversized(self) -> bool: ...


class Opener:
    """Opens stored mails.  Safe to use from several threads at once.

    `keys` tells the keys of signing domains (None: signatures are not looked at), `spool` is a directory for
    the attachments of large mails, on a disk; `remembered` is of how many mails the facts are kept at hand.
    """

    def __init__(
        self,
        blobs: Blobs,
        *,
        our_addresses: frozenset[str],
        spool: Path,
        keys: Keys | None = None,
        remembered: int = 4,
    ) -> None:
        self._blobs, self._ours, self.spool, self._keys = blobs, our_addresses, spool, keys
        self._remembered, self._facts = remembered, OrderedDict[Sha256, Email]()

    @contextmanager
    def opened(self, mail: Stored) -> Iterator[Opened]:
        """The mail with its attachments, and a verdict for each signature; files of a large one go with the block.

        Raises `Unparsable` and what `Blobs.get` raises.
        """
        header = self._blobs.head(mail.sha256, MAX_HEADER)
        domain = from_domain(header)
        names = signatures.key_names(header, domain) if self._keys is not None and not mail.oversized else ()
        keys = self._keys(names) if self._keys is not None and names else {}
        if not self._large(mail):
            raw = self._blobs.get(mail.sha256)
            email = understand(raw, our_addresses=self._ours, header_only=mail.oversized)
            verdicts = signatures.check(raw, domain, keys) if names else ()
            del raw
            self._remember(email)
            yield email, verdicts
            return
        try:
            self.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
            scratch = tempfile.TemporaryDirectory(prefix="opened-", dir=self.spool)
        except OSError as trouble:
            raise Temporary(f"a large mail could not be opened: {trouble.strerror or trouble}") from trouble
        with scratch, self._blobs.file(mail.sha256) as file:
            email, verdicts = understand_apart(
                file, mail.sha256, our_addresses=self._ours, keys=keys, scratch=Path(scratch.name)
            )
            self._remember(email)
            yield email, verdicts if names else ()

    def facts(self, mail: Stored) -> Email:
        """The mail without its attachments' bytes: for the judging transaction, which must stay short.

        Raises as `opened`.
        """
        known = self._facts.get(mail.sha256)
        if known is not None:
            return known
        if self._large(mail):
            with self._blobs.file(mail.sha256) as file:
                email, _ = understand_apart(file, mail.sha256, our_addresses=self._ours, keys={})
        else:
            email = understand(self._blobs.get(mail.sha256), our_addresses=self._ours, header_only=mail.oversized)
        return self._remember(email)

    def _large(self, mail: Stored) -> bool:
        return not mail.oversized and self._blobs.size(mail.sha256) > MEMORY_BYTES

    def _remember(self, email: Email) -> Email:
        light = replace(email, attachments=tuple(replace(one, content=b"", file="") for one in email.attachments))
        self._facts[email.sha256] = light
        while len(self._facts) > self._remembered:
            self._facts.popitem(last=False)
        return light
