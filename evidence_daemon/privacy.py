"""The law's three duties (LOPDP): keep no longer than needed, tell a person what is held of him, forget him.

Each ends with a receipt: what was done, when, by whom, and what stays and why.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from evidence_daemon import observe
from evidence_daemon.config import RetentionConfig
from evidence_daemon.errors import BadInput, Permanent
from evidence_daemon.mail.folders import Folders
from evidence_daemon.model import MailId, receipt_number
from evidence_daemon.pipeline import Pipeline
from evidence_daemon.store import audit, privacy
from evidence_daemon.store.blobs import Blobs
from evidence_daemon.store.privacy import Class, Due

STAYS = (
    "Quedan los números de recibo, los códigos, las huellas de los archivos y los montos del libro mayor "
    "(contabilidad)."
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was forgotten."""

    mails: tuple[str, ...]
    files: int
    copies: tuple[str, ...] = ()
    """Where copies lay in the mailboxes: they were removed there too."""
    left: tuple[str, ...] = ()
    """Copies that a mailbox did not let go: a person removes them there."""


@dataclass(frozen=True)
class Privacy:
    """What the person in charge may do; `actor` stands in the audit trail."""

    pipeline: Pipeline
    blobs: Blobs
    actor: str

    def due(self, settings: RetentionConfig) -> list[Due]:
        """Mails whose time is over; nothing is changed."""
        days = {
            Class.ACCEPTED: settings.accepted_days,
            Class.REFUSED: settings.refused_days,
            Class.UNMATCHED: settings.unmatched_days,
            Class.NOT_EVIDENCE: settings.not_evidence_days,
        }
        with self.pipeline.database.reading() as session:
            return privacy.due(session, days, self.pipeline.clock())

    def retain(self, settings: RetentionConfig) -> Receipt:
        """Forget what is due."""
        return self._forget([(one.mail_id, f"retention: {one.kind.value}") for one in self.due(settings)])

    def erase(self, id_number: str, mailboxes: Iterable[Folders] = ()) -> Receipt:
        """Forget a person's mails and contacts, here and in the folders of the mailboxes.

        The copies go first: what is forgotten here could not be told from other mails there any more.  Raises
        `BadInput` under a legal hold, and while a mail of his is not decided to its end; `Temporary` when a mailbox
        cannot be reached: then nothing here is forgotten, and the same command goes on later.
        """
        with self.pipeline.database.reading() as session:
            if because := privacy.held_because(session, id_number):
                raise BadInput(f"there is a legal hold on this number ({because}); lift it first (`retention lift`)")
            mails = privacy.mails_of(session, id_number)
            waiting = privacy.open_among(session, mails)
            told = privacy.everything(session, id_number, mails)
        if not told:
            raise BadInput(f"nothing is held of {observe.masked(id_number)}")
        if waiting:
            raise BadInput(f"not decided to the end yet: {', '.join(waiting)}; decide them first, then erase")
        gone = {row["mail_id"] for row in told.get("forgotten_mails", ())}
        copies, left = self._remove_copies(mails, mailboxes)
        receipt = self._forget([(mail_id, privacy.REQUESTED) for mail_id in mails if mail_id not in gone])
        receipt = replace(receipt, copies=copies, left=left)
        with self.pipeline.database.session() as session:
            privacy.forget_contacts(session, id_number)
            privacy.by_request(session, sorted(gone))
            detail = {
                "mails": len(receipt.mails),
                "files": receipt.files,
                "copies": list(copies),
                "left": list(left),
            }
            audit.record(session, "subject erased", actor=self.actor, now=self.pipeline.clock(), detail=detail)
        return receipt

    def export(self, id_number: str, directory: Path) -> dict[str, int]:
        """Write all that is held of a person: datos.json, archivos/ and informe.pdf; rows by table.

        Raises `BadInput` when nothing is held.
        """
        with self.pipeline.database.session() as session:
            mails = privacy.mails_of(session, id_number)
            rows = privacy.everything(session, id_number, mails)
            if not rows:
                raise BadInput(f"nothing is held of {observe.masked(id_number)}")
            detail = {"mails": len(mails), "tables": len(rows)}
            audit.record(session, "subject exported", actor=self.actor, now=self.pipeline.clock(), detail=detail)
        files = directory / "archivos"
        files.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        for row in rows.get("mails", ()):
            try:
                (files / f"{receipt_number(MailId(row['id']))}.eml").write_bytes(self.blobs.get(row["sha256"]))
            except Permanent:
                continue  # forgotten: its row says so
        (directory / "datos.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
        _report(directory / "informe.pdf", id_number, rows, self.pipeline.clock().date().isoformat())
        return {name: len(some) for name, some in rows.items()}

    def _remove_copies(
        self, mails: Sequence[MailId], mailboxes: Iterable[Folders]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Remove the copies of mails, proven by their bytes, and of our answers to them, known by their Message-ID."""
        with self.pipeline.database.reading() as session:
            marks = privacy.marks(session, mails)
        removed: list[str] = []
        left: list[str] = []
        for folders in mailboxes:
            found = [
                mail
                for mail in folders.lying(sent=True)
                if mail.message_id in marks.answers
                or (
                    (mail.size in marks.sizes or mail.message_id in marks.names)
                    and folders.digest(mail) in marks.hashes
                )
            ]
            gone = folders.remove(found)
            removed += [f"{folders.account}: {mail.place}" for mail in gone]
            left += [f"{folders.account}: {mail.place}" for mail in found if mail not in gone]
        return tuple(removed), tuple(left)

    def _forget(self, mails: list[tuple[MailId, str]]) -> Receipt:
        files = 0
        for mail_id, reason in mails:
            work = partial(privacy.forget, mail_id=mail_id, reason=reason, actor=self.actor, now=self.pipeline.clock())
            for digest in self.pipeline.database.transact(work):
                self.blobs.remove(digest)
                files += 1
        return Receipt(tuple(receipt_number(mail_id) for mail_id, _reason in mails), files)


def _report(path: Path, id_number: str, rows: dict[str, list[dict[str, Any]]], day: str) -> None:
    """What is held, for the person himself, on paper."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    styles = getSampleStyleSheet()
    story = [
        Paragraph("Datos personales que constan en el sistema de evidencias", styles["Title"]),
        Paragraph(f"Identificación: {escape(id_number)}. Fecha: {day}.", styles["Normal"]),
        Spacer(1, 12),
    ]

    def lines(title: str, texts: list[str]) -> None:
        story.append(Paragraph(f"{title} ({len(texts)})", styles["Heading2"]))
        story.extend(Paragraph(escape(text), styles["Normal"]) for text in texts or ["Nada."])

    lines(
        "Casos",
        [f"{r['line']} {r['service_number']}, titular {r['holder']}: {r['state']}" for r in rows.get("cases", ())],
    )
    lines("Valores", [f"{r['concept']}: USD {r['total'] / 100:.2f}, {r['state']}" for r in rows.get("charges", ())])
    lines(
        "Correos recibidos",
        [
            f"{receipt_number(MailId(r['id']))}, recibido el {r['received_at'][:10]} de "
            f"{r['sender'] or 'dato eliminado'}: «{r['subject'] or 'dato eliminado'}», {r['state']}"
            for r in rows.get("mails", ())
        ],
    )
    lines("Respuestas enviadas", [f"{r['kind']} a {r['recipient']}: {r['state']}" for r in rows.get("outbox", ())])
    lines("Teléfonos", [str(r["phone"]) for r in rows.get("phones", ())])
    others = Counter({name: len(some) for name, some in rows.items()})
    for shown in ("cases", "charges", "mails", "outbox", "phones"):
        others.pop(shown, None)
    lines("Otros registros (en datos.json)", [f"{name}: {count}" for name, count in sorted(others.items())])
    story.append(Spacer(1, 12))
    story.append(
        Paragraph(
            "Puede pedir la rectificación o la eliminación de sus datos respondiendo por escrito. " + STAYS,
            styles["Normal"],
        )
    )
    SimpleDocTemplate(str(path), pagesize=A4, title="Datos personales").build(story)
