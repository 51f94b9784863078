"""What our own people are told by mail: what needs them now, and the digest of the day."""

from __future__ import annotations

import contextlib
import email
import email.policy
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from living import START, Living, letter, living
from servers import Fault

from evidence_daemon.alerts import Cause, Signs
from evidence_daemon.config import parse
from evidence_daemon.errors import BadConfig
from evidence_daemon.mail.message import understand
from evidence_daemon.model import AutomaticKind, CopyKey, OutboxState, receipt_number
from evidence_daemon.store import audit, incoming, records

PEOPLE = """
[alerts]
alert_to = "operador@cnt.example, jefa@cnt.example"
digest_to = "backoffice@cnt.example"
digest_hour = 7
"""
STAMP = "%Y-%m-%d %H:%M:%S"
QUIET = Signs({}, 10**12)


def told(one: Living) -> list[email.message.EmailMessage]:
    """Send what is due to our people; what they got."""
    before = len(one.smtp.received)
    while one.house.alerts.send_one(one.postman):
        pass
    return [email.message_from_bytes(mail.raw, policy=email.policy.default) for mail in one.smtp.received[before:]]


def look(one: Living, signs: Signs = QUIET) -> list[Cause]:
    return one.house.alerts.look(signs)


def shunt(one: Living, number: int = 1) -> str:
    mail = one.receives(letter("hola", f"c{number}@example.com", number))
    with one.house.database.session() as session:
        session.connection().exec_driver_sql("UPDATE mails SET state = 'RECIBIDO' WHERE id = ?", (mail,))
        one.house.pipeline.shunt(session, mail, "read", "cayó")
    return receipt_number(mail)


