"""Mails to our own people: the digest of the day, and an alert for the few things that need a person now.

So that no other monitoring is needed to start.  One alert per cause, day and address, through the same SMTP
server; never to customers, never about one (receipt numbers and counts only); marked automatic, so that no
absence notice answers.  They leave also while the house is disarmed or paused: that is when they matter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

from evidence_daemon import observe
from evidence_daemon.config import Config
from evidence_daemon.mail import compose
from evidence_daemon.mail.smtp import Accepted, NotSent, Postman, Refused, Uncertain
from evidence_daemon.model import CopyKey
from evidence_daemon.store import audit, batches, brake, incoming, records, silence, whatsapp
from evidence_daemon.store.closing import Missing
from evidence_daemon.store.database import Database
from evidence_daemon.store.history import first_stored
from evidence_daemon.workdays import ECUADOR, before_working_days

log = logging.getLogger("evidence_daemon.alerts")


class Cause(StrEnum):
    """What a notice is about."""

    RESUMEN = "resumen"
    ACCESO = "acceso"
    SIN_PROCESAR = "sin-procesar"
    ENVIO_INCIERTO = "envio-incierto"
    VALVULA = "valvula"
    DESAPARECIDOS = "desaparecidos"
    DISCO = "disco"
    SIN_CONEXION = "sin-conexion"
    INACCESIBLES = "inaccesibles"
    FILAS_PERDIDAS = "filas-perdidas"
    MUDANZA = "mudanza"
    LISTA_VIEJA = "lista-vieja"
    LISTA_CON_FALLAS = "lista-con-fallas"
    LOTE_SIN_RESPUESTA = "lote-sin-respuesta"
    FRENO = "freno"
    RESPALDO = "respaldo"
    AUDITORIA = "auditoria"
    CIERRE = "cierre"
    CAMPANA_DETENIDA = "campana-detenida"
    CONTACTO_INCIERTO = "contacto-incierto"


_ALERTS: Mapping[Cause, tuple[str, str]] = {
    Cause.LISTA_VIEJA: (
        "no llega la lista de casos",
        "Se decide con la última que llegó. Revise por qué el sistema de facturación no la deja en la carpeta.",
    ),
    Cause.LISTA_CON_FALLAS: (
        "una lista llegó con fallas",
        "Las filas buenas ya están; las demás constan en el archivo .errores.csv, junto a la lista, en la carpeta "
        "hechos (o fallidos, cuando no se pudo usar nada). Corríjalas y deje la lista otra vez.",
    ),
    Cause.LOTE_SIN_RESPUESTA: (
        "facturación no responde un lote de reversos",
        "Vea «evidence-daemon batches show NÚMERO» y pida la respuesta; «batches export NÚMERO» entrega otra vez "
        "los mismos archivos, byte por byte.",
    ),
    Cause.FRENO: (
        "se detuvieron los reversos automáticos",
        "Hubo más reversos en una hora de los que [breaker] permite; desde entonces cada correo espera a una persona. "
        "Revise por qué («evidence-daemon status», «queue list») y continúe con «evidence-daemon resume --accepting "
        "--as NOMBRE».",
    ),
    Cause.RESPALDO: (
        "no hay un respaldo reciente",
        "Vea «journalctl -u evidence-daemon-backup» y haga uno con «evidence-daemon backup».",
    ),
    Cause.AUDITORIA: (
        "el registro de auditoría no está íntegro",
        "Guarde una copia de la base de datos y vea «evidence-daemon audit verify».",
    ),
    Cause.CAMPANA_DETENIDA: (
        "se detuvo una campaña",
        "Vea «evidence-daemon campaigns status NÚMERO» y, si es una plantilla, «evidence-daemon whatsapp templates "
        "status». Cuando la causa esté resuelta, continúe con «campaigns resume NÚMERO --as NOMBRE».",
    ),
    Cause.CONTACTO_INCIERTO: (
        "no se sabe si unos mensajes de una campaña llegaron",
        "El proveedor no contestó y tampoco informó después. No se envían otra vez; cuentan como enviados, y al "
        "cumplirse el plazo de entrega se intenta por otro canal. Vea «evidence-daemon whatsapp doubts».",
    ),
    Cause.ACCESO: (
        "el servidor rechaza nuestra clave",
        "Mientras tanto no se reciben o no se envían correos; ninguno se pierde. Corrija el archivo de la clave (o "
        "vuelva a autorizar la cuenta): se lee de nuevo en cada intento.",
    ),
    Cause.SIN_CONEXION: (
        "una tarea falla desde hace rato",
        "«poll» recibe correos de un buzón, «dispatch» envía las respuestas. Ningún correo se pierde: esperan en el "
        "buzón o en la cola. Compruebe la red y el servidor de correo; la causa consta en el registro del programa.",
    ),
    Cause.INACCESIBLES: (
        "el servidor lista correos y no los entrega",
        "Ábralos en un programa de correo. El sistema los pide otra vez cada cuarto de hora.",
    ),
    Cause.FILAS_PERDIDAS: (
        "faltan correos en la base de datos",
        "Llegaron, constan en la auditoría y ya no están: alguien cambió la base fuera del programa, o se dañó. Los "
        "originales siguen en las carpetas del buzón. Restaure un respaldo, o devuelva cada correo a la bandeja de "
        "entrada: se procesa otra vez y nada se reversa dos veces.",
    ),
    Cause.CIERRE: (
        "el buzón, los registros y los resultados no cuadran",
        "Un correo sin registro nunca se procesó: devuélvalo a la bandeja de entrada, y se procesa como nuevo. Un "
        "recibo sin resultado sigue en camino desde hace horas: vea «evidence-daemon explain RECIBO» y el registro "
        "del programa. «evidence-daemon closing» hace la cuenta otra vez.",
    ),
    Cause.SIN_PROCESAR: (
        "hay correos que no se pudieron procesar",
        "Vea la historia con «evidence-daemon explain RECIBO». Corrija la causa y use «queue unshunt RECIBO», o "
        "decida el caso con «queue settle RECIBO».",
    ),
    Cause.ENVIO_INCIERTO: (
        "no se sabe si una respuesta llegó",
        "Vea «evidence-daemon explain RECIBO», compruebe con el cliente y use «queue done RECIBO ENVIO_INCIERTO».",
    ),
    Cause.VALVULA: (
        "se detuvo el envío de respuestas",
        "Salieron más respuestas de las que la válvula permite. Revise por qué («evidence-daemon status», "
        "«queue list») y continúe con «evidence-daemon resume --sending --as NOMBRE».",
    ),
    Cause.DESAPARECIDOS: (
        "desaparecieron correos del buzón antes de leerlos",
        "Otro programa, una regla del servidor o una persona los movió o borró. Revise quién más usa el buzón.",
    ),
    Cause.MUDANZA: (
        "la base de datos es una copia o fue restaurada",
        "Todo se decide y nada se envía: lo que esperaba pudo haberse enviado ya. Revise «evidence-daemon status» y "
        "«answers held», deje salir lo que falte y continúe con «evidence-daemon arm».",
    ),
    Cause.DISCO: (
        "queda poco espacio en el disco",
        "Sin espacio no se reciben correos; esperan en el buzón. Libere espacio en el directorio de estado.",
    ),
}
"""What is wrong, and what to do about it."""

RETRY_MINUTES = 10
TRIES = 150
"""About a day: later the next digest tells it."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What only the running daemon sees: since when which job's login is refused, and the free bytes on disk."""

    refused: Mapping[str, datetime]
    free_bytes: int
    failing: Mapping[str, datetime] = field(default_factory=dict)
    """Since when which job meets any other trouble."""
    undeliverable: tuple[CopyKey, ...] = ()
    """Mails that a server lists and, several times asked, does not hand over."""
    missing: tuple[Missing, ...] = ()
    """What the last closing count lacked."""
    trail: str = ""
    """What is wrong with the audit trail; "" when it is whole."""
    unknown: tuple[str, ...] = ()
    """Where mails lie in a mailbox that have no row."""
    idle: tuple[str, ...] = ()
    """Receipts of mails that have no outcome for hours."""


