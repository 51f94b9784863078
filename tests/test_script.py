"""What campaigns say: to the letter of the deck, with its slips told and never mended."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.app import read_rules
from evidence_daemon.campaignbook import CampaignBook, Variable
from evidence_daemon.cases.names import greeting_name
from evidence_daemon.errors import BadRules
from evidence_daemon.model import Line
from evidence_daemon.outreach import script
from evidence_daemon.rulebook import parse

RULES = Path(__file__).parent.parent / "rules"
BOOK = read_rules(RULES).campaigns["recuperacion-equipos"]
DEADLINE = date(2021, 3, 31)

DECK = {
    "ivr-cargados": (
        "CNT informa: Tienes valores adicionales cargados a tu factura por la no entrega de los equipos de tu servicio "
        "retirado durante la emergencia sanitaria, agenda tu turno en la página www.cnt.com.ec para la entrega de los "
        "mismos."
    ),
    "ivr-sin-cargo": (
        "CNT informa: Tienes pendiente la entrega los equipos de tu servicio retirado durante la emergencia sanitaria, "
        "si ya realizaste la entrega de los mismos, envía el documento de respaldo al correo posventagec2@cnt.gob.ec o "
        "si aún no lo realizas, agenda tu turno en la página www.cnt.com.ec; hasta el miércoles 31 de marzo de 2021 "
        "para evitar que se generen valores adicionales a pagar, para más información comunícate al 1800-100-100."
    ),
    "whatsapp-cargados": (
        "Hola Juan, te saludamos de CNT.\n"
        "Te informamos que tienes valores cargados a tu factura por la no entrega de los equipos de tu servicio de "
        "Internet Fijo con numero de servicio 12345 retirado el 10-5-2020, agenda tu turno en la página "
        "https://flujodecolas.cnt.gob.ec/web/ para la entrega de los mismos."
    ),
    "whatsapp-sin-cargo": (
        "Hola Juan, te saludamos de CNT.\n"
        "Te recordamos entregar los equipos de tu servicio de Internet Fijo con numero de servicio 12345 retirado "
        "durante la emergencia sanitaria el 10-5-2020, si ya realizaste la entrega de los mismos, envía el documento "
        "de respaldo al correo posventagec2@cnt.gob.ec o si aún no lo realizas, agenda tu turno en la página "
        "https://flujodecolas.cnt.gob.ec/web/. hasta el miércoles 31 de marzo de 2021 para evitar que se generen "
        "valores adicionales a pagar, para más información comunícate al 1800-100-100."
    ),
}


def test_the_four_texts_are_the_decks_letter_by_letter() -> None:
    juan = script.values(
        holder="GOYES BALSECA JUAN CARLOS",
        line=Line.INTERNET_FIJO,
        service_number="12345",
        withdrawn_on=date(2020, 5, 10),
        deadline=DEADLINE,
    )
    assert {key: script.render(one, juan)[0] for key, one in BOOK.scripts.items()} == DECK


def test_the_decks_own_page_holds_every_sentence() -> None:
    found = sorted((Path(__file__).parents[2] / "shared" / "brief").glob("*.txt"))
    if not found:
        pytest.skip("the deck is not beside this tree (../shared/brief)")
    import re

    deck = re.sub(
        r"\[([^\]]*)\]\([^)]*\)|<(https?[^>]*)>", lambda link: link[1] or link[2], found[0].read_text("utf-8")
    )
    flat = " ".join(deck.split())
    for key, text in DECK.items():
        assert " ".join(text.split()) in flat, key


@pytest.mark.parametrize(
    ("holder", "name"),
    [
        ("GOYES BALSECA JUAN CARLOS", "Juan"),
        ("IZA ALVARADO ELENA JORGE", "Elena"),
        ("DE LA CRUZ IZA MARÍA", "María"),
        ("GOYES JUAN CARLOS", "Juan"),
        ("JUAN CARLOS GOYES BALSECA", "Juan"),
        ("QUISHPE ROSA", "Rosa"),
        ("COMERCIAL PRUEBA S.A.", ""),
        ("GOYES", ""),
        ("", ""),
    ],
)
def test_a_person_is_greeted_by_the_first_given_name_and_a_company_is_not_greeted(holder: str, name: str) -> None:
    assert greeting_name(holder) == name


def test_a_variable_without_a_value_is_missing_and_never_a_hole() -> None:
    known = script.values(
        holder="COMERCIAL PRUEBA S.A.", line=Line.MOVIL, service_number=" ", withdrawn_on=None, deadline=DEADLINE
    )
    assert set(known) == {Variable.LIMITE}
    whatsapp = BOOK.scripts["whatsapp-cargados"]
    assert not script.has_all(whatsapp, known)
    with pytest.raises(KeyError):
        script.render(whatsapp, known)


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)))
def test_a_deadline_in_words_names_its_own_weekday_and_lint_agrees(day: date) -> None:
    words = script.deadline_words(day)
    assert words.split()[0] == script._DAYS[day.weekday()]
    assert not [one for one in script.lint(BOOK, day) if one.error]


def test_lint_tells_the_decks_own_slips_and_changes_nothing() -> None:
    before = BOOK.model_dump_json()
    found = script.lint(BOOK, DEADLINE)
    told = {(one.script, one.sentence.split(":")[0].split(";")[0]) for one in found}
    assert ("ivr-sin-cargo", "parece faltar «de»") in told
    assert ("whatsapp-sin-cargo", "después del punto sigue una minúscula") in told
    assert ("whatsapp-cargados", "sin tilde") in told
    assert ("", "los textos envían a páginas distintas para el mismo turno") in told
    assert {key for key, words in told if words.startswith("no da el buzón")} == {"ivr-cargados", "whatsapp-cargados"}
    assert {key for key, words in told if words.startswith("no dice cómo")} == set(BOOK.scripts)
    assert {key for key, words in told if words.startswith("trata de tú")} == set(BOOK.scripts)
    assert not [one for one in found if one.error]
    assert BOOK.model_dump_json() == before


def changed(key: str, old: str, new: str) -> CampaignBook:
    text = (RULES / "campaigns/recuperacion-equipos.toml").read_text("utf-8")
    table = tomllib.loads(text)
    table["scripts"][key]["text"] = table["scripts"][key]["text"].replace(old, new)
    table["scripts"][key]["example"] = table["scripts"][key]["text"]
    return CampaignBook.model_validate(table)


@pytest.mark.parametrize(
    ("key", "old", "new", "sentence"),
    [
        ("ivr-cargados", "www.cnt.com.ec", "www.otra.com.ec", "dirección que no consta"),
        ("ivr-cargados", "CNT informa", "CNT informa ☎", "emoji"),
        ("ivr-cargados", "CNT informa", "CNT informa " + "otra vez " * 120, "la voz necesita"),
        ("ivr-sin-cargo", "{limite}", "jueves 31 de marzo de 2021", "ese día es miércoles"),
        ("ivr-sin-cargo", "{limite}", "viernes 30 de abril de 2021", "no es la fecha límite"),
        ("ivr-sin-cargo", "{limite}", "viernes 31 de febrero de 2021", "no existe"),
        ("whatsapp-cargados", "Hola {nombre}", "{nombre}", "al comienzo ni al final"),
        ("whatsapp-cargados", "{servicio} con", "{servicio} {retiro} con", "dos variables seguidas"),
        ("whatsapp-cargados", "Te informamos", "Te informamos " + "muy bien " * 100, "caracteres"),
    ],
)
def test_what_a_provider_or_the_law_would_refuse_is_an_error(key: str, old: str, new: str, sentence: str) -> None:
    errors = [one for one in script.lint(changed(key, old, new), DEADLINE) if one.error]
    assert any(one.script == key and sentence in one.sentence for one in errors), errors


TEXTS = {
    path.relative_to(RULES).as_posix(): path.read_text("utf-8")
    for path in RULES.rglob("*")
    if path.suffix in {".toml", ".txt"}
}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('agenda tu turno en la página www.cnt.com.ec para la entrega de los mismos."\nexample',
         'agenda tu turno {nombre}."\nexample', "no personal data in voice"),
        ("closes = 20:00:00", "closes = 22:00:00", "the law allows"),
        ("{numero_servicio}", "{numero}", "unknown variables"),
        ("[segments.NO_CARGADO]", "[segments.CARGADO_PAGADO]", "not reached by any campaign"),
        ("ttl_seconds = 10800\nbuttons", "buttons", "ttl_seconds"),
        ("con numero de servicio 12345 retirado el 10-5-2020, agenda", "con otro texto, agenda", "its example"),
    ],
)  # fmt: skip
def test_a_book_that_would_break_the_law_is_refused_with_file_and_line(old: str, new: str, sentence: str) -> None:
    name = "campaigns/recuperacion-equipos.toml"
    assert old in TEXTS[name]
    with pytest.raises(BadRules, match=r"recuperacion-equipos\.toml:\d+:") as refused:
        parse(TEXTS | {name: TEXTS[name].replace(old, new)})
    assert sentence in str(refused.value)


@pytest.mark.parametrize("value", ["dos\nlíneas", "con\ttabulador", "con    cuatro espacios", "x" * 61])
def test_a_value_that_a_provider_refuses_counts_as_missing(value: str) -> None:
    assert script.value_fault(value)
    known = script.values(
        holder="GOYES BALSECA JUAN", line=Line.TELEVISION, service_number=value, withdrawn_on=None, deadline=DEADLINE
    )
    assert Variable.NUMERO_SERVICIO not in known
