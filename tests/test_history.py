"""Random histories over the real store: mails, lists, people, batches, billing and crashes, in any order.

Whatever happens: no mail is lost, no charge is reversed twice or above its total, nothing is accredited without
evidence, and every balance ties out.  Billing is played by a table of its own that does what each exported line says,
so that what it did can be held against what we believe.

A crash is a transaction that is cut before any one of its statements: the database then holds what was committed
before, as after a power cut, and the work is done again later, as the daemon's next round does it.
"""

from __future__ import annotations

import atexit
import csv
import hashlib
import io
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import dossier
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from evidence_daemon.cases import ledger
from evidence_daemon.cases.decision import decide
from evidence_daemon.cases.matching import match, search_keys
from evidence_daemon.cases.settlement import settle
from evidence_daemon.errors import BadInput, RefusedTransition
from evidence_daemon.exchange import Batches, Corrections, import_cases, import_response
from evidence_daemon.model import (
    Arrival,
    BatchState,
    Case,
    ChargeState,
    CopyKey,
    Decision,
    Discard,
    EquipmentType,
    Evidence,
    EvidenceState,
    Finding,
    Grounds,
    ItemFinding,
    ItemOutcome,
    ItemState,
    Line,
    LineResult,
    MailId,
    Match,
    Partial,
    ReasonCode,
    RefundChoice,
    Reject,
    Reverse,
    Sha256,
    Verdict,
    receipt_number,
)
from evidence_daemon.store import records
from evidence_daemon.store.database import Session, open_database

PEOPLE = ("ana", "Berta", "carla")
MIRROR = ("PREVISTO", "CARGADO", "FACTURADO", "PAGADO", "EN_RECLAMO", "EN_COBRO", "QUITADO")
ACTS = {
    "take back": "REVERSO_PENDIENTE",
    "retry": "REVERSO_FALLIDO",
    "by hand": "REVERSO_FALLIDO",
    "done": "MANUAL",
    "undo": "REVERSADO",
    "approve undo": "REVERSADO",
    "refund": "DEVOLUCION_PENDIENTE",
    "approve refund": "DEVOLUCION_PENDIENTE",
}
"""What people do to single charges, and in which state it is meant."""
LIVE = {
    "BLOQUEADO",
    "REVERSO_PENDIENTE",
    "REVERSO_EN_LOTE",
    "REVERSADO",
    "REVERSO_FALLIDO",
    "MANUAL",
    "DEVOLUCION_PENDIENTE",
    "DEVUELTO",
    "SALDO_A_FAVOR",
}
"""States of a charge behind which an entry of the ledger stands that nobody took back."""


@dataclass(frozen=True)
class Thing:
    """One charge of the company's list, with the equipment that it is for ("" for a lump sum)."""

    id_number: str
    holder: str
    line: str
    service: str
    kind: str
    serial: str
    reference: str
    base: int
    tax: int


THINGS = (
    Thing(
        "1700000019", "GOYES BALSECA JUAN CARLOS", "INTERNET FIJO", "40010000", "ONT", "HWTC3F321126", "C1", 9000, 1080
    ),
    Thing(
        "1700000019",
        "GOYES BALSECA JUAN CARLOS",
        "INTERNET FIJO",
        "40010000",
        "REPETIDOR",
        "RPT550001",
        "C2",
        5500,
        660,
    ),
    Thing(
        "1700000019",
        "GOYES BALSECA JUAN CARLOS",
        "TELEVISION",
        "50020000",
        "DECODIFICADOR",
        "KN20770001",
        "C3",
        6000,
        720,
    ),
    Thing(
        "0900000027", "MORA PAZ ELSA MARIA", "TELEVISION", "50030000", "DECODIFICADOR", "KN20770002", "C4", 6001, 900
    ),
    Thing("0100000033", "VEGA LUNA ROSA ANA", "INTERNET FIJO", "40040000", "ONT", "HWTC3F321199", "", 0, 0),
    Thing("0100000033", "VEGA LUNA ROSA ANA", "INTERNET FIJO", "40040000", "", "", "C5", 12345, 1852),
)
HEADINGS = (
    "CEDULA_RUC;TITULAR;LINEA_NEGOCIO;NUMERO_SERVICIO;FECHA_ACTIVACION;FECHA_RETIRO;TIPO_EQUIPO;SERIE;ESTADO_CARGO;"
    "CONCEPTO;BASE;IVA;REFERENCIA_CARGO;FACTURA"
)
SERVICES = sorted({thing.service for thing in THINGS})
SPELT: dict[str, Callable[[Thing], Thing]] = {
    "as ever": lambda thing: thing,
    "lower": lambda thing: replace(thing, serial=f" {thing.serial.lower()} ", holder=thing.holder.title()),
    "no zero": lambda thing: replace(thing, id_number=thing.id_number.lstrip("0")),
    "serial": lambda thing: replace(thing, serial=thing.serial and f"{thing.serial[:-1]}7"),
    "service": lambda thing: replace(thing, service=f"{thing.service[:-1]}9"),
    "cédula": lambda thing: replace(thing, id_number="1100000070", holder="PERALTA CUEVA INES"),
}
"""How a list of tonight may write what earlier ones wrote otherwise."""


