"""The rule book: the one in the tree is sound, and a faulty one is refused whole, with file, line and reason."""

from __future__ import annotations

import re

import pytest
from dossier import TODAY, book, case, evidence, texts

from evidence_daemon.cases.decision import decide
from evidence_daemon.cases.matching import match
from evidence_daemon.errors import BadRules
from evidence_daemon.model import Hold, ReasonCode, Verdict
from evidence_daemon.rulebook import INDISPENSABLE, Fact, parse


def changed(file: str, *changes: tuple[str, str]) -> dict[str, str]:
    """The book's texts with pieces of one file replaced; each piece must stand there."""
    book_texts = texts()
    for before, after in changes:
        assert before in book_texts[file], before
        book_texts[file] = book_texts[file].replace(before, after, 1)
    return book_texts


def faults(book_texts: dict[str, str]) -> list[str]:
    with pytest.raises(BadRules) as refused:
        parse(book_texts)
    return refused.value.faults


def line_of(file: str, text: str, book_texts: dict[str, str]) -> int:
    return next(number for number, line in enumerate(book_texts[file].splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("[terms]", "terms = 5\n[other]", "terms: a table of words is wanted"),
        ("list = 'CONTROL|", "list = 5 # '", "terms: list is no pattern in quotes"),
    ],
)
def test_words_that_are_no_words_are_refused_by_name(before: str, after: str, fault: str) -> None:
    (told,) = faults(changed("documents.toml", (before, after)))
    assert fault in told


def test_the_book_in_the_tree_is_sound() -> None:
    assert book().decision.rule[-1].verdict is Verdict.HOLD
    assert re.fullmatch(r"[0-9a-f]{12}", book().edition)


def test_the_edition_changes_with_any_word_of_the_book() -> None:
    assert parse(texts()).edition == book().edition
    other = parse(changed("decision.toml", ("Todos los equipos constan en el acta.", "Constan todos.")))
    assert other.edition != book().edition


def test_every_reason_of_a_rule_has_a_text() -> None:
    for rule in book().decision.rule:
        assert set(rule.reasons) <= set(book().reasons.reasons)


def test_every_fact_is_used_by_some_rule() -> None:
    used = frozenset().union(*(rule.when | rule.unless for rule in book().decision.rule))
    assert set(Fact) - used == {Fact.CON_ADJUNTO}  # the other half of sin_adjunto: there for an owner's own rules


def test_nothing_known_means_that_a_person_decides() -> None:
    assert book().decision.spoken(frozenset())[0].verdict is Verdict.HOLD


def test_only_when_all_that_is_indispensable_holds_may_a_value_be_reversed() -> None:
    decision = book().decision
    assert decision.spoken(decision.faultless)[0].verdict is Verdict.REVERSE
    for fact in INDISPENSABLE[Verdict.REVERSE]:
        left = decision.faultless - {fact}
        assert decision.spoken(left)[0].verdict not in {Verdict.REVERSE, Verdict.PARTIAL}, fact


@pytest.mark.parametrize("fact", sorted(Fact))
def test_no_further_fact_turns_a_refusal_into_a_reversal(fact: Fact) -> None:
    """Every fact that is no part of the law can only stop an acceptance, never make one."""
    decision = book().decision
    for missing in INDISPENSABLE[Verdict.REVERSE] - {Fact.TODOS_LOS_EQUIPOS, fact}:
        verdict = decision.spoken(decision.faultless - {missing} | {fact})[0].verdict
        assert verdict not in {Verdict.REVERSE, Verdict.PARTIAL}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('when = ["rebote"]', 'when = ["rebotes"]', "rule.rebote.when"),
        ('reasons = ["NO_ES_ACTA"]', 'reasons = ["NO_ES_UN_ACTA"]', "rule.acta_de_otra_empresa.reasons"),
        ('name = "rebote"', 'name = "Rebote!"', "name"),
        ('verdict = "discard"', 'verdict = "delete"', "rule.correo_propio.verdict"),
        ('staff = "Es un correo nuestro que volvió."', 'staff = ""', "rule.correo_propio.staff"),
        ('staff = "Es un correo nuestro que volvió."\n', "", "rule.correo_propio.staff"),
        ('name = "rebote"\n', 'name = "rebote"\nwhenever = []\n', "rule.rebote.whenever"),
        ("automatic_limit_cents = 50000", "automatic_limit_cents = -1", "policy.automatic_limit_cents"),
        ("required_fields = []", 'required_fields = ["firma"]', "policy.required_fields"),
    ],
)
def test_an_unknown_word_is_refused_with_rule_and_line(before: str, after: str, says: str) -> None:
    wrong = changed("decision.toml", (before, after))
    told = faults(wrong)
    assert any(fault.startswith("decision.toml:") and says in fault for fault in told), told