class Alerts:
    """Looks, writes down whom to tell what, and sends it.  Does nothing without configured addresses."""

    def __init__(self, database: Database, config: Config, clock: Callable[[], datetime]) -> None:
        self._database, self._config, self._clock = database, config, clock

    def look(self, signs: Signs) -> list[Cause]:
        """Write alerts for what needs a person now and was not told today; returns their causes."""
        settings, now = self._config.alerts, self._clock()
        if not settings.alert_addresses:
            return []
        found = self._found(signs, now)
        return [cause for cause, detail in found.items() if self._post(cause, *self._alert(cause, detail), now)]

    def digest(self) -> bool:
        """Write the digest of the day, once its hour has come; True when it was not written before."""
        settings, now = self._config.alerts, self._clock()
        local = now.astimezone(ECUADOR)
        if not settings.digest_addresses or local.hour < settings.digest_hour:
            return False
        with self._database.reading() as session:
            last = records.posted(session, Cause.RESUMEN)
            if last is not None and last[0] >= local.date():
                return False
            since = last[1] if last is not None else now - timedelta(days=1)
            facts = records.digest(session, since, local.date(), local.date() + timedelta(days=3))
        return self._post(Cause.RESUMEN, *_digest(facts), now)

    def send_one(self, postman: Postman) -> bool:
        """Send the next due notice.  False when none is due.  Raises `LoginRefused`."""
        now = self._clock()
        with self._database.reading() as session:
            notice = records.next_notice(session, now)
        if notice is None:
            return False
        outcome = postman.send(notice.raw, self._config.smtp.from_address, notice.to_address)
        match outcome:
            case Accepted(response=words):
                sent, again = True, False
            case Uncertain(detail=words):  # told twice is worse here than told perhaps: tomorrow's digest has it
                sent, again = True, False
            case Refused(response=words, permanent=permanent):
                sent, again = False, not permanent
            case NotSent(detail=words):
                sent, again = False, True
        next_at = now + timedelta(minutes=RETRY_MINUTES) if again and notice.attempts < TRIES else None
        with self._database.session() as session:
            records.notice_tried(session, notice.id, words, now=self._clock(), sent=sent, next_at=next_at)
        if not sent:
            to = observe.masked_address(notice.to_address)
            observe.say(log, logging.WARNING, "notice not sent", to=to, response=words)
        return True

    # ── what is wrong ────────────────────────────────────────────────────────────────────────────

    def _found(self, signs: Signs, now: datetime) -> dict[Cause, str]:
        """What needs a person, each with its details in Spanish."""
        settings = self._config.alerts
        with self._database.reading() as session:
            last = {
                word: records.posted(session, cause)
                for word, cause in (
                    ("shunted", Cause.SIN_PROCESAR),
                    ("uncertain", Cause.ENVIO_INCIERTO),
                    ("vanished", Cause.DESAPARECIDOS),
                )
            }
            told = {word: when[1] if when else now - timedelta(days=1) for word, when in last.items()}
            needs = records.needs(session, told)
            moved = records.moved_at(session)
            braked = brake.closed(session)
            backup = self._backup(session, now)
            lists = self._lists(session, now)
            stopped = _named(silence.stopped_by_itself(session))
            doubts = whatsapp.doubted(session, now - whatsapp.GRACE)
        patience = timedelta(minutes=settings.login_refused_minutes)
        longer = timedelta(minutes=settings.unreachable_minutes)
        found = {
            Cause.ACCESO: _jobs(signs.refused, now - patience),
            Cause.SIN_CONEXION: _jobs(signs.failing, now - longer),
            Cause.INACCESIBLES: _named([f"buzón {key.account}, UID {key.uid}" for key in signs.undeliverable]),
            Cause.FILAS_PERDIDAS: _named([f"{one.receipt} ({one.folder}, UID {one.uid})" for one in signs.missing]),
            Cause.SIN_PROCESAR: ", ".join(needs.shunted),
            Cause.ENVIO_INCIERTO: ", ".join(needs.uncertain),
            Cause.VALVULA: needs.valve,
            Cause.DESAPARECIDOS: f"{needs.vanished} correos" if needs.vanished else "",
            **lists,
            Cause.FRENO: braked,
            Cause.CAMPANA_DETENIDA: stopped,
            Cause.CONTACTO_INCIERTO: f"{doubts} mensajes" if doubts else "",
            Cause.RESPALDO: backup,
            Cause.AUDITORIA: signs.trail,
            Cause.CIERRE: _named(
                [f"sin registro: {place}" for place in signs.unknown]
                + [f"sin resultado: {receipt}" for receipt in signs.idle]
            ),
            Cause.MUDANZA: f"desde {_moment(moved)}" if moved is not None else "",
            Cause.DISCO: (
                f"{signs.free_bytes // 1_000_000} MB libres en {self._config.state_directory}"
                if signs.free_bytes < settings.disk_free_mb * 1_000_000
                else ""
            ),
        }
        return {cause: detail for cause, detail in found.items() if detail}

    def _lists(self, session: records.Session, now: datetime) -> dict[Cause, str]:
        """What is wrong with the files that come and go."""
        hours, days = self._config.imports.stale_hours, self._config.batches.response_days
        newest = incoming.last(session, incoming.CASES)
        stale = bool(hours) and (newest is None or now - newest.at > timedelta(hours=hours))
        posted = records.posted(session, Cause.LISTA_CON_FALLAS)
        faulty = incoming.faulty_since(session, posted[1] if posted else now - timedelta(days=1))
        late: tuple[batches.Batch, ...] = ()
        if days:
            last_day = before_working_days(now.astimezone(ECUADOR).date(), days)
            late = batches.unanswered(session, datetime.combine(last_day + timedelta(days=1), time(), ECUADOR))
        return {
            Cause.LISTA_VIEJA: (f"la última: {_moment(newest.at)}" if newest else "no llegó ninguna") if stale else "",
            Cause.LISTA_CON_FALLAS: "\n".join(
                f"{one.name}: " + (f"{one.refused} filas rechazadas" if one.refused > 0 else "no se pudo usar")
                for one in faulty
            ),
            Cause.LOTE_SIN_RESPUESTA: "\n".join(
                f"lote {one.id}, exportado el {_moment(one.exported_at)}" for one in late if one.exported_at
            ),
        }

    def _backup(self, session: records.Session, now: datetime) -> str:
        """How old the last proven backup is, when it is too old and there is something to lose; else ""."""
        hours = self._config.backup.stale_hours
        last = audit.last_of(session, "backup made")
        since = last or first_stored(session)
        if not hours or since is None or now - since <= timedelta(hours=hours):
            return ""
        return f"el último: {_moment(last)}" if last else "nunca se hizo uno"

    @staticmethod
    def _alert(cause: Cause, detail: str) -> tuple[str, str]:
        what, advice = _ALERTS[cause]
        return f"ALERTA: {what}", f"{what[:1].upper()}{what[1:]}:\n\n{detail}\n\n{advice}\n"

    def _post(self, cause: Cause, subject: str, text: str, now: datetime) -> bool:
        settings, smtp = self._config.alerts, self._config.smtp
        addresses = settings.digest_addresses if cause is Cause.RESUMEN else settings.alert_addresses
        day = now.astimezone(ECUADOR).date()
        domain = smtp.from_address.rpartition("@")[2]
        new = False
        with self._database.session() as session:
            for number, to in enumerate(addresses, start=1):
                raw = compose.notice(
                    subject,
                    text,
                    from_address=smtp.from_address,
                    from_name="evidence_daemon",
                    to=to,
                    message_id=compose.wire_message_id("aviso", f"{cause.value}.{day.isoformat()}", number, domain),
                    at=now,
                )
                new |= records.post(session, cause, day, to, raw, now=now)
        if new:
            observe.say(
                log, logging.WARNING if cause is not Cause.RESUMEN else logging.INFO, "notice", cause=cause.value
            )
        return new


