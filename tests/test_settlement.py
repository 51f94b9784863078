"""Settling: what each decision changes, and the laws that hold whatever is sent and whatever is on file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from dossier import (
    CEDULA,
    DECO,
    FILE,
    HOLDER,
    MAC,
    ONT,
    OTHER_CEDULA,
    REMOTE,
    SERIAL,
    SERVICE,
    TODAY,
    Judged,
    acta,
    applied,
    attachment,
    book,
    case,
    charge,
    claim,
    document,
    email,
    evidence,
    field,
    item,
    judge,
    line,
    registered,
    with_policy,
    without_attachment,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_daemon.cases import ledger
from evidence_daemon.cases.equipment import Likeness, same_serial
from evidence_daemon.cases.identity import same_id
from evidence_daemon.cases.matching import returns
from evidence_daemon.cases.names import NameMatch, compare
from evidence_daemon.cases.register import Voice, hear
from evidence_daemon.cases.settlement import settle
from evidence_daemon.errors import RefusedTransition
from evidence_daemon.model import (
    WITHOUT_SERIAL,
    AskMore,
    Automatic,
    AutomaticKind,
    Case,
    CaseId,
    CaseState,
    ChargeState,
    Decision,
    Direction,
    Discard,
    DocumentKind,
    EntryKind,
    Escalate,
    Evidence,
    EvidenceState,
    Finding,
    FolderRole,
    Grounds,
    Hold,
    ItemFinding,
    ItemOutcome,
    ItemState,
    Lane,
    Line,
    Lookalike,
    Neighbour,
    Origin,
    Partial,
    ReasonCode,
    Register,
    Reject,
    ReplyKind,
    Reverse,
    Rush,
    SignalClass,
    Statement,
    SubjectFault,
    SubjectField,
    Unreadable,
    Use,
    Verdict,
)

C, H = CaseState, ChargeState


def road(judged: Judged, number: int = 1) -> list[CaseState]:
    """The states that a case passes through, the first included."""
    steps = [change for change in judged.settlement.cases if change.case_id == number]
    return [steps[0].before, *(step.after for step in steps)] if steps else []


def facts(judged: Judged) -> dict[str, str]:
    assert judged.settlement.reply is not None
    return dict(judged.settlement.reply.facts)


# ── acceptance ───────────────────────────────────────────────────────────────────────────────────


def test_an_acceptance_changes_case_item_charge_and_ledger_together() -> None:
    judged = judge(evidence(), [case()])
    done = judged.settlement
    assert road(judged) == [C.ABIERTO, C.EN_REVISION, C.ACREDITADO]
    assert [(change.item_id, change.after) for change in done.items] == [(1, ItemState.ACREDITADO_ACTA)]
    assert [(change.charge_id, change.after) for change in done.charges] == [(1, H.REVERSO_PENDIENTE)]
    assert [(entry.charge_id, entry.amount, entry.cause, entry.rule) for entry in done.entries] == [
        (1, 10080, "EV-0000001-8", "aceptar")
    ]
    assert done.evidence_state is EvidenceState.ACEPTADO
    assert (done.folder, done.review, done.unanswered_because) == (FolderRole.PROCESADOS, None, "")
    assert done.reply is not None and done.reply.kind is ReplyKind.ACEPTADO
    assert facts(judged) == {
        "recibo": "EV-0000001-8",
        "fecha": "2021-05-02",
        "equipos_aceptados": "1 equipo óptico (ONT)",
        "valores": "se_reversan",
        "servicio": "internet fijo",
    }


def test_a_foreseen_charge_is_blocked_and_its_case_closed() -> None:
    judged = judge(evidence(), [case(charges=[charge(state=H.PREVISTO)])])
    assert road(judged) == [C.ABIERTO, C.EN_REVISION, C.ACREDITADO, C.REGULARIZADO]
    assert judged.settlement.charges[0].after is H.BLOQUEADO
    assert facts(judged)["valores"] == "no_se_generan"


def test_a_case_without_any_charge_is_closed_and_no_value_is_spoken_of() -> None:
    judged = judge(evidence(), [case(charges=[])])
    assert road(judged)[-1] is C.REGULARIZADO
    assert "valores" not in facts(judged)


def test_a_paid_value_waits_for_a_persons_refund() -> None:
    judged = judge(evidence(), [case(charges=[charge(state=H.PAGADO, paid=10080)])])
    done = judged.settlement
    assert done.charges[0].after is H.DEVOLUCION_PENDIENTE
    assert road(judged)[-1] is C.ACREDITADO
    assert done.review is not None and done.review.lane is Lane.REVISAR
    assert done.review.reasons == (ReasonCode.VALOR_YA_PAGADO,)
    assert done.reply is not None and ReasonCode.VALOR_YA_PAGADO in done.reply.reasons
    assert facts(judged)["valores"] == "pagados"


def test_a_case_closed_by_payment_is_not_reopened_by_the_daemon() -> None:
    paid = case(state=C.PAGADO, items=[item(state=ItemState.PAGADO)], charges=[charge(state=H.PAGADO)])
    judged = judge(evidence(), [paid])
    assert (judged.settlement.cases, judged.settlement.items) == ((), ())
    assert judged.settlement.charges[0].after is H.DEVOLUCION_PENDIENTE


def test_a_part_keeps_the_charge_of_what_is_missing() -> None:
    two = case(
        items=[item(), item(2, DECO, "ZTEEQ7C8M220870")], charges=[charge(), charge(2, of=2), charge(3, of=None)]
    )
    judged = judge(evidence(), [two])
    assert [change.charge_id for change in judged.settlement.charges] == [1]
    assert road(judged)[-1] is C.PARCIAL
    assert judged.settlement.evidence_state is EvidenceState.ACEPTADO_PARCIAL
    assert facts(judged)["equipos"] == "1 decodificador"


def test_the_lump_sum_falls_with_the_last_equipment() -> None:
    rest = case(
        state=C.PARCIAL,
        items=[item(), item(2, DECO, "ZTEEQ7C8M220870", state=ItemState.ACREDITADO_ACTA)],
        charges=[charge(of=None)],
    )
    judged = judge(evidence(), [rest])
    assert [change.after for change in judged.settlement.charges] == [H.REVERSO_PENDIENTE]
    assert road(judged) == [C.PARCIAL, C.EN_REVISION, C.ACREDITADO]


def test_a_posted_charge_is_removed_and_an_invoiced_one_credited() -> None:
    two = case(items=[item(), item(2, DECO, "ZTEEQ7C8M220870")], charges=[charge(state=H.CARGADO), charge(2, of=2)])
    judged = judge(evidence(acta(line(serial=SERIAL), line(DECO, "ZTEEQ7C8M220870"))), [two])
    assert [entry.operation.value for entry in judged.settlement.entries] == ["QUITAR_CARGO", "NOTA_CREDITO"]


def test_an_answer_never_tells_a_serial_of_what_is_missing() -> None:
    two = case(items=[item(), item(2, DECO, "ZTEEQ7C8M220870", "02:68:48:8E:A3:8B")])
    told = " ".join(facts(judge(evidence(), [two])).values())
    assert "220870" not in told and "8E:A3" not in told and CEDULA not in told and SERVICE not in told


# ── the other roads ──────────────────────────────────────────────────────────────────────────────


def test_what_is_held_waits_in_the_queue_and_gets_a_receipt_that_a_decision_cancels() -> None:
    judged = judge(evidence(acta(date=None)), [case()])
    done = judged.settlement
    assert road(judged) == [C.ABIERTO, C.EN_REVISION]
    assert done.evidence_state is EvidenceState.EN_REVISION and done.folder is FolderRole.REVISION
    assert done.review is not None and done.review.lane is Lane.REVISAR and done.review.summary
    reply = done.reply
    assert reply is not None and reply.kind is ReplyKind.RECIBIDO
    assert (reply.delay_seconds, reply.cancel_on_decision) == (600, True)
    assert ReasonCode.ACTA_INCOMPLETA not in reply.reasons


def test_who_has_no_acta_is_told_so_in_the_receipt() -> None:
    judged = judge(without_attachment(mail={"statements": frozenset({Statement.NO_TENGO_ACTA})}), [case()])
    assert judged.settlement.reply is not None
    assert judged.settlement.reply.reasons == (ReasonCode.RECIBIDO, ReasonCode.SIN_ACTA)


@pytest.mark.parametrize(
    ("given_", "cases", "lane"),
    [
        (evidence(uses=(Use("adjunto", FILE, "EV-0000009-1", CaseId(77), True),)), [case()], Lane.SENALES),
        (
            evidence(readings=(Unreadable(FILE, "x", ReasonCode.ERROR_INTERNO, "x"),), papers=()),
            [case()],
            Lane.SIN_PROCESAR,
        ),
        (evidence(), [case(charges=[charge(base=200000, tax=0)])], Lane.CUATRO_OJOS),
        (evidence(), [case(charges=[charge(base=60000, tax=0)])], Lane.REVISAR),
    ],
)
def test_each_lane_of_the_queue_has_its_mails(given_: Evidence, cases: Sequence[Case], lane: Lane) -> None:
    review = judge(given_, cases).settlement.review
    assert review is not None and review.lane is lane


def test_another_department_gets_the_case_and_the_customer_is_told() -> None:
    judged = judge(evidence(), [case(in_collection=True)])
    assert road(judged) == [C.ABIERTO, C.ESCALADO]
    done = judged.settlement
    assert (done.charges, done.entries) == ((), ())
    assert done.review is not None and done.review.lane is Lane.DERIVADO
    assert done.reply is not None and done.reply.kind is ReplyKind.DERIVADO
    assert done.folder is FolderRole.REVISION and done.evidence_state is EvidenceState.ESCALADO


def test_who_is_asked_for_something_waits_as_a_case_that_waits_for_him() -> None:
    judged = judge(without_attachment(), [case()])
    assert road(judged) == [C.ABIERTO, C.EN_REVISION, C.PENDIENTE_CLIENTE]
    done = judged.settlement
    assert (done.evidence_state, done.folder, done.review) == (EvidenceState.RECHAZADO, FolderRole.RECHAZADOS, None)
    assert done.reply is not None and done.reply.kind is ReplyKind.SUBSANAR


def test_a_case_that_waits_for_a_person_goes_on_doing_so() -> None:
    assert road(judge(without_attachment(), [case(state=C.EN_REVISION)])) == []


def test_a_wrong_subject_is_pointed_at() -> None:
    fault = SubjectFault(f"{CEDULA}//X//AGUA", ReasonCode.LINEA_NO_RECONOCIDA, SubjectField.LINEA, "AGUA", "INTERNET")
    told = facts(judge(evidence(acta(direction=Direction.INSTALACION), subject=fault), []))
    assert told["asunto_indicado"] == "el tercer dato (línea de negocio) dice «AGUA»; se esperaba INTERNET"


def test_the_answer_to_a_duplicate_quotes_the_first_receipt() -> None:
    uses = (Use("adjunto", FILE, "EV-0000009-1", CaseId(1), True),)
    judged = judge(evidence(uses=uses), [case(state=C.ACREDITADO, items=[item(state=ItemState.ACREDITADO_ACTA)])])
    assert facts(judged)["recibo"] == "EV-0000009-1"
    done = judged.settlement
    assert (done.evidence_state, done.folder) == (EvidenceState.DUPLICADO, FolderRole.RECHAZADOS)
    assert done.reply is not None and done.reply.kind is ReplyKind.INFORMACION


def test_the_legal_clock_starts_with_the_day_of_reception_in_ecuador() -> None:
    just_before_midnight = datetime(2021, 4, 18, 4, 59, tzinfo=UTC)
    judged = judge(evidence(received_at=just_before_midnight), [case()])
    assert judged.settlement.respond_by == date(2021, 5, 2)
    judged = judge(evidence(received_at=just_before_midnight.replace(hour=5)), [case()])
    assert judged.settlement.respond_by == date(2021, 5, 3)


# ── who is answered ──────────────────────────────────────────────────────────────────────────────

STRANGER = {"sender_proven": False}
MACHINE = {"automatic": Automatic(AutomaticKind.GENERADO, "Auto-Submitted")}
OF_AN_INSTALLATION = acta(direction=Direction.INSTALACION)
OF_NOBODY = replace(OF_AN_INSTALLATION, id_number=None, service_number=None, equipment=(line(),))


@pytest.mark.parametrize(
    ("given_", "answered"),
    [
        (without_attachment(**STRANGER), False),
        (without_attachment(known_sender=True, **STRANGER), True),
        (without_attachment(), True),
        (evidence(OF_AN_INSTALLATION, **STRANGER), True),
        (evidence(OF_NOBODY, **STRANGER), False),
        (evidence(subject=claim(CEDULA, HOLDER, Line.MOVIL), papers=(), readings=(document(),), **STRANGER), False),
        (evidence(**STRANGER), True),
        (evidence(acta(date=None), **STRANGER), True),
    ],
)  # fmt: skip
def test_a_refusal_goes_only_to_who_is_proven_known_or_shows_the_case(given_: Evidence, answered: bool) -> None:
    done = judge(given_, [case()]).settlement
    assert (done.reply is not None) is answered
    assert bool(done.unanswered_because) is not answered
    if not answered:
        assert done.review is not None and done.review.lane is Lane.SIN_RESPUESTA
        assert (done.evidence_state, done.folder) == (EvidenceState.EN_REVISION, FolderRole.REVISION)
        assert done.cases == ()


def test_answering_everybody_is_a_knob() -> None:
    done = judge(without_attachment(**STRANGER), [case()], rules=with_policy(answer_unproven_senders=True)).settlement
    assert done.reply is not None and done.review is None


def test_a_machine_is_never_answered_but_what_it_should_mend_is_seen_by_a_person() -> None:
    accepted = judge(evidence(email=email(**MACHINE)), [case()]).settlement
    assert accepted.reply is None and accepted.entries and accepted.review is None
    blank = judge(evidence(acta(kind=DocumentKind.VACIO, equipment=()), email=email(**MACHINE)), [case()]).settlement
    assert blank.reply is None
    assert blank.review is not None and blank.review.lane is Lane.SIN_RESPUESTA


def test_a_mail_without_a_sender_is_not_answered() -> None:
    done = judge(evidence(email=email(sender=None)), [case()]).settlement
    assert done.reply is None and done.unanswered_because


# ── a person's decisions ─────────────────────────────────────────────────────────────────────────


def by_person(
    kind: type[Decision],
    *cases: Case,
    items: Sequence[int] = (),
    reasons: tuple[ReasonCode, ...] = (),
) -> Decision:
    verdicts = {Reverse: Verdict.REVERSE, Partial: Verdict.PARTIAL}
    findings = tuple(
        ItemFinding(one.id, thing.id, ItemOutcome.ACREDITAR if thing.id in items else ItemOutcome.NO_CONSTA, "persona")
        for one in cases
        for thing in one.items
        if thing.state is ItemState.PENDIENTE
    )
    finding = Finding("persona:ana", verdicts.get(kind, Verdict.HOLD), reasons, "Decisión de una persona.", True)
    return kind(cases, Grounds((finding,), reasons, findings, actor="persona:ana"))  # type: ignore[call-arg,misc]


def test_a_person_accepts_what_the_daemon_held() -> None:
    held = case(state=C.EN_REVISION)
    done = settle(by_person(Reverse, held, items=[1]), evidence(), book(), TODAY)
    assert [(change.before, change.after) for change in done.cases] == [(C.EN_REVISION, C.ACREDITADO)]
    assert done.entries[0].rule == "persona:ana"


@pytest.mark.parametrize("state", [C.ESCALADO, C.ACREDITADO, C.REGULARIZADO])
def test_a_person_reopens_what_is_closed_and_the_daemon_does_not(state: CaseState) -> None:
    decision = by_person(Reverse, case(state=state), items=[1])
    done = settle(decision, evidence(), book(), TODAY)
    assert [change.after for change in done.cases] == ([] if state is C.ACREDITADO else [C.EN_REVISION, C.ACREDITADO])
    assert done.entries
    own = replace(decision, grounds=replace(decision.grounds, actor="daemon"))
    if state is C.ESCALADO:
        with pytest.raises(RefusedTransition, match="sólo una persona"):
            settle(own, evidence(), book(), TODAY)
    else:
        assert settle(own, evidence(), book(), TODAY).cases == ()


def test_a_charge_in_collection_is_left_alone_and_the_case_handed_over_even_by_a_person() -> None:
    held = case(state=C.EN_REVISION, charges=[charge(state=H.EN_COBRO)])
    done = settle(by_person(Reverse, held, items=[1]), evidence(), book(), TODAY)
    assert (done.charges, done.entries) == ((), ())
    assert done.items[0].after is ItemState.ACREDITADO_ACTA
    assert done.cases[-1].after is C.ESCALADO
    assert done.review is not None and done.review.lane is Lane.DERIVADO


def test_a_person_discards_and_the_case_is_what_its_items_say() -> None:
    held = case(state=C.EN_REVISION, items=[item(), item(2, state=ItemState.ACREDITADO_ACTA)])
    done = settle(by_person(Discard, held), evidence(), book(), TODAY)
    assert done.cases[-1].after is C.PARCIAL
    assert done.reply is None and done.evidence_state is EvidenceState.DESCARTADO


def test_a_persons_refusal_is_answered_whoever_asked() -> None:
    decision = by_person(Reject, case(state=C.EN_REVISION), reasons=(ReasonCode.NO_ES_ACTA,))
    done = settle(decision, evidence(**STRANGER), book(), TODAY)
    assert done.reply is not None and done.reply.kind is ReplyKind.RECHAZADO
    assert done.cases[-1].after is C.ABIERTO


def test_a_lump_sum_without_any_equipment_on_file_is_reversed_by_a_person_only() -> None:
    bare = case(state=C.EN_REVISION, items=[], charges=[charge(of=None)])
    assert settle(by_person(Reverse, bare), evidence(), book(), TODAY).entries[0].amount == 10080
    assert judge(evidence(), [replace(bare, state=C.ABIERTO)]).settlement.entries == ()


def test_amounts_that_do_not_add_up_stop_a_person_too() -> None:
    with pytest.raises(RefusedTransition, match="no cuadra"):
        settle(by_person(Reverse, case(charges=[charge(total=1)]), items=[1]), evidence(), book(), TODAY)


# ── laws, over whatever may be sent and whatever may be on file ──────────────────────────────────

SERIALS = (SERIAL, "48575443" + SERIAL[4:], "HWTC3F32112G", "ALCL81103EC9", "ZTEEQ7C8M220870", "ZTEEQ7C8M220871", "")
KINDS = (ONT, DECO, REMOTE)
NUMBERS = (CEDULA, OTHER_CEDULA, CEDULA[:-1] + "8", CEDULA + "001")
SERVICES = (SERVICE, "40020000", "0040010000")
NAMES = (HOLDER, "JUAN GOYES", "GOYES BALSECA JUANA CARLA", "MORA PAZ ANA", "")
FILES = (FILE, "b" * 64)
LINES = (Line.INTERNET_FIJO, Line.TELEVISION, Line.TELEFONIA_FIJA)
USES = (
    (Use("adjunto", FILE, "EV-0000009-1", CaseId(1), True),),
    (Use("serie", SERIAL, "EV-0000009-1", CaseId(99), False),),
)
HOUR = datetime(2021, 4, 18, 15, tzinfo=UTC)
REGISTERS = (registered(), registered(serials=("00",)), registered(day=date(2001, 1, 1)), Register(TODAY))

often = st.integers(0, 19).map(bool)


def usually(value: object, *others: object) -> st.SearchStrategy[object]:
    """Mostly the faultless value: else no random mail would ever be accepted, and no law be tested."""
    return often.flatmap(lambda yes: st.just(value) if yes else st.sampled_from([value, *others]))


@st.composite
def lists_of_cases(draw: st.DrawFn) -> list[Case]:
    cases = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        items = [
            item(
                10 * number + place,
                ONT if place == 0 else draw(st.sampled_from(KINDS)),
                draw(usually(SERIALS[0], *SERIALS)) if place == 0 else draw(st.sampled_from(SERIALS)),  # type: ignore[arg-type]
                draw(usually("", MAC)),  # type: ignore[arg-type]
                draw(usually(ItemState.PENDIENTE, *ItemState)),  # type: ignore[arg-type]
                number,
            )
            for place in range(draw(st.integers(1, 3)) if draw(often) else 0)
        ]
        charges = [
            charge(
                10 * number + place,
                draw(st.sampled_from([*(thing.id for thing in items), None])),
                draw(usually(H.FACTURADO, *H)),  # type: ignore[arg-type]
                base=draw(st.integers(1, 20000)),
                tax=draw(st.integers(0, 3000)),
                case=number,
                **draw(usually({}, {"paid": 50}, {"reversed": 1}, {"total": 7})),  # type: ignore[arg-type]
            )
            for place in range(draw(st.integers(0, 3)))
        ]
        cases.append(
            case(
                number,
                items,
                charges,
                id_number=draw(usually(CEDULA, OTHER_CEDULA)),
                line=draw(usually(LINES[number - 1], *Line)),
                service_number=draw(usually(SERVICE if number == 1 else f"400{number}0000", *SERVICES)),
                state=draw(usually(C.ABIERTO, *C)),
                claim_open=draw(usually(False, True)),
                in_collection=draw(usually(False, True)),
                unlisted=draw(usually(False, True)),
                activated_on=draw(usually(date(2015, 3, 1), None, date(2021, 1, 1))),
            )
        )
    return cases


@st.composite
def actas(draw: st.DrawFn) -> object:
    lines = [
        line(
            draw(st.sampled_from(KINDS)),
            draw(st.sampled_from(SERIALS)),
            draw(usually("", MAC)),  # type: ignore[arg-type]
            draw(st.integers(1, 2)),
            draw(usually(0.9, 0.1)),  # type: ignore[arg-type]
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    return acta(
        *([line(serial=SERIAL)] if draw(often) else []),
        *lines,
        kind=draw(usually(DocumentKind.ACTA, *DocumentKind)),
        direction=draw(usually(Direction.DEVOLUCION, *Direction)),
        ours=draw(usually(True, False)),
        date=draw(usually("2020-05-12", None, "2021-04-25", "2010-01-01", "2015-03-05")),
        number=draw(usually("AE-1", "AE-2", None)),
        id_number=draw(usually(CEDULA, None, *(field(text, 0.4) for text in NUMBERS), *NUMBERS)),
        service_number=draw(usually(SERVICE, None, *SERVICES)),
        holder=draw(usually(HOLDER, *NAMES, None)),
        agent=draw(usually("MORA ELSA", None)),
        documents=(draw(st.sampled_from(FILES)),),
    )


@st.composite
def mails(draw: st.DrawFn) -> Evidence:
    papers = draw(st.lists(actas(), min_size=1, max_size=2)) if draw(often) else []
    attached = tuple(attachment(digest) for digest in FILES) if papers or draw(st.booleans()) else ()  # type: ignore[arg-type]
    subject = draw(
        st.sampled_from(
            [
                claim(
                    draw(usually(CEDULA, *NUMBERS)),
                    draw(usually(HOLDER, *NAMES)),
                    draw(usually(Line.INTERNET_FIJO, *Line)),
                ),  # type: ignore[arg-type]
                claim(CEDULA, HOLDER, Line.PAQUETE),
                claim(CEDULA, HOLDER, Line.INTERNET_FIJO),
                SubjectFault("x", ReasonCode.ASUNTO_FORMATO, SubjectField.ASUNTO, "x", "y"),
            ]
        )
    )
    return evidence(
        *papers,  # type: ignore[arg-type]
        papers=tuple(papers),
        subject=subject,
        received_at=HOUR,
        register=draw(usually(Register(), *REGISTERS)),
        lookalikes=draw(usually((), (Lookalike(1, "EV-0000009-1", CaseId(99), 4),))),
        neighbours=draw(usually((), (Neighbour("EV-0000009-1", "AE-000002", date(2019, 1, 7)),))),
        rushes=draw(usually((), (Rush("remitente", "x", 9, 24),), (Rush("dominio", "x", 3, 24),))),
        origins=draw(usually((), (Origin(FILE, updates=2),), (Origin(FILE, made_at=HOUR + timedelta(days=9)),))),
        held_alone=draw(usually((), (CaseId(1),))),
        email=email(
            attachments=attached,
            automatic=draw(usually(None, *(Automatic(kind, "x") for kind in AutomaticKind))),
            statements=draw(usually(frozenset(), *(frozenset({word}) for word in Statement))),
        ),
        readings=draw(
            usually(
                tuple(document(one.sha256) for one in attached),
                (),
                (Unreadable(FILE, "x", ReasonCode.ADJUNTO_DANADO, "x"),),  # type: ignore[arg-type]
            )
        ),
        uses=draw(usually((), *USES)),
        sender_proven=draw(usually(True, False)),
        sender_refuted=draw(usually(False, True)),
    )  # fmt: skip


def legal(cases: Sequence[Case], judged: Judged, *, person: bool = False) -> None:
    """Every change is a legal step from where the thing stands, and entries and charges go together."""
    done = judged.settlement
    at = {one.id: one.state for one in cases}
    for step in done.cases:
        assert at[step.case_id] is step.before
        ledger.case_step(step.before, step.after, by_person=person)
        at[step.case_id] = step.after
    for thing in done.items:
        ledger.item_step(thing.before, thing.after, by_person=person)
    for owed in done.charges:
        ledger.charge_step(owed.before, owed.after, by_person=person)
    assert [entry.charge_id for entry in done.entries] == [owed.charge_id for owed in done.charges]
    assert len({entry.charge_id for entry in done.entries}) == len(done.entries)
    assert len({thing.item_id for thing in done.items}) == len(done.items)
    applied(cases, done)  # asserts every state before


def balances(cases: Sequence[Case]) -> dict[int, int]:
    return {owed.id: owed.reversed for one in cases for owed in one.charges}


laws = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@laws
@given(mails(), lists_of_cases())
def test_whatever_is_sent_every_change_is_legal_and_no_charge_goes_above_its_total(
    given_: Evidence, cases: list[Case]
) -> None:
    judged = judge(given_, cases)
    legal(cases, judged)
    totals = {owed.id: owed for one in cases for owed in one.charges}
    for entry in judged.settlement.entries:
        owed = totals[entry.charge_id]
        assert entry.amount > 0 and owed.reversed + entry.amount <= owed.total == owed.base + owed.tax
    for one in applied(cases, judged.settlement):
        if one.state in {C.ACREDITADO, C.REGULARIZADO} and judged.settlement.entries:
            assert one.state is next(c.state for c in cases if c.id == one.id) or not any(
                thing.state is ItemState.PENDIENTE for thing in one.items
            )


@laws
@given(mails(), lists_of_cases())
def test_no_value_is_reversed_without_a_return_acta_with_equal_number_name_date_and_serial(
    given_: Evidence, cases: list[Case]
) -> None:
    judged = judge(given_, cases)
    done = judged.settlement
    if not (done.entries or done.items):
        return
    assert isinstance(judged.decision, Reverse | Partial)
    touched = [one for one in cases if any(thing.id in {c.item_id for c in done.items} for thing in one.items)]
    touched += [one for one in cases if any(o.id in {e.charge_id for e in done.entries} for o in one.charges)]
    returned = [
        paper
        for paper in given_.papers
        if paper.kind is DocumentKind.ACTA and paper.direction is Direction.DEVOLUCION and paper.ours
    ]
    for one in touched:
        assert not one.claim_open and not one.in_collection and not one.unlisted
        assert one.state not in {C.ACREDITADO, C.REGULARIZADO, C.ESCALADO, C.ANULADO, C.EN_REVISION}
        name = given_.subject.name or (returned[0].holder.value if returned[0].holder else "")
        assert compare(name, one.holder) in {NameMatch.COINCIDE, NameMatch.PARCIAL}
        tied = [
            paper
            for paper in returned
            if (paper.id_number and same_id(paper.id_number.value, one.id_number))
            or (paper.service_number and paper.service_number.value.lstrip("0") == one.service_number.lstrip("0"))
        ]
        assert tied and all(paper.date and date.fromisoformat(paper.date.value) <= TODAY for paper in tied)
        for thing in one.items:
            if thing.id not in {change.item_id for change in done.items}:
                continue
            if thing.type in WITHOUT_SERIAL and not thing.serial and not thing.mac:
                assert any(shown.type is thing.type for paper in tied for shown in paper.equipment)
            else:
                assert any(
                    same_serial(found.value, expected) is Likeness.SAME
                    for paper in tied
                    for shown in paper.equipment
                    for found, expected in ((shown.serial, thing.serial), (shown.mac, thing.mac))
                    if found and expected
                )
    assert not given_.sender_refuted


@laws
@given(mails(), lists_of_cases())
def test_no_signal_goes_with_an_acceptance_without_a_person_and_none_refuses(
    given_: Evidence, cases: list[Case]
) -> None:
    judged = judge(given_, cases)
    counted = Counter(signal.strength for signal in judged.decision.grounds.signals)
    if counted[SignalClass.STRONG] or counted[SignalClass.MEDIUM] or counted[SignalClass.WEAK] > 1:
        assert not isinstance(judged.decision, Reverse | Partial)
        assert judged.settlement.entries == ()
    if isinstance(judged.decision, AskMore | Discard):
        # What the customer is told does not depend on any signal.
        calm = replace(
            given_, lookalikes=(), neighbours=(), rushes=(), origins=(), register=Register(), sender_refuted=False
        )
        assert type(judge(calm, cases).decision) is type(judged.decision)


@laws
@given(mails(), lists_of_cases())
def test_what_the_register_contradicts_is_never_accepted_and_what_is_asked_of_it_is_heard(
    given_: Evidence, cases: list[Case]
) -> None:
    voices = [hear(acta, given_.register).voice for acta in returns(given_)]
    if Voice.CONTRADICE in voices:
        assert judge(given_, cases).settlement.entries == ()
    strict = judge(given_, cases, rules=with_policy(register_required=True))
    if strict.settlement.entries:
        assert voices and set(voices) == {Voice.CONFIRMA}


@laws
@given(mails(), lists_of_cases())
def test_the_sum_reversed_without_a_person_stays_within_its_limit(given_: Evidence, cases: list[Case]) -> None:
    policy = book().decision.policy
    judged = judge(given_, cases)
    owed = sum(entry.amount for entry in judged.settlement.entries if entry.kind is not EntryKind.DEVOLUCION)
    assert owed <= max(policy.automatic_limit_cents, policy.confirmed_limit_cents)
    assert judge(given_, cases, rules=with_policy(sampled_share=1.0)).settlement.entries == ()
    tight = judge(given_, cases, rules=with_policy(automatic_limit_cents=0, confirmed_limit_cents=0))
    assert all(entry.kind is EntryKind.DEVOLUCION for entry in tight.settlement.entries)


@laws
@given(mails(), lists_of_cases())
def test_the_same_mail_judged_again_reverses_nothing_more(given_: Evidence, cases: list[Case]) -> None:
    once = judge(given_, cases)
    after = applied(cases, once.settlement)
    twice = judge(given_, after)
    assert twice.settlement.entries == () or not once.settlement.entries
    assert all(
        ledger.balanced(owed)
        for one in applied(after, twice.settlement)
        for owed in one.charges
        if owed.id not in {bad.id for was in cases for bad in was.charges if not ledger.balanced(bad)}
    )


@laws
@given(mails(), lists_of_cases())
def test_machines_are_never_answered_and_every_other_mail_is_answered_or_seen(
    given_: Evidence, cases: list[Case]
) -> None:
    done = judge(given_, cases).settlement
    if given_.email.automatic is not None:
        assert done.reply is None
    else:
        assert done.reply is not None or done.review is not None
    assert (done.reply is None) == bool(done.unanswered_because)
    assert (done.folder is FolderRole.REVISION) == (
        done.evidence_state in {EvidenceState.EN_REVISION, EvidenceState.ESCALADO}
    )
    if done.folder is FolderRole.REVISION:
        assert done.review is not None


@laws
@given(mails(), lists_of_cases())
def test_without_papers_the_answer_is_the_same_whatever_is_on_file(given_: Evidence, cases: list[Case]) -> None:
    number = given_.subject.id_number
    bare = replace(given_, papers=(), readings=(), uses=(), email=replace(given_.email, attachments=()))
    if number is not None and number.check.value != "OK":
        return  # a doubtful number is told to be so when nobody has it
    if bare.email.statements & {Statement.NO_RECONOCE_SERVICIO, Statement.NO_TENGO_ACTA}:
        return  # held or handed over by what he says, with a receipt that names no case
    assert judge(bare, cases).settlement.reply == judge(bare, []).settlement.reply


@laws
@given(lists_of_cases(), st.sampled_from([Reverse, Partial, AskMore, Reject, Hold, Escalate, Discard]), st.data())
def test_whatever_a_person_decides_is_legal_or_refused(
    cases: list[Case], kind: type[Decision], data: st.DataObject
) -> None:
    pending = [thing.id for one in cases for thing in one.items if thing.state is ItemState.PENDIENTE]
    chosen = data.draw(st.sets(st.sampled_from(pending))) if pending else set()
    decision = by_person(kind, *cases, items=sorted(chosen), reasons=(ReasonCode.NO_ES_ACTA,))
    try:
        done = settle(decision, evidence(), book(), TODAY)
    except RefusedTransition:
        return
    judged = judge(evidence(), cases)
    legal(cases, replace(judged, decision=decision, settlement=done), person=True)
    after = applied(cases, done)
    assert {thing.item_id for thing in done.items} == chosen & set(pending) or kind not in (Reverse, Partial)
    assert all(balances(after)[number] >= before for number, before in balances(cases).items())


def test_random_mails_do_get_accepted_so_that_the_laws_are_tried() -> None:
    verdicts: list[str] = []

    @settings(max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(mails(), lists_of_cases())
    def collect(given_: Evidence, cases: list[Case]) -> None:
        verdicts.append(judge(given_, cases).verdict)

    collect()
    assert verdicts.count("Reverse") + verdicts.count("Partial") >= 10
    assert {"Hold", "AskMore"} <= set(verdicts)
