"""How the command line shows things: where all stands, and the story of one mail.  Spanish, for staff."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from evidence_daemon.model import (
    Case,
    DigitalSignature,
    Document,
    Field,
    Fields,
    ItemOutcome,
    MailId,
    ManyCases,
    Match,
    NoCase,
    OneCase,
    Unreadable,
    receipt_number,
)
from evidence_daemon.observe import masked_address
from evidence_daemon.store.records import Held, Judged, Review, Status, Story
from evidence_daemon.store.work import Work

out = Console()
err = Console(stderr=True)


def usd(cents: int) -> str:
    """Cents as people here write them.

    >>> usd(1035050)
    '10.350,50'
    """
    return f"{cents / 100:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def print_json(value: object) -> None:
    """Print any of our values as JSON on standard output."""
    json.dump(value, sys.stdout, default=_plain, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def _plain(value: object) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Enum():
            return value.value
        case Path():
            return str(value)
        case frozenset() | set():
            return sorted(value)
        case _ if is_dataclass(value):
            return {field.name: getattr(value, field.name) for field in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def print_status(status: Status) -> None:
    """Where everything stands, with the ages of what waits."""
    table = Table(
        "", "Estado", "Cuántos", title="evidence_daemon" + ("" if status.armed else "  ·  DESARMADO: no se envía nada")
    )
    if status.intake_paused:
        still = "" if status.drained else "; lo recibido se sigue procesando"
        out.print(f"Recepción en pausa: {status.intake_paused}{still}.", style="yellow", markup=False)
    if status.not_sending and status.armed:
        until = f", hasta {_moment(status.not_sending_until)}" if status.not_sending_until else ""
        out.print(f"No se envían respuestas: {status.not_sending}{until}.", style="yellow", markup=False)
    if status.drained:
        out.print("Nada está en camino: el programa se puede detener.", style="green")
    for title, counts in (
        ("Correos", status.mails),
        ("Cola", status.lanes),
        ("Respuestas", status.outbox),
        ("Retenidas por", status.withheld),
        ("Casos", status.cases),
        ("Valores", status.charges),
    ):
        for number, (state, count) in enumerate(sorted(counts.items())):
            table.add_row(title if number == 0 else "", state, str(count))
        table.add_section()
    out.print(table)
    out.print(f"Por reversar: USD {usd(status.to_reverse)}")
    for words, since in (
        ("El correo sin decidir más antiguo llegó", status.oldest_unfinished),
        ("Lo más antiguo de la cola espera", status.oldest_review),
        ("La respuesta sin enviar más antigua espera", status.oldest_unsent),
    ):
        if since is not None:
            out.print(f"{words} desde hace {_age(since)}.")
    if status.work is not None:
        _print_work(status.work)
    if status.vanished:
        out.print(
            f"[red]{status.vanished} correos desaparecieron del buzón antes de ser vistos[/red] "
            "(los UID están en el registro): ¿otro programa o una regla los mueve?"
        )
    if status.cage:
        out.print(f"Los documentos se abren encerrados: {status.cage}.", markup=False)
    if status.next_respond_by is not None:
        out.print(f"Próximo límite legal de respuesta: {status.next_respond_by:%d-%m-%Y}.")


def _print_work(work: Work) -> None:
    """Who works, and what none could bring to an end."""
    if work.workers:
        table = Table("Proceso", "Versión", "Hace", "Turnos", "Correos en mano", "Última señal", title="Procesos")
        for one in work.workers:
            table.add_row(
                one.executor,
                one.version,
                ", ".join(one.roles),
                "\n".join(one.turns) or "-",
                "\n".join(receipt_number(MailId(mail)) for mail in one.holding) or "-",
                _moment(one.beat_at) if one.alive else f"[red]sin señal desde {_moment(one.beat_at)}[/red]",
            )
        out.print(table)
    out.print(f"Correos que esperan a un proceso: {work.waiting}; en mano: {work.in_hand}.")
    for letter in work.dead[:10]:
        out.print(
            f"{letter.receipt} no se pudo procesar ({letter.stage}): {letter.trouble}", markup=False, style="yellow"
        )
    if work.dead:
        out.print(f"Sin procesar: {len(work.dead)}.  Otra vez: evidence-daemon queue unshunt RECIBO --as NOMBRE")


def print_withheld(rows: Iterable[Held]) -> None:
    """Answers that are kept back, oldest first."""
    table = Table("Recibo", "Respuesta", "Para", "Por qué", "Desde hace", "Sale sola", title="Respuestas retenidas")
    for row in rows:
        table.add_row(
            row.receipt,
            row.kind.value,
            masked_address(row.to_address),
            row.withheld.value,
            _age(row.created_at),
            _moment(row.release_at) if row.release_at else "no",
        )
    out.print(table if table.row_count else "Ninguna respuesta está retenida.")


def print_queue(rows: Iterable[Review]) -> None:
    """What waits for a person, oldest first."""
    table = Table("Recibo", "Carril", "Espera", "Responder hasta", "Motivos", "Resumen", title="Cola de revisión")
    for row in rows:
        table.add_row(
            row.receipt,
            row.lane.value,
            _age(row.opened_at),
            f"{row.respond_by:%d-%m-%Y}" if row.respond_by else "-",
            "\n".join(row.reasons) or "-",
            row.summary,
        )
    out.print(table if table.row_count else "Nada espera a una persona.")


def print_story(story: Story) -> None:
    """The whole walk of one mail."""
    mail = story.mail
    out.print(
        Panel(
            Group(
                Text(
                    f"Recibido {_moment(mail.received_at)}, responder hasta {mail.respond_by:%d-%m-%Y}"
                    if mail.respond_by
                    else ""
                ),
                Text(f"Asunto: {mail.subject or '(sin asunto)'}"),
                Text(f"Remitente: {mail.sender or '-'}"),
                Text(f"Bytes: {mail.size}   SHA-256: {mail.sha256}"),
                *(
                    Text(f"Copia {key.account}/{key.folder} UID {key.uid}: {_where(role)}")
                    for key, role in story.copies
                ),
                *([Text(f"No se pudo procesar ({mail.stage}): {mail.trouble}", style="red")] if mail.trouble else []),
            ),
            title=f"{mail.receipt}  ·  {mail.state.value}",
        )
    )
    for reading in story.readings:
        match reading:
            case Document(name=name, media_type=kind, pages=pages, total_pages=total):
                engines = ", ".join(sorted({page.engine.value for page in pages}))
                out.print(f"Leído: {name} ({kind}), {len(pages)} de {total} páginas, {engines}", markup=False)
                for signature in reading.signatures:
                    out.print(f"  Firma digital {_signature(signature)}", markup=False)
            case Unreadable(name=name, reason=reason, detail=detail):
                out.print(f"No leído: {name}: {reason.value} ({detail})", markup=False)
    for paper in story.papers:
        _print_paper(paper)
    for judged in story.decisions:
        _print_decision(judged)
    for answer in story.answers:
        out.print(
            f"Respuesta {answer.kind.value} a {answer.to_address}: {answer.state.value}"
            f"{f' ({answer.withheld.value})' if answer.withheld else ''}, "
            f"intentos {answer.attempts} {answer.response}",
            markup=False,
        )
    if story.by_hand is not None:
        out.print(f"Respondido a mano: se vio el {_moment(story.by_hand)}", markup=False)
    for review in story.reviews:
        out.print(f"Espera a una persona ({review.lane.value}): {review.summary}", markup=False)
    if story.events:
        table = Table("Cuándo", "Quién", "Qué", title="Historia")
        for event in story.events:
            table.add_row(_moment(event.at), event.actor, event.action)
        out.print(table)


def _signature(signature: DigitalSignature) -> str:
    """A digital signature in a line: what it is worth, whose, when, over what."""
    who = " de ".join(filter(None, (signature.signer, signature.organisation))) or "sin nombre"
    parts = [
        f"{signature.verdict.value}: {who}, avalada por {signature.issuer or 'nadie'}",
        _moment(signature.signed_at) if signature.signed_at else "",
        "todo el documento" if signature.whole else "sólo una parte",
        "PRUEBA de la empresa" if signature.proof else "",
        signature.detail,
    ]
    return "; ".join(filter(None, parts))


def _print_paper(paper: Fields) -> None:
    table = Table(
        "Campo",
        "Valor",
        "Como está escrito",
        "Confianza",
        "Probado",
        "Regla",
        "Página y lugar",
        title=f"Papel: {paper.kind.value}, {paper.direction.value}",
    )

    def row(name: str, field: Field | None) -> None:
        if field is not None:
            proven = "sí" if field.proven else "no"
            table.add_row(name, field.value, field.raw, f"{field.confidence:.2f}", proven, field.rule, _place(field))

    for name in ("number", "date", "office", "holder", "id_number", "service_number", "line", "agent"):
        row(name, getattr(paper, name))
    for line in paper.equipment:
        row(f"{line.type.value} serie", line.serial)
        row(f"{line.type.value} MAC", line.mac)
        if line.serial is None and line.mac is None:
            table.add_row(line.type.value, f"× {line.count}", line.text, "", "", "", "")
        for name, written in (("estado", line.state), ("accesorios", line.accessories)):
            if written:
                table.add_row(f"{line.type.value} {name}", written, "", "", "", "", "")
    out.print(table)


def _place(field: Field) -> str:
    """Where on the paper a value stands: its page, and its box in hundredths of the page from the upper left."""
    if field.box is None:
        return str(field.page)
    corners = (field.box.x0, field.box.y0, field.box.x1, field.box.y1)
    return f"{field.page}: {' '.join(f'{100 * corner:.0f}' for corner in corners)}"


def _print_decision(judged: Judged) -> None:
    grounds = judged.settlement.decision.grounds
    out.print(
        f"\n[bold]Decisión {judged.number}: {judged.verdict.value}[/bold]  {_moment(judged.decided_at)}, "
        f"{judged.actor}, reglas {judged.edition}"
    )
    out.print(_match(judged.match), markup=False)
    rules = Table("", "Regla", "Veredicto", "Motivos", "Por qué", title="Lo que dijo cada regla")
    for finding in grounds.findings:
        rules.add_row(
            "→" if finding.decided else "",
            finding.rule,
            finding.verdict.value,
            "\n".join(finding.reasons),
            finding.staff,
        )
    for silent in grounds.silent:
        why = [f"falta {', '.join(silent.missing)}"] if silent.missing else []
        why += [f"lo impide {', '.join(silent.barred)}"] if silent.barred else []
        rules.add_row("", silent.rule, "calló", "", "; ".join(why), style="dim")
    out.print(rules)
    if grounds.items:
        items = Table("Equipo", "Resultado", "Por qué", title="Equipo por equipo")
        for item in grounds.items:
            style = "green" if item.outcome is ItemOutcome.ACREDITAR else "yellow"
            items.add_row(str(item.item_id), Text(item.outcome.value, style=style), item.because)
        out.print(items)
    for signal in grounds.signals:
        rests = f" [{'; '.join(signal.evidence)}]" if signal.evidence else ""
        out.print(f"Señal {signal.strength.value}: {signal.name}: {signal.because}{rests}", markup=False)
    changes = Table("Qué", "Antes", "Después", title="Lo que cambió")
    for case in judged.settlement.cases:
        changes.add_row(f"Caso {case.case_id}", case.before.value, case.after.value)
    for piece in judged.settlement.items:
        changes.add_row(f"Equipo {piece.item_id}", piece.before.value, piece.after.value)
    for charge in judged.settlement.charges:
        changes.add_row(f"Valor {charge.charge_id}", charge.before.value, charge.after.value)
    if changes.row_count:
        out.print(changes)
    for entry in judged.entries:
        out.print(
            f"Asiento: {entry.kind.value} {entry.operation.value} valor {entry.charge_id}: USD {usd(entry.amount)}",
            markup=False,
        )


def _match(found: Match) -> str:
    match found:
        case OneCase(case=case, because=because):
            return f"Caso {_case(case)}: {'; '.join(because)}"
        case ManyCases(cases=cases, because=because):
            return f"Varios casos ({', '.join(map(_case, cases))}): {'; '.join(because)}"
        case NoCase(because=because):
            return f"Ningún caso: {'; '.join(because)}"


def _case(case: Case) -> str:
    return f"{case.id} ({case.line.value} {case.service_number})"


def _where(role: object) -> str:
    return f"en {role}" if role is not None else "todavía en la bandeja de entrada"


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%d-%m-%Y %H:%M:%S")


def _age(since: datetime) -> str:
    minutes = int((datetime.now(UTC) - since).total_seconds() // 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