class Crash(Exception):
    """The power went."""


@cache
def _template() -> Path:
    directory = Path(tempfile.mkdtemp(dir=_fast()))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    database = open_database("", directory)
    database.migrate(armed=True)
    database.close()
    return directory / "evidence.db"


def _fast() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # thousands of commits, each synced


@dataclass
class Billing:
    """The other side: what it was told to do, and what it did."""

    told: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By ledger entry: charge and cents."""
    did: Counter[int] = field(default_factory=Counter)
    """How often a charge was taken off the customer's account, less how often it was put back."""
    files: dict[int, bytes] = field(default_factory=dict)
    answers: list[bytes] = field(default_factory=list)


def _cuts(most: int) -> st.SearchStrategy[int | None]:
    """Before which statement the power goes; mostly it stays."""
    return st.sampled_from((None, None, None, 0)).flatmap(
        lambda way: st.none() if way is None else st.integers(0, most)
    )


class Histories(RuleBasedStateMachine):
    """One house, from its first list to whatever came last."""

    book: ClassVar[Any] = None

    @initialize(
        states=st.lists(
            st.sampled_from(("FACTURADO", "FACTURADO", "CARGADO", "PAGADO", "PREVISTO", "EN_COBRO")),
            min_size=len(THINGS),
            max_size=len(THINGS),
        ),
        senders=st.sets(st.sampled_from(SERVICES), min_size=1),
        answered=st.lists(st.sampled_from(("APLICADO", "FALLIDO")), max_size=6),
    )
    def opens(self, states: list[str], senders: set[str], answered: list[str]) -> None:
        """A house with its list, some good actas, and perhaps a first batch that billing answered."""
        self.directory = Path(tempfile.mkdtemp(dir=_fast()))
        shutil.copy(_template(), self.directory / "evidence.db")
        self.database = open_database("", self.directory)
        self.now = datetime(2021, 4, 20, 15, 0, tzinfo=UTC)
        self.batches = Batches(self.database, dossier.book(), lambda: self.now)
        self.corrections = Corrections(self.database, dossier.book(), lambda: self.now)
        self.mails: dict[MailId, Evidence] = {}
        self.billing = Billing()
        self.plain = True
        """All lists so far named things as the first one did: no row of them may be refused."""
        self.statements = 0
        self.cut: int | None = None
        sa.event.listen(self.database.engine, "before_cursor_execute", self._count)
        self._import(dict(zip(THINGS, states, strict=True)))
        for number, service in enumerate(sorted(senders), start=101):
            self.a_mail_comes(service, "all", number, number, True, None)
        if answered:
            self.the_accountants_go_their_round(6, 4, None)
            if self.billing.files:
                self.billing_answers(0, answered, None)

    def teardown(self) -> None:
        if not hasattr(self, "database"):
            return
        try:
            for mail_id in list(self.mails):
                self._judge(mail_id)
            self.nothing_is_lost()
            self.everything_ties_out()
            self.what_is_accredited_has_its_evidence()
        finally:
            self.database.close()
            shutil.rmtree(self.directory)

    # ── crashes ──────────────────────────────────────────────────────────────────────────────────

    def _count(self, *_: object) -> None:
        self.statements += 1
        if self.cut is not None and self.statements > self.cut:
            self.cut = None
            raise Crash

    @contextmanager
    def _perhaps_cut(self, cut: int | None) -> Iterator[None]:
        """What happens inside may be cut before its `cut`-th statement."""
        self.statements, self.cut = 0, cut
        try:
            yield
        except Crash:
            pass
        finally:
            self.cut = None
        self.now += timedelta(minutes=7)

    # ── lists ────────────────────────────────────────────────────────────────────────────────────

    @rule(
        states=st.lists(st.sampled_from((*MIRROR, "")), min_size=len(THINGS), max_size=len(THINGS)),
        spelt=st.one_of(
            st.just(["as ever"] * len(THINGS)),
            st.lists(st.sampled_from(sorted(SPELT)), min_size=len(THINGS), max_size=len(THINGS)),
        ),
        cut=_cuts(60),
    )
    def another_list_comes(self, states: list[str], spelt: list[str], cut: int | None) -> None:
        """Billing's list of tonight; "" leaves a row out.  Serials, services and holders may be written otherwise."""
        rows = {SPELT[way](thing): state for thing, state, way in zip(THINGS, states, spelt, strict=True)}
        self.plain = self.plain and {*spelt} <= {"as ever", "lower"}
        with self._perhaps_cut(cut):
            self._import(rows)

    def _import(self, states: dict[Thing, str]) -> None:
        text = io.StringIO()
        text.write(HEADINGS + "\n")
        for thing, state in states.items():
            if state == "" and thing.reference:
                continue
            charged = bool(thing.reference)
            money = (state, "EQUIPO", _usd(thing.base), _usd(thing.tax), thing.reference, "001-001-000000007")
            who = (thing.id_number, thing.holder, thing.line, thing.service, "1-3-2015", "10-5-2020")
            text.write(";".join([*who, thing.kind, thing.serial, *(money if charged else ("",) * 6)]) + "\n")
        path = self.directory / "casos.csv"
        path.write_text(text.getvalue(), "utf-8")
        report = import_cases(self.database, path, dossier.book(), now=self.now)
        assert report.rejected == () or not self.plain

    # ── mails ────────────────────────────────────────────────────────────────────────────────────

    @rule(
        service=st.sampled_from(SERVICES),
        shown=st.sampled_from(("all", "first", "none", "no acta")),
        acta=st.integers(1, 6),
        file=st.integers(1, 8),
        proven=st.booleans(),
        cut=_cuts(40),
    )
    def a_mail_comes(self, service: str, shown: str, acta: int, file: int, proven: bool, cut: int | None) -> None:
        """A customer sends an acta; papers, their numbers and their files may be those of an earlier mail."""
        mail_id, evidence = self._letter(service, shown, acta, file, proven)
        self.mails[mail_id] = evidence
        with self._perhaps_cut(cut):
            self._judge(mail_id)

    def _letter(self, service: str, shown: str, acta: int, file: int, proven: bool) -> tuple[MailId, Evidence]:
        number = len(self.mails) + 1
        mine = [thing for thing in THINGS if thing.service == service and thing.kind]
        things = {"all": mine, "first": mine[:1]}.get(shown, [])
        digest = Sha256(hashlib.sha256(f"acta {file}".encode()).hexdigest())
        first = mine[0]
        line = Line.INTERNET_FIJO if "INTERNET" in first.line else Line.TELEVISION
        paper = dossier.acta(
            *[dossier.line(EquipmentType(thing.kind), thing.serial) for thing in things]
            or [dossier.line(EquipmentType.CABLE)],
            documents=(digest,),
            number=f"AE-{acta:06d}",
            id_number=first.id_number,
            holder=first.holder,
            service_number=service,
        )
        mail = dossier.email(
            sha256=Sha256(f"{number:064x}"),
            message_id=f"<{number}@correo.example>",
            attachments=() if shown == "no acta" else (dossier.attachment(digest),),
        )
        arrival = Arrival(CopyKey("posventa", "INBOX", 1, number), self.now, 1000, b"x")
        with self.database.session() as session:
            mail_id = records.receive(session, arrival, mail.sha256, now=self.now).mail_id
        evidence = dossier.evidence(
            *(() if shown == "no acta" else (paper,)),
            email=mail,
            receipt=receipt_number(mail_id),
            received_at=self.now,
            subject=dossier.claim(first.id_number, first.holder, line),
            sender_proven=proven,
        )
        return mail_id, evidence

    def _judge(self, mail_id: MailId) -> None:
        """The daemon's walk from the evidence on, unless it was walked already."""

        def work(session: Session) -> None:
            if records.load_mail(session, mail_id).decided:
                return
            evidence, found = self._gathered(session, mail_id)
            decision = decide(evidence, found, dossier.book(), self.now.date())
            self._apply(session, mail_id, decision, evidence, found)

        self.database.transact(work)

    def _gathered(self, session: Session, mail_id: MailId) -> tuple[Evidence, Match]:
        evidence = records.with_uses(session, mail_id, self.mails[mail_id])
        cases = records.find_cases(session, search_keys(evidence))
        return evidence, match(evidence, cases, dossier.book())

    def _apply(self, session: Session, mail_id: MailId, decision: Decision, evidence: Evidence, found: Match) -> None:
        settlement = settle(decision, evidence, dossier.book(), self.now.date())
        records.apply(
            session,
            mail_id,
            settlement,
            found=found,
            evidence=evidence,
            follows=ledger.evidence_before(settlement),
            edition="x",
            now=self.now,
            outgoing=None,
        )

    @precondition(lambda self: self.mails)
    @rule(
        which=st.integers(0, 50),
        verdict=st.sampled_from((Verdict.REVERSE, Verdict.PARTIAL, Verdict.REJECT, Verdict.DISCARD)),
        service=st.sampled_from(SERVICES),
        cut=_cuts(30),
    )
    def a_person_decides(self, which: int, verdict: Verdict, service: str, cut: int | None) -> None:
        """Somebody settles what waits, perhaps for another case than the daemon thought of."""
        mail_id = sorted(self.mails)[which % len(self.mails)]

        def work(session: Session) -> None:
            if not records.load_mail(session, mail_id).in_review:
                return
            evidence, found = self._gathered(session, mail_id)
            (case, *_) = [one for one in records.all_cases(session) if one.service_number == service]
            decision = _persons(verdict, case)
            if decision is not None:
                self._apply(session, mail_id, decision, evidence, found)

        with self._perhaps_cut(cut), suppress(RefusedTransition):
            self.database.transact(work)

    # ── batches ──────────────────────────────────────────────────────────────────────────────────

    @rule(most=st.integers(1, 4), who=st.sampled_from(PEOPLE), cut=_cuts(25))
    def a_batch_is_drafted(self, most: int, who: str, cut: int | None) -> None:
        with self._perhaps_cut(cut), suppress(BadInput):
            self.batches.draft(person=who, most=most)

    @rule(most=st.integers(1, 6), last=st.integers(1, 4), cut=_cuts(25))
    def the_accountants_go_their_round(self, most: int, last: int, cut: int | None) -> None:
        """Draft, close, approve, export: as far as they get today."""
        with self._perhaps_cut(cut), suppress(BadInput):
            number = self.batches.draft(person="ana", most=most).id
            acts: tuple[Callable[[], object], ...] = (
                lambda: self.batches.close(number, person="ana"),
                lambda: self.batches.approve(number, person="Berta"),
                lambda: self._exported(number, "carla"),
            )
            for act in acts[:last]:
                act()

    @rule(
        act=st.sampled_from(("close", "approve", "approve", "annul", "send back", "export", "export", "drop")),
        which=st.integers(0, 9),
        who=st.sampled_from(PEOPLE),
        cut=_cuts(25),
    )
    def something_is_done_to_a_batch(self, act: str, which: int, who: str, cut: int | None) -> None:
        known = self.batches.newest()
        if not known:
            return
        batch = known[which % len(known)]
        acts: dict[str, Callable[[], object]] = {
            "close": lambda: self.batches.close(batch.id, person=who),
            "approve": lambda: self.batches.approve(batch.id, person=who),
            "annul": lambda: self.batches.annul(batch.id, person=who, because="porque sí"),
            "send back": lambda: self.batches.send_back(batch.id, person=who, because="falta algo"),
            "export": lambda: self._exported(batch.id, who),
            "drop": lambda: self.batches.drop(batch.id, self._first_charge(batch.id), person=who),
        }
        with self._perhaps_cut(cut), suppress(BadInput, RefusedTransition):
            acts[act]()

    def _first_charge(self, batch_id: int) -> int:
        lines = self.batches.show(batch_id)[1]
        return lines[0].charge_id if lines else 0

    def _exported(self, batch_id: int, who: str) -> None:
        """The file reaches billing, which remembers what it was told; a second time the very same bytes come."""
        _, files = self.batches.export(batch_id, person=who)
        content = next(file.content for file in files if file.form == "csv")
        assert self.billing.files.setdefault(batch_id, content) == content
        for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"):
            entry, cents = int(row["ID_ASIENTO"]), _cents(row["VALOR_A_REVERSAR"])
            charge = next(line.charge_id for line in self.batches.show(batch_id)[1] if line.entry_id == entry)
            self.billing.told[entry] = (charge, cents)

    @precondition(lambda self: self.billing.files)
    @rule(
        which=st.integers(0, 9),
        outcomes=st.lists(st.sampled_from(("APLICADO", "APLICADO", "FALLIDO", "")), min_size=6, max_size=6),
        cut=_cuts(40),
    )
    def billing_answers(self, which: int, outcomes: list[str], cut: int | None) -> None:
        """Billing works on a file that it got and answers for some lines of it; it never does a line twice."""
        batch_id = sorted(self.billing.files)[which % len(self.billing.files)]
        lines = [line for line in self.batches.show(batch_id)[1] if line.result is LineResult.PENDIENTE]
        text = io.StringIO()
        text.write("ID_LOTE;ID_ASIENTO;RESULTADO;MOTIVO;NUMERO_NOTA;VALOR_REVERSADO\n")
        done: list[tuple[int, int]] = []
        for line, outcome in zip(lines, outcomes, strict=False):
            if outcome:
                note, reason = (f"001-001-{line.entry_id:09d}", "") if outcome == "APLICADO" else ("", "no se pudo")
                text.write(f"{batch_id};{line.entry_id};{outcome};{reason};{note};{_usd(line.amount)}\n")
                done += [(line.entry_id, line.charge_id)] if outcome == "APLICADO" else []
        for _entry, charge in done:
            self.billing.did[charge] += 1
        content = text.getvalue().encode()
        self.billing.answers.append(content)
        with self._perhaps_cut(cut):
            self._answer(content)
        self._answer(content)  # what was cut is brought in again; what was not is known already

    @precondition(lambda self: self.billing.answers)
    @rule(which=st.integers(0, 9), cut=_cuts(20))
    def an_old_answer_comes_again(self, which: int, cut: int | None) -> None:
        with self._perhaps_cut(cut):
            self._answer(self.billing.answers[which % len(self.billing.answers)])

    def _answer(self, content: bytes) -> None:
        path = self.directory / "respuesta.csv"
        path.write_bytes(content)
        import_response(self.database, path, dossier.book(), actor="persona:ana", now=self.now)

    # ── single charges ───────────────────────────────────────────────────────────────────────────

    @rule(
        act=st.sampled_from(sorted(ACTS)),
        which=st.integers(0, 5),
        choice=st.sampled_from(RefundChoice),
        false_acta=st.booleans(),
        who=st.sampled_from(PEOPLE),
        cut=_cuts(20),
    )
    def something_is_done_to_a_charge(
        self, act: str, which: int, choice: RefundChoice, false_acta: bool, who: str, cut: int | None
    ) -> None:
        """Mostly to one of those for which the act is meant."""
        meant = [row["id"] for row in self._rows("SELECT * FROM charges ORDER BY id") if row["state"] == ACTS[act]]
        charge = meant[which % len(meant)] if meant else which + 1
        acts: dict[str, Callable[[], object]] = {
            "take back": lambda: self.corrections.take_back(charge, person=who, because="x", false_acta=false_acta),
            "retry": lambda: self.corrections.try_again(charge, person=who),
            "by hand": lambda: self.corrections.by_hand(charge, person=who, because="x"),
            "done": lambda: self._done_by_hand(charge, who),
            "undo": lambda: self.corrections.propose_opposite(charge, person=who, because="x", false_acta=false_acta),
            "approve undo": lambda: self._opposite(who),
            "refund": lambda: self.corrections.decide_refund(charge, choice, person=who, because="x"),
            "approve refund": lambda: self.corrections.approve_refund(charge, person=who),
        }
        with self._perhaps_cut(cut), suppress(BadInput, RefusedTransition):
            acts[act]()

    def _done_by_hand(self, charge: int, who: str) -> None:
        self.corrections.done_by_hand(charge, person=who, note="001-001-000000009")
        self.billing.did[charge] += 1

    def _opposite(self, who: str) -> None:
        (wish, *_) = [*self.corrections.waiting_opposites(), None]
        if wish is not None:
            assert self.corrections.approve_opposite(wish.id, person=who) in {
                ChargeState.CARGADO,
                ChargeState.FACTURADO,
            }
            assert who.casefold() != wish.proposed_by.removeprefix("persona:").casefold()
            self.billing.did[wish.charge_id] -= 1

    # ── the laws ─────────────────────────────────────────────────────────────────────────────────

    def _rows(self, statement: str) -> list[Any]:
        with self.database.engine.connect() as connection:
            return list(connection.execute(sa.text(statement)).mappings())

    @invariant()
    def no_charge_is_reversed_twice_or_above_its_total(self) -> None:
        if not hasattr(self, "database"):
            return
        entries: dict[int, list[Any]] = {}
        for entry in self._rows("SELECT * FROM ledger ORDER BY id"):
            entries.setdefault(entry["charge_id"], []).append(entry)
        for charge in self._rows("SELECT * FROM charges"):
            mine = entries.get(charge["id"], [])
            live = sum(1 if entry["kind"] != "CORRECCION" else -1 for entry in mine)
            amount = sum(entry["amount"] * (1 if entry["kind"] != "CORRECCION" else -1) for entry in mine)
            assert live in (0, 1)
            assert amount == charge["reversed"] <= charge["total"]
            assert (charge["state"] in LIVE) == (live == 1), charge["state"]
        for charge_id, times in self.billing.did.items():
            assert times in (0, 1), f"billing took charge {charge_id} off {times} times"

    @invariant()
    def what_billing_did_is_what_we_believe(self) -> None:
        if not hasattr(self, "database"):
            return
        for charge in self._rows("SELECT * FROM charges"):
            assert (charge["state"] == "REVERSADO") == (self.billing.did[charge["id"]] == 1), charge["state"]

    @invariant()
    def what_billing_calls_by_one_number_is_taken_off_once(self) -> None:
        """Whatever the lists made of it: another serial, service or holder makes no second charge."""
        if not hasattr(self, "database"):
            return
        done = Counter[str]()
        for charge in self._rows("SELECT * FROM charges"):
            done[charge["reference"]] += self.billing.did[charge["id"]]
        assert max(done.values(), default=0) <= 1, done

    @invariant()
    def a_charge_in_a_batch_stands_in_exactly_one(self) -> None:
        if not hasattr(self, "database"):
            return
        waiting = Counter(
            line["charge_id"] for line in self._rows("SELECT * FROM batch_lines WHERE live AND result = 'PENDIENTE'")
        )
        in_batch = {row["id"] for row in self._rows("SELECT id FROM charges WHERE state = 'REVERSO_EN_LOTE'")}
        assert set(waiting) == in_batch
        assert set(waiting.values()) <= {1}
        assert all(
            count == 1
            for count in Counter(
                line["entry_id"] for line in self._rows("SELECT entry_id FROM batch_lines WHERE result = 'APLICADO'")
            ).values()
        )

    def nothing_is_lost(self) -> None:
        stored = {row["id"]: row for row in self._rows("SELECT * FROM mails")}
        assert set(stored) == set(self.mails)
        asked = {row["mail_id"] for row in self._rows("SELECT mail_id FROM reviews WHERE closed_at IS NULL")}
        for mail_id, mail in stored.items():
            assert mail["decisions"] >= 1
            if mail["state"] in {EvidenceState.EN_REVISION, EvidenceState.ESCALADO}:
                assert mail_id in asked, "a mail waits for a person whom nobody asks"

    def everything_ties_out(self) -> None:
        charges = {row["id"]: row for row in self._rows("SELECT * FROM charges")}
        groups = Counter[str]()
        for charge in charges.values():
            groups["live" if charge["state"] in LIVE else "open"] += charge["total"]
        entered = self._rows(
            "SELECT sum(CASE kind WHEN 'CORRECCION' THEN -amount ELSE amount END) AS cents FROM ledger"
        )
        assert groups["live"] == (entered[0]["cents"] or 0)
        assert groups["live"] + groups["open"] == sum(charge["total"] for charge in charges.values())
        for batch in self._rows("SELECT * FROM batches"):
            lines = self._rows(f"SELECT * FROM batch_lines WHERE batch_id = {batch['id']}")  # noqa: S608
            by_result = Counter[str]()
            for line in lines:
                by_result[line["result"]] += line["amount"]
            if batch["state"] == BatchState.CONCILIADO:
                assert by_result["APLICADO"] + by_result["FALLIDO"] == batch["total"]
            if batch["sha256"]:
                assert sum(by_result.values()) == batch["total"] == batch["base"] + batch["tax"]
                assert len(lines) == batch["lines"]
            if batch["approved_by"]:
                assert batch["approved_by"].lower() not in {batch["closed_by"].lower(), batch["created_by"].lower()}

    def what_is_accredited_has_its_evidence(self) -> None:
        accredited = {row["id"] for row in self._rows("SELECT id FROM items WHERE state = 'ACREDITADO_ACTA'")}
        shown: dict[int, list[MailId]] = {}
        with self.database.reading() as session:
            for mail_id in self.mails:
                for decision in records.explain(session, mail_id).decisions:
                    for change in decision.settlement.items:
                        assert change.after is ItemState.ACREDITADO_ACTA
                        shown.setdefault(change.item_id, []).append(mail_id)
                        by_daemon = decision.actor == "daemon"
                        assert not by_daemon or self.mails[mail_id].papers, "accepted without a paper"
        assert accredited <= set(shown)