# ── the digest ───────────────────────────────────────────────────────────────────────────────────


def _digest(facts: records.Digest) -> tuple[str, str]:
    """Subject and text of the digest."""
    status = facts.status
    waits = sum(status.lanes.values())
    late = f", {len(facts.late)} fuera de plazo" if facts.late else ""
    lines = [f"Desde {_moment(facts.since)} (hora de Ecuador)."]
    if not status.armed:
        lines.append("DESARMADO: todo se decide y nada se envía.")
    lines += [f"EN PAUSA, {what}: {who}." for what, who in _pauses(status) if who]
    lines += ["", "QUÉ LLEGÓ", *(_counts(facts.came) or ["  Nada."])]
    lines.append(f"  Respuestas enviadas: {facts.answered}, devueltas: {facts.bounced}.")
    lines.append(
        f"  Valores marcados: USD {facts.reversed_cents / 100:.2f}. Por reversar: {status.to_reverse / 100:.2f}."
    )
    lines += ["", "QUÉ ESPERA A UNA PERSONA", *(_counts(status.lanes) or ["  Nada."])]
    if status.oldest_review is not None:
        lines.append(f"  Lo más antiguo espera desde {_moment(status.oldest_review)}.")
    if status.withheld:
        lines += ["", "RESPUESTAS RETENIDAS («evidence-daemon answers held»)", *_counts(status.withheld)]
    lines += ["", "QUÉ ESTÁ FUERA DE PLAZO", f"  {_receipts(facts.late)}"]
    lines += ["", "QUÉ VENCE EN TRES DÍAS", f"  {_receipts(facts.late_soon)}"]
    return f"Resumen: {sum(facts.came.values())} llegaron, {waits} esperan{late}", "\n".join(lines) + "\n"


def _jobs(since: Mapping[str, datetime], before: datetime) -> str:
    return "\n".join(sorted(f"{job}: desde {_moment(at)}" for job, at in since.items() if at <= before))


def _named(things: list[str]) -> str:
    """A line for each, at most twenty."""
    return "\n".join(things[:20] + ([f"y {len(things) - 20} más"] if len(things) > 20 else []))


def _pauses(status: records.Status) -> list[tuple[str, str]]:
    return [("recepción", status.intake_paused), ("envío", status.sending_paused)]


def _counts(table: Mapping[str, int]) -> list[str]:
    return [f"  {name}: {count}" for name, count in sorted(table.items())]


def _receipts(receipts: tuple[str, ...]) -> str:
    more = f" y {len(receipts) - 20} más" if len(receipts) > 20 else ""
    return f"{', '.join(receipts[:20])}{more}." if receipts else "Nada."


def _moment(at: datetime) -> str:
    return at.astimezone(ECUADOR).strftime("%d-%m-%Y %H:%M")
