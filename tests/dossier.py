"""Makes evidence and cases for the tests of the judge: a faultless dossier, and every way to spoil it.

All people and numbers are invented; the cédulas are of very low sequence (they identify nobody).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from evidence_daemon.canonical import canonical_mac, canonical_serial, service_key
from evidence_daemon.cases.decision import decide
from evidence_daemon.cases.identity import read_id
from evidence_daemon.cases.matching import match, search_keys
from evidence_daemon.cases.settlement import settle
from evidence_daemon.model import (
    Address,
    Attachment,
    Case,
    CaseId,
    CaseState,
    Charge,
    ChargeId,
    ChargeState,
    Claim,
    Decision,
    Direction,
    Document,
    DocumentKind,
    Email,
    Engine,
    EquipmentLine,
    EquipmentType,
    Evidence,
    Field,
    Fields,
    IdNumber,
    Item,
    ItemId,
    ItemState,
    Line,
    Match,
    Register,
    RegisterEntry,
    Segment,
    Settlement,
    Sha256,
    Signature,
)
from evidence_daemon.rulebook import RuleBook, parse

RULES = Path(__file__).parent.parent / "rules"
TODAY = date(2021, 4, 20)
CEDULA, OTHER_CEDULA = "1700000019", "0900000027"
HOLDER = "GOYES BALSECA JUAN CARLOS"
SERVICE, SERIAL, MAC = "40010000", "HWTC3F321126", "02:8B:2C:F8:8D:9A"
FILE = Sha256("a" * 64)
ONT, DECO, REMOTE = EquipmentType.ONT, EquipmentType.DECODIFICADOR, EquipmentType.CONTROL_REMOTO


def texts() -> dict[str, str]:
    """The texts of the rule book as it stands in the tree, by path below rules/."""
    return {path.relative_to(RULES).as_posix(): path.read_text("utf-8") for path in RULES.rglob("*") if path.is_file()}


@cache
def book() -> RuleBook:
    """The book, but that nothing is drawn by lot: no test may fail because its mail was chosen."""
    whole = parse(texts())
    policy = whole.decision.policy.model_copy(update={"sampled_share": 0.0, "four_eyes_share": 0.0})
    return whole.model_copy(update={"decision": whole.decision.model_copy(update={"policy": policy})})


def with_policy(**changes: Any) -> RuleBook:
    """The book with other limits: of the policy, the answers or the tolerances of matching."""
    whole = book()
    decision, matching = whole.decision, whole.matching
    for name, value in changes.items():
        if name in type(decision.policy).model_fields:
            decision = decision.model_copy(update={"policy": decision.policy.model_copy(update={name: value})})
        elif name in type(decision.answers).model_fields:
            decision = decision.model_copy(update={"answers": decision.answers.model_copy(update={name: value})})
        elif name in type(decision.signals).model_fields:
            decision = decision.model_copy(update={"signals": decision.signals.model_copy(update={name: value})})
        else:
            assert name in type(matching).model_fields
            matching = matching.model_copy(update={name: value})
    return whole.model_copy(update={"decision": decision, "matching": matching})


# ── what the company has on file ─────────────────────────────────────────────────────────────────


def item(
    number: int = 1,
    kind: EquipmentType = ONT,
    serial: str = SERIAL,
    mac: str = "",
    state: ItemState = ItemState.PENDIENTE,
    case: int = 1,
) -> Item:
    return Item(ItemId(number), CaseId(case), kind, kind.value, serial, mac, state)


def charge(
    number: int = 1,
    of: int | None = 1,
    state: ChargeState = ChargeState.FACTURADO,
    base: int = 9000,
    tax: int = 1080,
    case: int = 1,
    **more: Any,
) -> Charge:
    return Charge(
        id=ChargeId(number),
        case_id=CaseId(case),
        item_id=ItemId(of) if of is not None else None,
        concept="EQUIPO NO DEVUELTO",
        state=state,
        base=base,
        tax=tax,
        total=more.pop("total", base + tax),
        vat_rate=1200,
        **more,
    )


def case(
    number: int = 1,
    items: Iterable[Item] | None = None,
    charges: Iterable[Charge] | None = None,
    **more: Any,
) -> Case:
    values: dict[str, Any] = {
        "id_number": CEDULA,
        "holder": HOLDER,
        "line": Line.INTERNET_FIJO,
        "service_number": SERVICE,
        "state": CaseState.ABIERTO,
        "segment": Segment.CARGADO_SIN_PAGO_NI_RECLAMO,
        "activated_on": date(2015, 3, 1),
        "withdrawn_on": date(2020, 5, 10),
    }
    return Case(
        id=CaseId(number),
        items=tuple(items) if items is not None else (item(case=number),),
        charges=tuple(charges) if charges is not None else (charge(case=number),),
        **(values | more),
    )


# ── what the customer sends ──────────────────────────────────────────────────────────────────────


def field(value: str, confidence: float = 0.95, *, proven: bool = False) -> Field:
    return Field(value, value, 1, None, confidence, Engine.TESSERACT, "prueba", proven)


def line(
    kind: EquipmentType = ONT, serial: str = "", mac: str = "", count: int = 1, confidence: float = 0.95
) -> EquipmentLine:
    return EquipmentLine(
        kind,
        kind.value,
        field(serial, confidence) if serial else None,
        field(mac, confidence) if mac else None,
        count=count,
    )


def acta(*lines: EquipmentLine, **more: Any) -> Fields:
    """An acta of return of ours.  Texts become confident fields; None leaves a field out."""
    values: dict[str, Any] = {
        "documents": (FILE,),
        "kind": DocumentKind.ACTA,
        "direction": Direction.DEVOLUCION,
        "ours": True,
        "number": "AE-000001",
        "date": "2020-05-12",
        "office": "CAC Prueba",
        "holder": HOLDER,
        "id_number": CEDULA,
        "service_number": SERVICE,
        "agent": "MORA PAZ ELSA",
        "signature": Signature.HALLADA,
        "received": Signature.HALLADA,
        "equipment": lines or (line(serial=SERIAL),),
    } | more
    for name in ("number", "date", "office", "holder", "id_number", "service_number", "agent"):
        if isinstance(values[name], str):
            values[name] = field(values[name])
    return Fields(**values)


def attachment(digest: Sha256 = FILE) -> Attachment:
    return Attachment("acta.pdf", "application/pdf", b"%PDF", digest, "2")


def document(digest: Sha256 = FILE) -> Document:
    return Document(digest, "acta.pdf", "application/pdf", (), 1)


def email(**more: Any) -> Email:
    values: dict[str, Any] = {
        "sha256": Sha256("f" * 64),
        "size": 1000,
        "message_id": "<uno@correo.example>",
        "sender": Address("Juan Goyes", "juan@correo.example"),
        "reply_to": None,
        "subjects": (f"{CEDULA}//{HOLDER}//INTERNET",),
        "sent_at": None,
        "in_reply_to": "",
        "references": (),
        "automatic": None,
        "text": "Adjunto el acta.",
        "statements": frozenset(),
        "labelled_ids": (),
        "attachments": (attachment(),),
        "ignored": (),
        "defects": (),
    }
    return Email(**(values | more))


def number(text: str = CEDULA) -> IdNumber:
    read = read_id(text)
    assert read is not None
    return read


def claim(text: str = CEDULA, name: str = HOLDER, *lines: Line, **more: Any) -> Claim:
    return Claim(f"{text}//{name}//…", number(text), name, frozenset(lines or (Line.INTERNET_FIJO,)), **more)


def evidence(*papers: Fields, **more: Any) -> Evidence:
    """A mail that brings these papers (one faultless acta unless told otherwise), of a proven sender."""
    mail = more.pop("email", None) or email()
    values: dict[str, Any] = {
        "receipt": "EV-0000001-8",
        "received_at": datetime(2021, 4, 18, 3, 0, tzinfo=UTC),
        "email": mail,
        "subject": claim(),
        "readings": tuple(document(attached.sha256) for attached in mail.attachments),
        "papers": papers or ((acta(),) if mail.attachments else ()),
        "sender_proven": True,
    }
    return Evidence(**(values | more))


def without_attachment(**more: Any) -> Evidence:
    return evidence(email=email(attachments=(), **more.pop("mail", {})), **more)


def registered(**more: Any) -> Register:
    """The line that the return register has of the faultless acta."""
    values: dict[str, Any] = {
        "number": "AE000001",
        "office": "CAC PRUEBA",
        "serials": (canonical_serial(SERIAL),),
        "day": date(2020, 5, 12),
    }
    return Register(TODAY, (RegisterEntry(**(values | more)),))


# ── the road ─────────────────────────────────────────────────────────────────────────────────────


def looked_up(given: Evidence, cases: Sequence[Case]) -> list[Case]:
    """What the store finds: by number, by service number, by serial or MAC, each in canonical form."""
    keys = search_keys(given)
    return [
        one
        for one in cases
        if one.id in keys.cases
        or one.id_number in keys.id_numbers
        or service_key(one.service_number) in keys.service_numbers
        or any(
            label in keys.serials
            for thing in one.items
            for label in (canonical_serial(thing.serial), canonical_mac(thing.mac))
            if label
        )
    ]


@dataclass(frozen=True)
class Judged:
    found: Match
    decision: Decision
    settlement: Settlement

    @property
    def verdict(self) -> str:
        return type(self.decision).__name__

    @property
    def rule(self) -> str:
        return next(finding.rule for finding in self.decision.grounds.findings if finding.decided)

    @property
    def reasons(self) -> list[str]:
        return [reason.value for reason in self.decision.grounds.reasons]


def judge(given: Evidence, cases: Sequence[Case] = (), today: date = TODAY, rules: RuleBook | None = None) -> Judged:
    """The road of one mail through the judge's room, the store's look-up included."""
    rules = rules or book()
    found = match(given, looked_up(given, cases), rules)
    decision = decide(given, found, rules, today)
    return Judged(found, decision, settle(decision, given, rules, today))


def applied(cases: Sequence[Case], settlement: Settlement) -> list[Case]:
    """The cases after a settlement, as the store writes it; every state before must be the one named."""
    after = []
    for one in cases:
        state = one.state
        for change in settlement.cases:
            if change.case_id == one.id:
                assert change.before is state
                state = change.after
        items = {change.item_id: change for change in settlement.items}
        charges = {change.charge_id: change for change in settlement.charges}
        entered = {entry.charge_id: entry.amount for entry in settlement.entries}
        for thing in one.items:
            assert thing.id not in items or items[thing.id].before is thing.state
        for owed in one.charges:
            assert owed.id not in charges or charges[owed.id].before is owed.state
        after.append(
            replace(
                one,
                state=state,
                items=tuple(
                    replace(thing, state=items[thing.id].after) if thing.id in items else thing for thing in one.items
                ),
                charges=tuple(
                    replace(
                        owed,
                        state=charges[owed.id].after if owed.id in charges else owed.state,
                        reversed=owed.reversed + entered.get(owed.id, 0),
                    )
                    for owed in one.charges
                ),
            )
        )
    return after
