"""Pictures of pages, as they were read; and what the customer sent, which no browser opens by itself."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from evidence_daemon.model import Document, Sha256
from evidence_daemon.store import records
from evidence_daemon.web.frame import In
from evidence_daemon.web.item import mail_of

router = APIRouter()


@router.get("/cola/{receipt}/pagina/{raster}")
def picture(visit: In, receipt: str, raster: str) -> Response:
    """A page as it was read: our own picture, and only one that belongs to this mail."""
    mail_id = mail_of(receipt)
    with visit.rooms.database.reading() as session:
        known = {
            page.raster
            for reading in records.load_readings(session, mail_id)
            if isinstance(reading, Document)
            for page in reading.pages
        }
    if raster not in known:
        raise HTTPException(404)
    try:
        content = visit.rooms.pipeline.blobs.get(Sha256(raster))
    except OSError:
        raise HTTPException(404) from None
    # Its name is its content, so a browser may keep it while the session lasts.
    return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=3600, immutable"})


@router.get("/cola/{receipt}/adjunto/{number}")
def original(visit: In, receipt: str, number: int) -> Response:
    """What the customer sent, as a download that no browser opens by itself."""
    mail_id = mail_of(receipt)
    with visit.rooms.database.reading() as session:
        mail = records.load_mail(session, mail_id)
    with visit.rooms.pipeline.mails.opened(mail) as (email, _signatures):
        if not 1 <= number <= len(email.attachments):
            raise HTTPException(404)
        attachment = email.attachments[number - 1]
        content = Path(attachment.file).read_bytes() if attachment.file else attachment.content
    visit.record("original downloaded", mail_id=mail_id, attachment=number)
    return _download(content, f"{receipt}-{number}{_suffix(attachment.name)}")


@router.get("/cola/{receipt}/correo")
def whole_mail(visit: In, receipt: str) -> Response:
    """The mail itself, byte by byte, as a download."""
    mail_id = mail_of(receipt)
    with visit.rooms.database.reading() as session:
        mail = records.load_mail(session, mail_id)
    visit.record("original downloaded", mail_id=mail_id, attachment=0)
    return _download(visit.rooms.pipeline.blobs.get(mail.sha256), f"{receipt}.eml")


def _download(content: bytes, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


def _suffix(name: str) -> str:
    """The end of a file's name, if it is one that helps: ours, not the sender's."""
    found = re.search(r"\.(pdf|jpe?g|png|heic|heif|webp|tiff?|gif|bmp|docx|odt|zip)$", name.lower())
    return found[0] if found else ".bin"
