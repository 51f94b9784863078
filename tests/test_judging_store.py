"""The judge's memory across mails, on both databases: looks, ways, actas by office, origins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from test_store import (  # noqa: F401  # the fixtures of the store's own tests
    NOW,
    Opener,
    a_digest,
    a_field,
    acceptance,
    an_acta,
    database,
    evidence_of,
    holding,
    list_case,
    lite_original,
    opener,
    server_url,
    settle,
    store_mail,
)

from evidence_daemon.model import (
    Document,
    Engine,
    EvidenceState,
    Fields,
    MailId,
    Origin,
    Page,
)
from evidence_daemon.store import judging, records
from evidence_daemon.store.database import Database, Session

LOOK = "0123456789abcdef" * 4


def flipped(look: str, *bits: int) -> str:
    value = int(look, 16)
    for bit in bits:
        value ^= 1 << bit
    return f"{value:064x}"


def pictured(session: Session, mail: MailId, *looks: str, engine: Engine = Engine.TESSERACT) -> None:
    pages = tuple(Page(number, 10, 10, engine, (), look=look) for number, look in enumerate(looks, start=1))
    judging.keep_looks(session, mail, [Document(a_digest(int(mail)), "a.jpg", "image/jpeg", pages, len(pages))])


def test_pages_that_differ_in_few_bits_are_found_wherever_the_bits_are(database: Database) -> None:  # noqa: F811
    spread = (0, 20, 40, 60, 80, 100, 120, 140, 160, 180)
    together = tuple(range(10))
    with database.session() as session:
        case = list_case(session)
        first, second = store_mail(session, 1), store_mail(session, 2)
        pictured(session, first, LOOK, flipped(LOOK, *range(100, 200)))
        settle(session, first, holding(case))
        for bits in (spread, together, ()):
            pictured(session, second, flipped(LOOK, *bits))
            (alike,) = judging.lookalikes(session, second, 10)
            assert (alike.distance, alike.case_id, alike.page) == (len(bits), case.id, 1)
        pictured(session, second, flipped(LOOK, *spread, 200))
        assert judging.lookalikes(session, second, 10) == ()
        assert [alike.distance for alike in judging.lookalikes(session, second, 11)] == [11]


def test_pages_of_print_and_of_mails_that_were_refused_look_like_nothing(database: Database) -> None:  # noqa: F811
    with database.session() as session:
        printed, asked, later = (store_mail(session, number) for number in (1, 2, 3))
        pictured(session, printed, LOOK, engine=Engine.TEXTO)
        settle(session, printed, holding())
        pictured(session, asked, LOOK)  # undecided still
        pictured(session, later, LOOK)
        assert judging.lookalikes(session, later, 10) == ()
        settle(session, asked, holding())
        assert [alike.case_id for alike in judging.lookalikes(session, later, 10)] == [None]


def test_reading_a_mail_again_replaces_its_looks_and_origins(database: Database) -> None:  # noqa: F811
    origin = Origin(a_digest(9), (a_digest(8),), datetime(2020, 5, 12, tzinfo=UTC), None, "GIMP", "moto g20", 2)
    with database.session() as session:
        mail = store_mail(session)
        for _ in range(2):
            pictured(session, mail, LOOK, flipped(LOOK, 3))
            judging.keep_origins(session, mail, (origin, Origin(a_digest(7))))
        assert judging.load_origins(session, mail) == (origin, Origin(a_digest(7)))
        judging.keep_origins(session, mail, ())
        assert judging.load_origins(session, mail) == ()


def came(session: Session, number: int, who: str, at: datetime, cases: Iterable[object]) -> MailId:
    mail = store_mail(session, number)
    judging.keep_ways(session, mail, [("remitente", who)], at)
    settle(session, mail, holding(*cases))  # type: ignore[arg-type]
    return mail


def test_other_cases_by_the_same_way_are_counted_within_the_hours(database: Database) -> None:  # noqa: F811
    with database.session() as session:
        cases = [
            list_case(session, number, serials=(f"S{number}AAAA",), id_number=f"17000000{number}9")
            for number in range(1, 6)
        ]
        came(session, 1, "x@a.ec", NOW - timedelta(hours=1), cases[:1])
        came(session, 2, "x@a.ec", NOW - timedelta(hours=2), cases[:1])  # the same case twice is one
        came(session, 3, "x@a.ec", NOW - timedelta(hours=23), cases[1:2])
        came(session, 4, "x@a.ec", NOW - timedelta(hours=25), cases[2:3])
        came(session, 5, "y@a.ec", NOW, cases[3:4])
        came(session, 6, "x@a.ec", NOW + timedelta(hours=1), cases[4:5])
        mine = store_mail(session, 7)
        way = [("remitente", "x@a.ec"), ("aparato", "moto")]
        (rush,) = judging.rushes(session, mine, way, NOW, 24, ())
        assert (rush.way, rush.who, rush.cases, rush.hours) == ("remitente", "x@a.ec", 2, 24)
        (rush,) = judging.rushes(session, mine, way, NOW, 24, (cases[0].id,))
        assert rush.cases == 1
        assert judging.rushes(session, mine, way, NOW - timedelta(days=9), 24, ()) == ()


def numbered(file: int, number: str, day: str, office: str = "CAC Norte") -> Fields:
    from dataclasses import replace

    return replace(an_acta(a_digest(file), number), office=a_field(office), date=a_field(day))


def test_the_two_next_lower_and_higher_accepted_numbers_of_the_office_are_found(database: Database) -> None:  # noqa: F811
    with database.session() as session:
        for mail, (number, day, office) in enumerate(
            [
                ("UIO-100", "2026-01-05", "CAC Norte"),
                ("UIO-120", "2026-01-09", "cac norte"),
                ("UIO-150", "2026-02-01", "CAC Norte"),
                ("UIO-125", "2026-01-01", "CAC Sur"),
                ("GYE-126", "2026-01-01", "CAC Norte"),
                ("UIO-090", "2026-01-04", "CAC Norte"),
            ],
            start=1,
        ):
            store_mail(session, mail)
            paper = numbered(mail, number, day, office)
            judging.keep_office_actas(session, MailId(mail), evidence_of(MailId(mail), paper), EvidenceState.ACEPTADO)
        mine = store_mail(session, 9)
        beside = judging.neighbours(session, mine, [numbered(9, "UIO-130", "2026-01-15")])
        assert [(one.number, one.day) for one in beside] == [
            ("UIO-120", date(2026, 1, 9)),
            ("UIO-100", date(2026, 1, 5)),
            ("UIO-150", date(2026, 2, 1)),
        ]
        judging.keep_office_actas(session, MailId(2), evidence_of(MailId(2)), EvidenceState.RECHAZADO)
        beside = judging.neighbours(session, mine, [numbered(9, "UIO-130", "2026-01-15")])
        assert [one.number for one in beside] == ["UIO-100", "UIO-090", "UIO-150"]
        assert judging.neighbours(session, mine, [an_acta(a_digest(9), "UIO-130")]) == (), "no office, no order"


def test_one_picture_in_two_wrappings_is_accepted_for_one_case_only(database: Database) -> None:  # noqa: F811
    """The photo itself, and a PDF made of it: different files, one picture, and the database decides the race."""
    from dataclasses import replace

    from evidence_daemon.errors import RefusedTransition

    photo, wrapped = a_digest(50), a_digest(51)
    with database.session() as session:
        one = list_case(session, 1)
        two = list_case(session, 2, id_number="0900000027", serials=("BBB1CCCC",))
        first, second = store_mail(session, 1), store_mail(session, 2)
        sent = replace(evidence_of(first, an_acta(photo)), origins=(Origin(photo, (photo,)),))
        settle(session, first, acceptance(first, one), sent)
        again = replace(evidence_of(second, an_acta(wrapped)), origins=(Origin(wrapped, (photo,)),))
        uses = records.with_uses(session, second, again).uses
        assert [(use.what, use.case_id) for use in uses] == [("imagen", one.id)]
        with pytest.raises(RefusedTransition, match="imagen"):
            settle(session, second, acceptance(second, two), again)
