"""The audit trail on a page: who did what, and when.  For supervisors and auditors."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from evidence_daemon.model import mail_of_receipt
from evidence_daemon.store import trail
from evidence_daemon.web.frame import In
from evidence_daemon.web.words import translations

router = APIRouter()

PAGE = 100
"""Events on a page."""


@router.get("/registro")
def history(visit: In, quien: str = "", que: str = "", recibo: str = "", antes: str = "") -> Response:
    """Newest first; by person (`quien`), by deed (`que`), by receipt; `antes` goes on."""
    mail_id = mail_of_receipt(recibo) if recibo.strip() else None
    unknown = bool(recibo.strip()) and mail_id is None
    if antes and not (antes.isdecimal() and len(antes) < 19):
        raise HTTPException(400)
    who = quien.strip()
    actor = who if who in {"", "daemon", "web"} or ":" in who else f"persona:{who}"
    with visit.rooms.database.reading() as session:
        found = trail.entries(
            session,
            before=int(antes) if antes else None,
            actor=actor,
            action=que.strip(),
            mail_id=mail_id,
            limit=PAGE,
        )
    return visit.page(
        "history.html",
        entries=() if unknown else found,
        who=who,
        deed=que.strip(),
        receipt=recibo.strip(),
        deeds=DEEDS,
        deed_words=deed_words,
        more=found[-1].id if len(found) == PAGE and not unknown else None,
    )


def deed_words(action: str) -> str:
    """An action of the audit trail in Spanish; one without a Spanish word stays as it is kept."""
    return str(translations().pgettext("Deed", action))


DEEDS = (
    "viewed", "original downloaded", "answered", "copy seen", "returned", "moved away", "moved in",
    "received", "decided", "answered by hand", "judged again", "judged anew, stands", "put back", "shunted",
    "unshunted", "corrected", "postponed", "proposed", "approved", "proposal withdrawn", "review closed", "superseded",
    "lapsed", "answer bounced", "answers released", "armed", "disarmed", "paused", "resumed", "cases imported",
    "case changed", "batch changed", "looked up", "look-up refused", "taken down", "figures exported", "login",
    "login refused", "logout", "password right", "password changed", "password reset", "code refused",
    "second factor set up", "second factor removed", "second factor reset", "user added", "user role changed",
    "user disabled", "user enabled", "sessions ended", "single sign-on bound", "sign-on refused", "vanished",
    "campaign drafted", "campaign changed", "campaign submitted", "campaign sent back", "campaign approved",
    "campaign started", "campaign paused", "campaign resumed", "campaign cancelled", "campaign test sent",
    "campaign rehearsed", "campaign voice changed", "campaign exported", "campaign contacts seen",
    "contact channels resumed", "contact channel stopped", "suppressed", "suppression lifted", "suppressions exported",
    "backup made", "batch response imported", "brake lifted", "found elsewhere", "legal hold", "legal hold lifted",
    "restored", "rules read anew", "rules refused", "settings", "subject erased", "subject exported",
    "telephone changed", "template asked for", "template changed",
    "brake closed", "register imported", "forgotten",
)  # fmt: skip
"""What can be chosen; the trail may hold more."""
