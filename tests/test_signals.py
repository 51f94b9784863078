"""The ten signals: each raised by its own trouble, explained, never by an honest mail, and never a refusal."""

# ruff: noqa: E501  (the table is read row by row)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from dossier import (
    DECO,
    FILE,
    OTHER_CEDULA,
    SERIAL,
    acta,
    book,
    case,
    charge,
    email,
    evidence,
    field,
    item,
    judge,
    line,
    registered,
    with_policy,
)
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.cases.signals import raised, stops, ways
from evidence_daemon.model import (
    Address,
    Case,
    CaseId,
    Evidence,
    Lane,
    Line,
    Lookalike,
    Neighbour,
    OneCase,
    Origin,
    Rush,
    Signal,
    SignalClass,
    Use,
)

S, M, W = SignalClass.STRONG, SignalClass.MEDIUM, SignalClass.WEAK
SECOND = case(2, items=[item(2, DECO, "ZTEEQ7C8M220870", case=2)], line=Line.TELEVISION, service_number="40020000")


def used(what: str, value: str, of: int | None = 77) -> Evidence:
    return evidence(uses=(Use(what, value, "EV-0000009-1", CaseId(of) if of is not None else None, True),))


def denied(of: int) -> Evidence:
    return evidence(uses=(Use("acta", "AE000001", "EV-0000009-1", CaseId(of), False, denied=True),))


def looks_like(of: int | None, distance: int = 4) -> Evidence:
    return evidence(lookalikes=(Lookalike(1, "EV-0000009-1", CaseId(of) if of is not None else None, distance),))


def beside(*others: tuple[str, str]) -> Evidence:
    return evidence(
        neighbours=tuple(
            Neighbour(f"EV-000000{place}-1", number, date.fromisoformat(day))
            for place, (number, day) in enumerate(others)
        )
    )


def made(**told: object) -> Evidence:
    return evidence(origins=(Origin(FILE, **told),))  # type: ignore[arg-type]


def rushed(way: str, cases: int) -> Evidence:
    return evidence(rushes=(Rush(way, "alguien", cases, 24),))


