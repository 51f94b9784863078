"""Who signed a PDF: the daemon's side of `seals`, with the authorities and names that the configuration trusts."""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents.sandbox import Cell, CellDied, Frame, Limits, NoCell
from evidence_daemon.errors import BadConfig
from evidence_daemon.model import DigitalSignature, DigitalVerdict

SEALS = "evidence_daemon.documents.seals"
_log = logging.getLogger("evidence_daemon.documents")

_MARK = b"/ByteRange"
"""Stands in the clear in every signed PDF, for it names places among the bytes of the file (ISO 32000-2 12.8.1)."""
_MOST_SIGNATURES = 8
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


class Notary:
    """Checks digital signatures, each file's in a cell of its own.  Raises `BadConfig` without readable authorities."""

    def __init__(self, config: DocumentsConfig) -> None:
        self._identities = config.company_identities
        self._authorities = read_certificates(config.signature_authorities)

    @property
    def trusts(self) -> bool:
        """Whether a signature can be a proof here at all."""
        return bool(self._authorities)

    def look(self, pdf: bytes, passwords: Sequence[str], limits: Limits) -> tuple[DigitalSignature, ...]:
        """The signatures of a PDF in the order in which they were made; () for one without.

        A cell that dies of them proves nothing and loses nothing: the file is ILEGIBLE in this respect.
        Raises `NoCell`.
        """
        if _MARK not in pdf:
            return ()
        now = datetime.now(UTC).isoformat()
        facts = {"passwords": list(passwords), "identities": list(self._identities), "now": now}
        try:
            with Cell(SEALS, limits) as cell:
                (told,) = cell.answers(Frame(facts, (pdf, *self._authorities)))
            return tuple(_signature(one) for one in told.facts["signatures"][:_MOST_SIGNATURES])
        except NoCell:
            raise
        except (CellDied, TypeError, ValueError, KeyError) as bad:
            _log.warning("the check of a digital signature died: %s", bad)
            return (DigitalSignature(DigitalVerdict.ILEGIBLE, detail=_shown(str(bad))),)


def read_certificates(directory: str) -> tuple[bytes, ...]:
    """The certificates (DER) of a directory, from files in PEM (several in one) or DER; () where none is named.

    Raises `BadConfig`.
    """
    if not directory:
        return ()
    found: list[bytes] = []
    try:
        for path in sorted(Path(directory).iterdir()):
            content = path.read_bytes() if path.is_file() and not path.name.startswith(".") else b""
            pems = _PEM.findall(content.decode("ascii", "replace"))
            if not pems and content and not content.startswith(b"\x30"):
                raise BadConfig(f"documents.signature_authorities: {path} holds no certificate in PEM or DER")
            found += [ssl.PEM_cert_to_DER_cert(pem) for pem in pems] or ([content] if content else [])
    except (OSError, ValueError) as trouble:
        raise BadConfig(f"documents.signature_authorities: {trouble}") from trouble
    if not found:
        raise BadConfig(f"documents.signature_authorities: there is no certificate in {directory}")
    return tuple(found)


def _signature(told: Mapping[str, Any]) -> DigitalSignature:
    """Believed in this form only.  Raises `ValueError`, `TypeError` or `KeyError`."""
    at = datetime.fromisoformat(told["signed_at"]) if told["signed_at"] else None
    return DigitalSignature(
        verdict=DigitalVerdict(told["verdict"]),
        signer=_shown(told["signer"]),
        organisation=_shown(told["organisation"]),
        issuer=_shown(told["issuer"]),
        signed_at=at.replace(tzinfo=at.tzinfo or UTC) if at else None,
        whole=told["whole"] is True,
        company=told["company"] is True,
        detail=_shown(told["detail"]),
    )


def _shown(text: object) -> str:
    return "".join(c for c in str(text) if c.isprintable())[:200]