def test_the_line_of_a_fault_is_that_of_its_rule_and_not_of_the_first_one() -> None:
    wrong = changed("decision.toml", ('unless = ["trae_enlace"]', 'unless = ["trae_enlaces"]'))
    (fault,) = faults(wrong)
    assert fault.startswith(f"decision.toml:{line_of('decision.toml', 'trae_enlaces', wrong)}: rule.sin_adjunto.unless")


@pytest.mark.parametrize(
    ("changes", "rule", "says"),
    [
        ([('name = "rebote"', 'name = "correo_propio"')], "correo_propio", "another rule of this name"),
        ([('verdict = "ask"', 'verdict = "reject"')], "demasiado_grande", "a final no is said by a person"),
        (
            [('{ facts = ["correo_propio", "sin_adjunto"], verdict = "discard" }', '{ facts = [], verdict = "hold" }')],
            "correo_propio",
            "none of its examples is decided by it",
        ),
        (
            [('{ facts = ["rebote", "con_adjunto"], verdict = "discard" }', '{ facts = ["rebote"], verdict = "ask" }')],
            "rebote",
            "example 1 gives discard (by rebote), not ask",
        ),
        ([('when = ["rebote"]', 'when = ["rebote"]\nunless = ["rebote"]')], "rebote", "in \"when\" and in \"unless\""),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_refused(changes: list[tuple[str, str]], rule: str, says: str) -> None:
    wrong = changed("decision.toml", *changes)
    told = faults(wrong)
    assert any(says in fault and f"rule {rule}:" in fault for fault in told), told
    named = next(fault for fault in told if says in fault)
    here = line_of("decision.toml", f'name = "{rule}"', wrong)
    assert named.startswith(f"decision.toml:{here}: ")


@pytest.mark.parametrize("fact", sorted(INDISPENSABLE[Verdict.REVERSE] & INDISPENSABLE[Verdict.PARTIAL]))
def test_the_book_may_be_stricter_than_the_law_but_not_laxer(fact: Fact) -> None:
    start = texts()["decision.toml"].index('name = "aceptar"')
    rule = texts()["decision.toml"][start:]
    wrong = texts() | {"decision.toml": texts()["decision.toml"][:start] + re.sub(rf'"{fact}",\s*', "", rule, count=1)}
    assert any(f'rule aceptar: "when" must name {fact}' in fault for fault in faults(wrong))


def test_a_book_without_a_default_is_refused() -> None:
    text = texts()["decision.toml"]
    cut = text[: text.rindex("[[rule]]")]
    assert any("must be the default" in fault for fault in faults(texts() | {"decision.toml": cut}))


def test_all_faults_of_all_files_are_told_at_once() -> None:
    wrong = changed("decision.toml", ('when = ["rebote"]', 'when = ["rebotes"]'), ("max_mb = 25", "max_mb = 0"))
    wrong["matching.toml"] = wrong["matching.toml"].replace("serial_confidence = 0.40", "serial_confidence = 4")
    del wrong["reasons.toml"]
    told = faults(wrong)
    assert {fault.split(":")[0] for fault in told} >= {"decision.toml", "matching.toml", "reasons.toml"}
    assert len([fault for fault in told if fault.startswith("decision.toml")]) == 2


def test_what_is_no_toml_is_refused_with_the_parsers_words() -> None:
    assert "decision.toml: not valid TOML" in "\n".join(faults(changed("decision.toml", ("[policy]", "[policy"))))


def test_a_stricter_rule_is_sound_but_its_owner_is_told_which_examples_it_changes() -> None:
    own_rule = """
[[rule]]
name = "pagados_a_mano"
when = ["acta_de_devolucion", "valor_pagado"]
verdict = "hold"
reasons = ["VALOR_YA_PAGADO"]
staff = "Lo pagado se revisa siempre a mano."
examples = [{ faultless = true, facts = ["valor_pagado"], verdict = "hold" }]

[[rule]]
name = "sobre_limite\""""
    stricter = changed("decision.toml", ('[[rule]]\nname = "sobre_limite"', own_rule.strip()))
    # The examples notice what the new rule does to the others: its owner must think of them too.
    told = "\n".join(faults(stricter))
    assert "rule aceptar_pagado: example 1 gives hold (by pagados_a_mano), not reverse" in told
    assert "rule pagados_a_mano" not in told


def test_the_other_words_of_a_rule_reach_the_reviewer() -> None:
    careful = parse(changed("decision.toml", ("automatic_limit_cents = 50000", "automatic_limit_cents = 100")))
    given = evidence()
    decision = decide(given, match(given, [case()], careful), careful, TODAY)
    assert isinstance(decision, Hold)
    assert decision.grounds.findings[0].staff == "El valor supera el límite para aceptar sin revisión."
    assert decision.grounds.reasons == (ReasonCode.ACTA_REQUIERE_VERIFICACION,)


def test_the_shares_drawn_by_lot_are_small_and_never_none() -> None:
    """One pair of eyes sees no fault of its own: something is always looked at again, and never the most of it."""
    policy = parse(texts()).decision.policy
    for share in (policy.four_eyes_share, policy.sampled_share):
        assert 0.01 <= share <= 0.1