def _persons(verdict: Verdict, case: Case) -> Decision | None:
    """What a person says of a case: all of its pending equipment, the first of it, or no."""
    actor = "persona:ana"
    pending = [item for item in case.items if item.state is ItemState.PENDIENTE]
    chosen = pending if verdict is Verdict.REVERSE else pending[:1]
    finding = Finding(actor, verdict, (), "Decisión de una persona.", decided=True)
    grounds = Grounds(findings=(finding,), reasons=(), actor=actor)
    if verdict is Verdict.REJECT:
        return Reject((case,), replace(grounds, reasons=(ReasonCode.NO_ES_ACTA,)))
    if verdict is Verdict.DISCARD:
        return Discard((case,), grounds)
    if not chosen or (verdict is Verdict.PARTIAL and len(chosen) == len(pending)):
        return None
    found = tuple(
        ItemFinding(case.id, item.id, ItemOutcome.ACREDITAR if item in chosen else ItemOutcome.NO_CONSTA, "visto")
        for item in pending
    )
    kind = Reverse if verdict is Verdict.REVERSE else Partial
    return kind((case,), replace(grounds, items=found))


def _usd(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _cents(text: str) -> int:
    return int(text.replace(".", ""))


_COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}


@pytest.mark.timeout(300)
class TestFiftyHistories(Histories.TestCase):  # type: ignore[name-defined,misc]
    settings = settings(max_examples=50, stateful_step_count=8, derandomize=True, **_COMMON)


@pytest.mark.slow
@pytest.mark.timeout(0)
class TestTwoThousandHistories(Histories.TestCase):  # type: ignore[name-defined,misc]
    settings = settings(max_examples=2000, stateful_step_count=15, **_COMMON)
