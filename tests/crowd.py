"""A house with very many cases, and the traces of very many mails: for benches, and to see how it is searched.

Filled with the driver itself: what is measured is the search, not the bringing in.  All people are invented.
"""

# ruff: noqa: E501  (rows of tables)

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from dossier import acta, attachment, claim, document, email, evidence, line

from evidence_daemon.canonical import canonical_serial
from evidence_daemon.cases.identity import check_digit
from evidence_daemon.model import Address, Evidence, Sha256, Signature

_SURNAMES = ("GOYES", "BALSECA", "ZAMBRANO", "VERA", "CHICAIZA", "TOAPANTA", "MORA", "PAZ", "LEMA", "QUISPE", "VACA")
_GIVEN = ("JUAN", "CARLOS", "ANA", "MARIA", "LUIS", "ROSA", "JORGE", "ELENA", "PEDRO", "LUCIA", "DIEGO", "SOFIA")


def cedula(number: int) -> str:
    """The cédula of the `number`-th holder: valid in form, and of sequences that repeat the counter."""
    nine = f"{1 + number % 24:02d}{number % 6}{number // 24 % 1_000_000:06d}"
    return nine + check_digit(nine)


def holder(number: int) -> str:
    return " ".join((
        _SURNAMES[number % 11], _SURNAMES[number // 11 % 11], _GIVEN[number % 12], _GIVEN[(number // 12 + 1) % 12],
    ))  # fmt: skip


def serial(number: int) -> str:
    return f"HWTC{number:08X}"


def file_of(number: int) -> Sha256:
    return Sha256(f"{number:064x}")


def crowd_evidence(number: int) -> Evidence:
    """A faultless mail on the `number`-th case, of a sender of his own, by whom nothing was sent yet."""
    paper = acta(
        line(serial=serial(number)),
        documents=(file_of(number),),
        number=f"AE-{10_000_000 + number}",
        holder=holder(number),
        id_number=cedula(number),
        service_number=f"4{number:08d}",
        office=f"CAC {number % 97}",
        agent=f"AGENTE {number % 977}",
        signature=Signature.HALLADA,
    )
    mail = email(
        sha256=file_of(number),
        sender=Address("", f"cliente{number}@correo.example"),
        attachments=(attachment(file_of(number)),),
    )
    return evidence(
        paper,
        email=mail,
        readings=(document(file_of(number)),),
        subject=claim(cedula(number), holder(number)),
        lot=0.5,  # the book draws one in fifty: none of these
    )


def fill(path: Path, cases: int, now: datetime) -> None:
    """Fill a migrated SQLite file with so many cases (one item, one charge) and a tenth as many judged mails."""
    at = now.strftime("%Y-%m-%d %H:%M:%S.000000")
    base = sqlite3.connect(path)
    try:
        base.execute("PRAGMA synchronous=OFF")
        base.execute("PRAGMA foreign_keys=OFF")

        def insert(table: str, columns: str, rows: Iterator[tuple[object, ...]]) -> None:
            marks = ",".join("?" * (columns.count(",") + 1))
            base.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608

        numbers = range(cases)
        insert(
            "cases",
            "id,id_number,holder,line,service_number,service_key,state,segment,claim_open,in_collection,email,province,"
            "updated_at,activated_on",
            (
                (
                    n + 1, cedula(n), holder(n), "INTERNET_FIJO", f"4{n:08d}", f"4{n:08d}", "ABIERTO",
                    "CARGADO_SIN_PAGO_NI_RECLAMO", 0, 0, "", "", at, "2015-03-01",
                )
                for n in numbers
            ),
        )  # fmt: skip
        insert(
            "items",
            "id,case_id,reference,natural_key,type,description,serial,serial_key,mac,mac_key,state",
            (
                (n + 1, n + 1, "", f"s{n}", "ONT", "ONT", serial(n), canonical_serial(serial(n)), "", "", "PENDIENTE")
                for n in numbers
            ),
        )
        insert(
            "charges",
            "id,case_id,item_id,reference,natural_key,concept,state,base,tax,total,vat_rate,reversed,paid,invoice",
            (
                (n + 1, n + 1, n + 1, "", f"c{n}", "EQUIPO NO DEVUELTO", "FACTURADO", 9000, 1080, 10080, 1200, 0, 0, "")
                for n in numbers
            ),
        )
        _mails(insert, cases // 10, at, now)
        base.commit()
        base.execute("ANALYZE")
        base.commit()
    finally:
        base.close()


def _mails(insert: object, mails: int, at: str, now: datetime) -> None:
    assert callable(insert)
    numbers = range(mails)
    insert(
        "mails",
        "id,sha256,size,oversized,received_at,stored_at,state,attempts,walk,walk_base,decisions,message_id,sender,"
        "subject,content_identity,edition,stage,trouble",
        (
            (
                n + 1, f"{n + 2**200:064x}", 1000, 0, at, at, "ACEPTADO", 1, 0, 0, 1, f"<{n}@x>", f"otro{n}@correo.example",
                "", f"{n + 2**201:064x}", "x", "", "",
            )
            for n in numbers
        ),
    )  # fmt: skip
    insert("mail_cases", "mail_id,case_id", ((n + 1, 10 * n + 1) for n in numbers))
    insert(
        "evidence_uses",
        "mail_id,case_id,what,value,accepted,claimed",
        (
            (n + 1, 10 * n + 1, what, value, 1, 1)
            for n in numbers
            for what, value in (
                ("adjunto", f"{n + 2**202:064x}"),
                ("acta", f"OTRA{n}"),
                ("serie", f"5A544547{n:08X}"),
            )
        ),
    )
    insert(
        "mail_ways",
        "mail_id,way,who,at",
        (
            (n + 1, way, who, (now - timedelta(minutes=7 * n)).strftime("%Y-%m-%d %H:%M:%S.000000"))
            for n in numbers
            for way, who in (("remitente", f"otro{n}@correo.example"), ("agente", f"AGENTE {n % 977} · CAC {n % 97}"))
        ),
    )
    insert(
        "office_actas",
        "mail_id,number,office,series,place,day",
        ((n + 1, f"AE-{n}", f"CAC {n % 97}", "AE", n, "2020-05-12") for n in numbers),
    )
    insert(
        "register_entries",
        "id,natural_key,acta,acta_key,office,day,direction,updated_at",
        (
            (
                n + 1,
                f"r{n}",
                f"AE-{10_000_000 + n}",
                f"AE{10_000_000 + n}",
                f"CAC {n % 97}",
                "2020-05-12",
                "DEVOLUCION",
                at,
            )
            for n in numbers
        ),
    )
    insert("register_serials", "entry_id,serial_key", ((n + 1, canonical_serial(serial(n))) for n in numbers))
    looks = range(0, mails, 5)
    insert("looks", "id,mail_id,page,hash", ((n + 1, n + 1, 1, f"{_mixed(n):064x}") for n in looks))
    insert(
        "look_bands",
        "band,value,look_id",
        ((band, (_mixed(n) >> (240 - 16 * band)) & 0xFFFF, n + 1) for n in looks for band in range(16)),
    )


def _mixed(number: int) -> int:
    """256 bits that look drawn by lot and are the same in every run."""
    return pow(3, 2 * number + 12345, 2**256 - 189)