def test_all_is_quiet_when_all_is_well(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        one.receives(letter("hola"))
        one.sends()
        assert look(one) == []
        assert told(one) == []


def test_a_shunted_mail_is_alerted_once_a_day_to_each_of_our_people_and_never_to_the_customer(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        receipt = shunt(one)
        assert look(one) == [Cause.SIN_PROCESAR]
        assert look(one) == []
        mails = told(one)
        assert sorted(mail["To"] for mail in mails) == ["jefa@cnt.example", "operador@cnt.example"]
        body = mails[0].get_content()
        assert receipt in body
        assert "queue unshunt" in body
        assert not re.search(r"example\.com|hola", body), "nothing of the customer's"
        one.later(minutes=1)
        shunt(one, 2)
        assert look(one) == [], "one alert per cause and day"
        one.later(days=1)
        assert look(one) == [Cause.SIN_PROCESAR], "what came after the alert is told the next day"
        assert receipt not in told(one)[0].get_content()
        one.later(days=1)
        assert look(one) == [], "what was told and still waits stands in the digest"


def test_an_alert_is_marked_so_that_nobody_answers_it_and_we_do_not_read_it(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        shunt(one)
        look(one)
        (mail, _) = told(one)
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["X-Auto-Response-Suppress"] == "All"
        assert mail["Subject"] == "ALERTA: hay correos que no se pudieron procesar"
        back = understand(one.smtp.received[-1].raw, our_addresses=frozenset())
        assert back.automatic is not None
        assert back.automatic.kind is AutomaticKind.PROPIO


@pytest.mark.parametrize(
    ("signs", "causes"),
    [
        (Signs({"poll posventa": START - timedelta(minutes=14)}, 10**12), []),
        (Signs({"poll posventa": START - timedelta(minutes=15)}, 10**12), [Cause.ACCESO]),
        (Signs({}, 999_999_999), [Cause.DISCO]),
    ],
)
def test_a_login_refused_for_long_and_a_full_disk_are_alerted(
    tmp_path: Path, signs: Signs, causes: list[Cause]
) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        assert look(one, signs) == causes
        assert look(one, signs) == []
        assert len(told(one)) == 2 * len(causes)
        one.later(days=1)
        assert look(one, signs if causes else QUIET) == causes, "as long as it lasts, every day"


def test_a_closed_valve_is_alerted_and_the_alert_leaves_all_the_same(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE, answers="valve_per_15_minutes = 2") as one:
        for number in range(1, 5):
            one.receives(letter("hola", f"c{number}@example.com", number))
        assert len(one.sends()) == 2
        assert look(one) == [Cause.VALVULA]
        (mail, _) = told(one)
        assert "resume --sending" in mail.get_content()
        assert "válvula: 2 respuestas en 15 minutos" in mail.get_content()


def test_an_answer_of_unknown_fate_is_alerted(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        mail = one.receives(letter("hola"))
        one.smtp.faults.append(Fault("DOT", drop=True, keep=True))
        one.sends()
        assert look(one) == [], "it is sent once more first"
        one.later(minutes=11)
        one.smtp.faults.append(Fault("DOT", drop=True, keep=True))
        one.sends()
        assert one.story(mail).answers[0].state is OutboxState.INCIERTO
        assert look(one) == [Cause.ENVIO_INCIERTO]


def test_vanished_mails_are_alerted(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        with one.house.database.session() as session:
            session.connection().exec_driver_sql(
                "INSERT INTO vanished_mails (account, folder, uidvalidity, first_uid, last_uid, noticed_at)"
                " VALUES ('posventa', 'INBOX', 1, 5, 7, '2021-03-17 14:00:00.000000')"
            )
        assert look(one) == [Cause.DESAPARECIDOS]
        assert "3 correos" in told(one)[0].get_content()


def test_a_row_that_somebody_deletes_by_hand_after_filing_is_told_with_its_number(tmp_path: Path) -> None:
    """Elsewhere such a mail was gone from every view, and nobody noticed."""
    with living(tmp_path, more=PEOPLE) as one:
        kept, without_copy, without_row = (
            one.receives(letter("hola", f"c{number}@example.com", number)) for number in (1, 2, 3)
        )
        copies = {mail: one.story(mail).copies[0][0] for mail in (without_copy, without_row)}
        assert one.house.pipeline.missing() == ()
        with contextlib.closing(sqlite3.connect(one.house.config.state_directory / "evidence.db")) as by_hand:
            by_hand.execute("DELETE FROM mail_copies WHERE mail_id = ?", (without_copy,))
            by_hand.execute("DELETE FROM mails WHERE id = ?", (without_row,))
            by_hand.commit()
        missing = one.house.pipeline.missing()
        assert [(each.receipt, each.uid) for each in missing] == [
            (receipt_number(mail), copies[mail].uid) for mail in (without_copy, without_row)
        ]
        assert look(one, Signs({}, 10**12, missing=missing)) == [Cause.FILAS_PERDIDAS]
        text = told(one)[0].get_content()
        assert f"{receipt_number(without_copy)} (INBOX, UID {copies[without_copy].uid})" in text
        assert receipt_number(kept) not in text


def test_a_mail_that_the_server_lists_and_does_not_hand_over_is_told_with_its_number(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        key = CopyKey("posventa", "INBOX", 1, 41)
        assert look(one, Signs({}, 10**12, undeliverable=(key,) * 23)) == [Cause.INACCESIBLES]
        text = told(one)[0].get_content()
        assert "buzón posventa, UID 41" in text
        assert "y 3 más" in text


@pytest.mark.parametrize(("minutes", "causes"), [(59, []), (60, [Cause.SIN_CONEXION])])
def test_a_job_in_trouble_for_an_hour_is_alerted(tmp_path: Path, minutes: int, causes: list[Cause]) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        failing = {"poll posventa": START - timedelta(minutes=minutes)}
        assert look(one, Signs({}, 10**12, failing)) == causes
        assert look(one, Signs({}, 10**12, failing)) == []
        assert len(told(one)) == 2 * len(causes)


def test_the_running_daemon_tells_what_it_sees(tmp_path: Path) -> None:
    """A mailbox that nobody answers at, a lost row: from the job that meets them to the mail that is sent."""
    with living(tmp_path, more=PEOPLE + "unreachable_minutes = 0\n") as one:
        mail = one.receives(letter("hola"))
        with one.house.database.session() as session:
            session.connection().exec_driver_sql("DELETE FROM mail_copies WHERE mail_id = ?", (mail,))
            audit.seal(session)
            session.connection().exec_driver_sql("DROP TRIGGER audit_seals_no_update")
            session.connection().exec_driver_sql("UPDATE audit_seals SET hash = 'x' WHERE id = 1")
        with one.house.daemon() as daemon:
            (door,) = daemon.doors
            daemon._guarded(door.job, partial(daemon.poll, door))  # nobody listens at that port
            daemon.close_books()
            one.now[0] = datetime.now(UTC)
            daemon.look()
            daemon.dispatch()
            daemon.postman.close()
        subjects = {
            str(email.message_from_bytes(sent.raw, policy=email.policy.default)["Subject"])
            for sent in one.smtp.received
        }
    assert {
        "ALERTA: una tarea falla desde hace rato",
        "ALERTA: faltan correos en la base de datos",
        "ALERTA: el registro de auditoría no está íntegro",
    } <= subjects


def test_without_addresses_nothing_is_written(tmp_path: Path) -> None:
    with living(tmp_path) as one:
        shunt(one)
        assert look(one) == []
        assert not one.house.alerts.digest()
        assert told(one) == []


def test_the_digest_says_what_came_what_waits_and_what_is_late_once_a_day(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        late = one.receives(letter("Quiero una revisión", "b@example.com", 2), age=timedelta(days=20))
        soon = one.receives(letter("Quiero una revisión", "c@example.com", 3), age=timedelta(days=13))
        one.receives(letter("hola"))
        one.sends()
        one.now[0] = datetime(2021, 3, 18, 11, 59, tzinfo=UTC)
        assert not one.house.alerts.digest(), "one minute before seven in Ecuador"
        one.later(minutes=1)
        assert one.house.alerts.digest()
        assert not one.house.alerts.digest()
        (mail,) = told(one)
        assert mail["To"] == "backoffice@cnt.example"
        assert mail["Subject"] == "Resumen: 3 llegaron, 2 esperan, 1 fuera de plazo"
        body = mail.get_content().replace("\r\n", "\n")
        assert "  REVISAR: 2\n" in body
        assert f"FUERA DE PLAZO\n  {receipt_number(late)}." in body
        assert f"EN TRES DÍAS\n  {receipt_number(soon)}." in body
        assert "Respuestas enviadas: 1, devueltas: 0." in body
        assert "ANTIGUO: 1" in body
        assert not re.search(r"example\.com", body)
        one.later(days=1)
        assert one.house.alerts.digest()
        assert "Resumen: 0 llegaron" in told(one)[0]["Subject"]


def test_a_notice_that_cannot_be_sent_is_tried_again_and_then_given_up(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE.replace(", jefa@cnt.example", "")) as one:
        shunt(one)
        look(one)
        one.smtp.faults.append(Fault("RCPT", reply="450 4.2.0 later"))
        assert told(one) == []
        one.later(minutes=10)
        one.smtp.faults.append(Fault("RCPT", reply="550 5.1.1 nobody"))
        assert told(one) == []
        one.later(days=1)
        assert told(one) == []


def test_an_address_that_is_none_is_refused_with_its_line() -> None:
    with pytest.raises(BadConfig, match="not an address: operador"):
        parse('[alerts]\nalert_to = "operador, a@b.ec"\n', Path("x"))


def test_the_running_daemon_tells_of_a_refused_login(tmp_path: Path) -> None:
    """The job's own trouble reaches the alert, and a success ends it."""
    from evidence_daemon.errors import LoginRefused

    with living(tmp_path, more=PEOPLE) as one, one.house.daemon() as daemon:

        def refuse() -> None:
            raise LoginRefused("no")

        daemon._guarded("poll posventa", refuse)
        assert set(daemon._refused) == {"poll posventa"}
        daemon._pauses.clear()
        daemon._guarded("poll posventa", lambda: None)
        assert daemon._refused == {}
        assert records.NO_LIMITS.valve == 0


def test_a_list_that_does_not_come_is_told_and_a_faulty_one_too(tmp_path: Path) -> None:
    more = PEOPLE + "\n[imports]\nstale_hours = 30\n"
    with living(tmp_path, more=more) as one:
        with one.house.database.session() as session:
            session.connection().exec_driver_sql("UPDATE incoming_files SET brought_at = ?", (START.strftime(STAMP),))
        assert look(one) == []
        one.later(hours=31)
        assert look(one) == [Cause.LISTA_VIEJA]
        with one.house.database.session() as session:
            brought = incoming.Brought(incoming.CASES, "casos.csv", "x", one.now[0], "daemon", 3)
            incoming.remember(session, brought, {})
        assert look(one) == [Cause.LISTA_CON_FALLAS]
        assert "casos.csv: 3 filas rechazadas" in [mail.get_content() for mail in told(one)][-1]
        one.later(hours=20)
        assert look(one) == [], "told once"


def test_a_batch_that_billing_does_not_answer_is_told_after_five_working_days(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        with one.house.database.session() as session:
            session.connection().exec_driver_sql(
                "INSERT INTO batches (state, created_at, created_by, closed_by, approved_by, exported_by, exported_at, "
                "delivered_to, annulled_by, reason, lines, base, tax, total, sha256) VALUES ('EXPORTADO', :at, "
                "'persona:a', 'persona:a', 'persona:b', 'persona:a', :at, '', '', '', 1, 1, 0, 1, 'x')",
                {"at": START.strftime(STAMP)},
            )
        one.later(days=7)  # a Wednesday again: five working days, to the hour
        assert Cause.LOTE_SIN_RESPUESTA not in look(one)
        one.later(days=1)
        assert look(one) == [Cause.LOTE_SIN_RESPUESTA]
        assert "lote 1, exportado el 17-03-2021 10:00" in told(one)[0].get_content()