TABLE: list[tuple[str, Evidence, list[Case], dict[str, SignalClass]]] = [
    ("honest", evidence(), [case()], {}),
    # 1: the same bytes
    ("file elsewhere", used("adjunto", FILE), [case()], {"archivo_usado": S}),
    ("picture in another file", used("imagen", "b" * 64), [case()], {"imagen_usada": S}),
    ("picture for his other service", used("imagen", "b" * 64, 2), [case(), SECOND], {"imagen_usada": M}),
    ("picture for the same case", used("imagen", "b" * 64, 1), [case()], {}),
    ("picture of a mail without a case", used("imagen", "b" * 64, None), [case()], {}),
    # 2: nearly the same picture
    ("nearly the same picture", looks_like(77), [case()], {"imagen_parecida": S}),
    ("of his other service", looks_like(2), [case(), SECOND], {"imagen_parecida": M}),
    ("of the same case", looks_like(1), [case()], {}),
    ("of no case", looks_like(None), [case()], {}),
    ("not near enough", looks_like(77, 11), [case()], {}),
    ("just near enough", looks_like(77, 10), [case()], {"imagen_parecida": S}),
    # 3: the serial
    ("serial elsewhere", used("serie", SERIAL), [case()], {"serie_usada": S}),
    ("serial of a stranger", evidence(acta(line(serial=SERIAL), line(DECO, "ZTEEQ7C8M220870"))), [case(), replace(SECOND, id_number=OTHER_CEDULA)], {"equipo_ajeno": S}),
    ("register has it elsewhere", evidence(register=registered(number="AE000009")), [case()], {"registro_contradice": S}),
    # 4: the acta's number
    ("acta elsewhere", used("acta", "AE000001"), [case()], {"acta_usada": S}),
    ("a person refused it for this case", denied(1), [case()], {"prueba_negada": M}),
    ("a person refused it for another case", denied(77), [case()], {"acta_usada": S}),
    ("a later number on an earlier day", beside(("AE-000002", "2020-05-04"), ("AE-000003", "2020-05-04")), [case()], {"acta_fuera_de_orden": S}),
    ("an earlier number on a later day", beside(("AE-000000", "2020-05-20"), ("AE-000002", "2020-05-04")), [case()], {"acta_fuera_de_orden": S}),
    ("only one acta says so", beside(("AE-000002", "2020-05-04"), ("AE-000003", "2020-05-20")), [case()], {}),
    ("in order", beside(("AE-000002", "2020-05-14")), [case()], {}),
    ("out of order within the slack", beside(("AE-000002", "2020-05-05")), [case()], {}),
    ("another series", beside(("B-000002", "2020-05-04")), [case()], {}),
    # 6: the sender
    ("refuted", evidence(sender_proven=False, sender_refuted=True), [case()], {"remitente_refutado": M}),
    ("answers elsewhere", evidence(email=email(reply_to=Address("", "x@otro.example.org"))), [case()], {"responder_a_otro": M}),
    ("poses as the company", evidence(email=email(sender=Address("CNT Posventa", "x@correo.example"))), [case()], {"nombre_de_la_empresa": M}),
    ("unproven", evidence(sender_proven=False), [case()], {"remitente_sin_probar": W}),
    ("unproven and known", evidence(sender_proven=False, known_sender=True), [case()], {}),
    # 7: somebody else's name
    ("another name on the acta", evidence(acta(holder=field("MORA PAZ ANA LUCIA", proven=True))), [case()], {"titular_del_acta": M}),
    ("perhaps misread", evidence(acta(holder="MORA PAZ ANA LUCIA")), [case()], {"titular_del_acta": W}),
    # 8: dates
    ("soon after the activation", evidence(acta(date="2015-03-10")), [case()], {"cerca_de_la_instalacion": M}),
    ("after the mail", evidence(acta(date="2021-04-19")), [case()], {"acta_posterior_al_correo": M}),
    ("on a Sunday", evidence(acta(date="2020-05-17")), [case()], {"oficina_cerrada": W}),
    ("file made after it came", made(made_at=datetime(2021, 4, 20, tzinfo=UTC)), [case()], {"archivo_del_futuro": M}),
    ("clock an hour ahead", made(made_at=datetime(2021, 4, 18, 4, tzinfo=UTC)), [case()], {}),
    # 9: velocity
    ("many cases of one sender", rushed("remitente", 4), [case()], {"rafaga": M}),
    ("few cases of one sender", rushed("remitente", 3), [case()], {}),
    ("many of one domain", rushed("dominio", 100), [case()], {"rafaga": M}),
    ("many of one clerk", rushed("agente", 40), [case()], {"rafaga": M}),
    ("many of one camera", rushed("aparato", 8), [case()], {"rafaga": M}),
    ("just under the limit", evidence(), [case(charges=[charge(base=43500, tax=5220)])], {"bajo_el_limite": M}),
    ("at the limit", evidence(), [case(charges=[charge(base=44643, tax=5357)])], {"bajo_el_limite": M}),
    ("well under the limit", evidence(), [case(charges=[charge(base=40000, tax=4800)])], {}),
    # 10: the file's history
    ("edited", made(program="Adobe Photoshop 22.1"), [case()], {"archivo_editado": W}),
    ("saved over itself", made(updates=2), [case()], {"archivo_editado": W}),
    ("changed later", made(made_at=datetime(2020, 5, 12, tzinfo=UTC), changed_at=datetime(2021, 4, 1, tzinfo=UTC)), [case()], {"archivo_editado": W}),
    ("all of the history", made(program="GIMP", updates=3, made_at=datetime(2020, 5, 12, tzinfo=UTC), changed_at=datetime(2021, 4, 1, tzinfo=UTC)), [case()], {"archivo_editado": W}),
    ("a scanner", made(program="Xerox WorkCentre 7845"), [case()], {}),
    # nobody who received it
    ("a text layer that is not what is seen", evidence(acta(masked=("1700000019 / 1710034065",))), [case()], {"texto_oculto": S}),
    ("nobody received it", evidence(acta(agent=None, office=None)), [case()], {"sin_quien_recibe": W}),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "cases", "wanted"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_each_trouble_raises_its_signal_and_nothing_else(
    given_: Evidence, cases: Sequence[Case], wanted: dict[str, SignalClass]
) -> None:
    judged = judge(given_, cases)
    signals = judged.decision.grounds.signals
    assert {signal.name: signal.strength for signal in signals} == wanted
    assert all(signal.because for signal in signals)
    assert all(
        signal.because not in (judged.settlement.reply.facts if judged.settlement.reply else ()) for signal in signals
    )


@pytest.mark.parametrize(("given_", "cases", "wanted"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_signal_stops_an_acceptance_by_its_class_and_never_refuses(
    given_: Evidence, cases: Sequence[Case], wanted: dict[str, SignalClass]
) -> None:
    judged = judge(given_, cases)
    stopped = any(strength is not W for strength in wanted.values())
    assert judged.verdict == ("Hold" if stopped else "Reverse")
    if stopped:
        assert judged.settlement.review is not None
        assert judged.settlement.review.lane is Lane.SENALES
        assert judged.settlement.reply is not None
        assert judged.settlement.reply.kind.value == "recibido"


def test_two_weak_signals_are_a_medium_one() -> None:
    given_ = replace(made(program="GIMP"), sender_proven=False)
    assert judge(given_, [case()]).verdict == "Hold"
    assert judge(replace(given_, sender_proven=True), [case()]).verdict == "Reverse"


def test_a_signal_tells_on_what_it_rests() -> None:
    for name, given_, cases, wanted in TABLE:
        for signal in judge(given_, cases).decision.grounds.signals:
            if wanted[signal.name] is S and signal.name != "registro_contradice":
                assert signal.evidence, name


def test_what_a_signal_says_never_reaches_the_customer() -> None:
    reply = judge(looks_like(77), [case()]).settlement.reply
    assert reply is not None
    told = " ".join(value for _name, value in reply.facts) + " ".join(reply.reasons)
    assert "imagen" not in told
    assert "EV-0000009-1" not in told


def test_the_limits_of_a_rush_and_of_likeness_are_knobs() -> None:
    assert judge(rushed("remitente", 3), [case()], rules=with_policy(rush={"remitente": 3})).verdict == "Hold"
    assert judge(rushed("remitente", 9), [case()], rules=with_policy(rush={})).verdict == "Reverse"
    assert judge(looks_like(77, 4), [case()], rules=with_policy(lookalike_bits=3)).verdict == "Reverse"
    sunday = evidence(acta(date="2020-05-17"), sender_proven=False)
    assert judge(sunday, [case()]).verdict == "Hold"
    assert judge(sunday, [case()], rules=with_policy(closed_weekdays=())).verdict == "Reverse"


def test_the_ways_of_a_mail_leave_out_domains_at_which_everybody_has_a_mailbox() -> None:
    home = evidence(email=email(sender=Address("", "Ana@Gmail.com")), origins=(Origin(FILE, device="moto g20"),))
    assert ways(home, book()) == (
        ("remitente", "ana@gmail.com"), ("agente", "MORA PAZ ELSA · CAC PRUEBA"), ("aparato", "moto g20"),
    )  # fmt: skip
    firm = evidence(acta(agent=None), email=email(sender=Address("", "ana@ventas.firma.com.ec")))
    assert ways(firm, book()) == (("remitente", "ana@ventas.firma.com.ec"), ("dominio", "firma.com.ec"))


@given(st.lists(st.sampled_from([S, M, W]), max_size=4))
def test_one_strong_or_medium_or_two_weak_ones_stop(classes: list[SignalClass]) -> None:
    signals = tuple(Signal(str(number), strength, "…") for number, strength in enumerate(classes))
    assert stops(signals) is (S in classes or M in classes or classes.count(W) >= 2)


def test_signals_come_strongest_first() -> None:
    given_ = replace(looks_like(77), sender_refuted=True, origins=(Origin(FILE, updates=1),))
    strengths = [signal.strength for signal in raised(given_, OneCase(case(), ()), book())]
    assert strengths == sorted(strengths, key=(S, M, W).index)
    assert len(strengths) == 3
