"""Every answer that the rule book can give, with invented facts, for whoever writes its texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from evidence_daemon.errors import BadInput
from evidence_daemon.mail.compose import answer_html, answer_text
from evidence_daemon.mail.message import understand
from evidence_daemon.mail.subject import read_subject
from evidence_daemon.model import Evidence, MailId, ReasonCode, Reply, ReplyKind, receipt_number
from evidence_daemon.rulebook import RuleBook

_RECEIPT = receipt_number(MailId(17))
_GOOD = "1700000019//PRUEBA ANDRADE ANA LUCÍA//INTERNET"
_FAULTY = "1700000019//PRUEBA ANDRADE ANA LUCÍA//AGUA POTABLE"
_ABOUT_THE_SUBJECT = frozenset(
    {ReasonCode.ASUNTO_FORMATO, ReasonCode.ASUNTO_EJEMPLO_COPIADO, ReasonCode.LINEA_NO_RECONOCIDA}
)
_FACTS = (
    ("recibo", _RECEIPT),
    ("fecha", "2021-03-31"),
    ("equipos", "1 control remoto"),
    ("equipos_aceptados", "1 equipo óptico (ONT) y 2 decodificadores"),
    ("valores", "se_reversan"),
    ("max_mb", "25"),
    ("servicio", "Internet"),
)


@dataclass(frozen=True, slots=True)
class Preview:
    """One answer as the customer reads it; `reason` is None for the template alone."""

    kind: ReplyKind
    reason: ReasonCode | None
    text: str

    @property
    def name(self) -> str:
        """Its kind and reason, fit for a file name."""
        return f"{self.kind.value}--{self.reason.value}" if self.reason else self.kind.value

    @property
    def html(self) -> str:
        """The same as a page."""
        return answer_html(self.text)


def previews(book: RuleBook, wanted: str = "") -> Iterator[Preview]:
    """Every kind of answer alone and with each reason that changes its words; `wanted` is one kind or reason.

    Raises `BadInput` when it is neither.
    """
    kinds, codes = [kind.value for kind in ReplyKind], [code.value for code in ReasonCode]
    one_kind = wanted.lower() if wanted.lower() in kinds else ""  # some words are both: the kind is meant
    one_code = wanted.upper() if wanted.upper() in codes and not one_kind else ""
    if wanted and not one_kind and not one_code:
        raise BadInput(f"{wanted}: neither an answer ({', '.join(kinds)}) nor a reason (see: rules reasons)")
    for kind in ReplyKind:
        if one_kind and one_kind != kind:
            continue
        alone = Preview(kind, None, _text(kind, None, book))
        if not one_code:
            yield alone
        for code in ReasonCode:
            if one_code and one_code != code:
                continue
            preview = Preview(kind, code, _text(kind, code, book))
            if _bare(preview.text) != _bare(alone.text):
                yield preview


def _text(kind: ReplyKind, code: ReasonCode | None, book: RuleBook) -> str:
    subject = _FAULTY if code in _ABOUT_THE_SUBJECT else _GOOD
    raw = f"From: Ana <ana@example.ec>\r\nMessage-ID: <1@example.ec>\r\nSubject: {subject}\r\n\r\nAdjunto el acta.\r\n"
    mail = understand(raw.encode(), our_addresses=frozenset())
    received = datetime(2021, 3, 17, 15, 0, tzinfo=UTC)
    evidence = Evidence(_RECEIPT, received, mail, read_subject(mail.subjects, book.subject), (), ())
    return answer_text(Reply(kind, (code,) if code else (), _FACTS), evidence, book)


def _bare(text: str) -> str:
    """Without what differs with the invented subject only."""
    greeting, _, rest = text.partition("\n")
    return rest.replace(_FAULTY, _GOOD) if greeting else rest
