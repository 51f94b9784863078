"""Looking back and ahead: the story as a page, judging under other rules, what two books differ in."""

# ruff: noqa: E501  (a table)

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from dossier import RULES, book, texts
from house import CORPUS
from living import Living, letter, living
from typer.testing import CliRunner

from evidence_daemon.app import open_house, read_rules
from evidence_daemon.bookdiff import changes
from evidence_daemon.cli import app
from evidence_daemon.errors import BadInput, Temporary
from evidence_daemon.model import MailId, Verdict
from evidence_daemon.replay import replay, tally
from evidence_daemon.rulebook import parse
from evidence_daemon.store import records
from evidence_daemon.storybook import story_page

GOOD = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"
CLAIM = next(CORPUS.glob("0001-*.eml")).read_bytes()
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Living]]:
    """A house with an accepted mail, and one that was asked for the acta."""
    directory = tmp_path_factory.mktemp("looking")
    with living(directory) as here:
        here.receives(letter(GOOD + HOSTILE, number=7))
        here.receives(CLAIM)
        yield directory / "config.toml", here


def other_rules(directory: Path, *edits: tuple[str, str]) -> Path:
    """A copy of the rules with edits in decision.toml."""
    shutil.copytree(RULES, directory / "rules")
    path = directory / "rules" / "decision.toml"
    text = path.read_text("utf-8")
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path.write_text(text, "utf-8")
    return directory / "rules"


STRICT = ("automatic_limit_cents = 50000", "automatic_limit_cents = 0")


# ── replay ───────────────────────────────────────────────────────────────────────────────────────


def test_a_replay_under_the_same_rules_changes_nothing(walked: tuple[Path, Living]) -> None:
    pipeline = walked[1].house.pipeline
    rows = list(replay(pipeline, pipeline.under(book()), date(2021, 1, 1)))
    assert len(rows) == 2
    assert not any(row.changed for row in rows)
    assert {row.decided for row in rows} == {Verdict.ASK, Verdict.REVERSE}
    assert [row.now.verdict for row in rows] == [row.decided for row in rows], "the cases are as they stood then"
    total = tally(rows)
    assert (total.mails, total.changed, total.moves) == (2, 0, ())
    assert total.cents_now == total.cents_other == walked[1].status().to_reverse > 0


def test_a_replay_tells_verdicts_and_amounts_that_other_rules_change(
    walked: tuple[Path, Living], tmp_path: Path
) -> None:
    pipeline = walked[1].house.pipeline
    strict = read_rules(other_rules(tmp_path, STRICT))
    rows = [row for row in replay(pipeline, pipeline.under(strict), date(2021, 1, 1)) if row.changed]
    (row,) = rows
    assert (row.now.verdict, row.other.verdict) == (Verdict.REVERSE, Verdict.HOLD)
    assert (row.now.rule, row.other.rule) == ("aceptar", "sobre_limite")
    assert row.now.cents > row.other.cents == 0
    assert tally(rows).moves == ((Verdict.REVERSE, Verdict.HOLD, 1),)


def test_a_replay_begins_at_its_day(walked: tuple[Path, Living]) -> None:
    pipeline = walked[1].house.pipeline
    assert list(replay(pipeline, pipeline.under(book()), date(2021, 3, 18))) == []


def content(directory: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def test_the_command_prints_the_table_and_touches_nothing(walked: tuple[Path, Living], tmp_path: Path) -> None:
    config, here = walked
    rules = other_rules(tmp_path, STRICT)
    with here.house.database.reading() as session:
        before = [records.explain(session, mail) for mail in records.all_mails(session)]
    files = content(config.parent)
    arguments = ["replay", "--since", "2021-01-01", "--rules", str(rules), "--config", str(config)]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    assert "2 correos juzgados de nuevo; cambian 1." in told.output
    assert "1 pasan de reverse a hold" in told.output
    assert re.search(r"diferencia −\d", told.output)
    data = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert data["tally"]["changed"] == 1
    assert data["changed"][0]["other"]["rule"] == "sobre_limite"
    with here.house.database.reading() as session:
        assert [records.explain(session, mail) for mail in records.all_mails(session)] == before
    assert content(config.parent) == files


def test_a_house_that_is_opened_to_read_refuses_every_change(walked: tuple[Path, Living]) -> None:
    config = walked[1].house.config
    with open_house(config, read_only=True) as house:
        with pytest.raises(Temporary, match="read-only"), house.database.session() as session:
            records.set_armed(session, False)
        with house.database.reading() as session:
            assert records.is_armed(session)


def test_a_house_that_is_not_there_is_not_made_by_looking(walked: tuple[Path, Living], tmp_path: Path) -> None:
    config = walked[1].house.config
    elsewhere = config.model_copy(
        update={"files": config.files.model_copy(update={"state_directory": str(tmp_path / "none")})}
    )
    with pytest.raises(BadInput, match="there is no database"), open_house(elsewhere, read_only=True):
        pass
    assert not (tmp_path / "none" / "evidence.db").exists()


# ── explain as a page ────────────────────────────────────────────────────────────────────────────


class Seen(HTMLParser):
    """What a page is made of: tags, attributes, its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.style = ""
        self.styling = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.styling = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.styling = self.styling and tag != "style"

    def handle_data(self, data: str) -> None:
        if self.styling:
            self.style += data
        else:
            self.words += data


def seen(page: str) -> Seen:
    parser = Seen()
    parser.feed(page)
    return parser


def test_the_page_tells_every_rule_value_and_box_and_stands_alone(walked: tuple[Path, Living], tmp_path: Path) -> None:
    config, here = walked
    file = tmp_path / "story.html"
    told = CliRunner().invoke(app, ["explain", "EV-0000002-6", "--html", str(file), "--config", str(config)])
    assert told.exit_code == 0, told.output
    page = seen(file.read_text("utf-8"))
    assert file.stat().st_mode & 0o077 == 0, "personal data: for us alone"
    for rule in book().decision.rule[:-1]:
        assert rule.name in page.words
    story = here.story(here_mail(here, "EV-0000002-6"))
    for paper in story.papers:
        for name in ("number", "date", "id_number", "service_number"):
            field = getattr(paper, name)
            if field is not None:
                assert field.value in page.words
    sources = [value or "" for name, value in page.attributes if name in {"href", "src"}]
    assert sources, "the picture of the page"
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert page.tags.count("rect") >= 4
    assert "script" not in page.tags
    assert not [name for name, _value in page.attributes if name == "style" or name.startswith("on")]


def here_mail(here: Living, receipt: str) -> MailId:
    with here.house.database.reading() as session:
        return next(mail for mail in records.all_mails(session) if here.story(mail).mail.receipt == receipt)


def test_what_a_stranger_wrote_runs_nothing_on_the_page(walked: tuple[Path, Living]) -> None:
    here = walked[1]
    story = here.story(here_mail(here, "EV-0000001-8"))
    story = replace(story, mail=replace(story.mail, sender=HOSTILE, trouble=HOSTILE))
    page = seen(story_page(story, lambda _digest: None))
    assert page.words.count("<script>alert(1)</script>") >= 2
    assert "script" not in page.tags
    assert "img" not in page.tags
    policy = next(value for name, value in page.attributes if name == "content" and value and "default-src" in value)
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'"


# ── two books ────────────────────────────────────────────────────────────────────────────────────


def edited(file: str, *edits: tuple[str, str]) -> list[tuple[str, str]]:
    """What the differences are called after edits in one file."""
    changed = dict(texts())
    for before, after in edits:
        assert changed[file].count(before) >= 1, before
        changed[file] = changed[file].replace(before, after, 1)
    return [(change.what, change.words) for change in changes(parse(texts()), parse(changed))]


@pytest.mark.parametrize(
    ("file", "edits", "what", "words"),
    [
        ("decision.toml", [STRICT], "policy.automatic_limit_cents", "0 en lugar de 50000"),
        ("decision.toml", [("register_required = false", "register_required = true")], "policy.register_required", "sí en lugar de no"),
        ("decision.toml", [('required_fields = []', 'required_fields = ["numero"]')], "policy.required_fields", "se añade numero"),
        ("decision.toml", [('"outlook.es", ', "")], "signals.free_mail_domains", "se quita outlook.es"),
        ("decision.toml", [("agente = 40", "agente = 41")], "signals.rush.agente", "41 en lugar de 40"),
        ("decision.toml", [('reasons = ["ACTA_OTRO_TITULAR"]', 'reasons = ["CASO_AMBIGUO"]')], "regla otro_titular", "motivos CASO_AMBIGUO en lugar de ACTA_OTRO_TITULAR"),
        ("decision.toml", [('staff = "El acta lleva el número de otra persona."', 'staff = "Es de otra persona."')], "regla otro_titular", "al personal dice «Es de otra persona.» en lugar de «El acta lleva el número de otra persona.»"),
        ("matching.toml", [("installation_days = 30", "installation_days = 45")], "installation_days", "45 en lugar de 30"),
        ("subject.toml", [('"TELE"]', '"TELE", "TELEVISON"]')], "lines.TELEVISION", "se añade TELEVISON"),
        ("subject.toml", [('barra_simple = "accept_if_confirmed"', 'barra_simple = "ask"')], "repairs.barra_simple", "ask en lugar de accept_if_confirmed"),
        ("reasons.toml", [('text = "Su correo llegó sin el acta adjunta."', 'text = "Falta el acta."')], "reasons.SIN_ADJUNTO.text", "«Falta el acta.» en lugar de «Su correo llegó sin el acta adjunta.»"),
    ],
)  # fmt: skip
def test_a_difference_of_two_books_is_told_in_words(
    file: str, edits: list[tuple[str, str]], what: str, words: str
) -> None:
    assert edited(file, *edits) == [(what, words)]


def test_a_new_rule_a_rule_taken_away_and_one_moved_are_told() -> None:
    text = texts()["decision.toml"]
    blocks = re.split(r"(?=^\[\[rule\]\]$)", text, flags=re.M)
    names = [re.search(r'^name = "(\w+)"', block, re.M) for block in blocks]
    at = {match[1]: place for place, match in enumerate(names) if match}
    gone = blocks.copy()
    del gone[at["en_blanco"]]
    assert differences(gone) == [("regla en_blanco", "se quita (decía: ask)")]
    moved = blocks.copy()
    moved.insert(at["rebote"], moved.pop(at["gemelo"]))
    assert differences(moved) == [("regla gemelo", "se mueve: ahora va después de correo_propio")]
    new = (
        '[[rule]]\nname = "sin_oficina"\nwhen = ["acta_de_devolucion"]\nunless = ["acta_completa"]\nverdict = "hold"\n'
        'reasons = ["ACTA_INCOMPLETA"]\nstaff = "El acta no está completa."\n'
        'examples = [{ facts = ["acta_de_devolucion", "con_adjunto", "caso_hallado"], verdict = "hold" }]\n\n'
    )
    added = blocks.copy()
    added.insert(at["nombre"], new)
    assert differences(added) == [
        ("regla sin_oficina", "es nueva: cuando acta_de_devolucion, salvo acta_completa: hold, motivos ACTA_INCOMPLETA")
    ]


def differences(blocks: list[str]) -> list[tuple[str, str]]:
    changed = {**texts(), "decision.toml": "".join(blocks)}
    return [(change.what, change.words) for change in changes(parse(texts()), parse(changed))]


def test_facts_that_a_rule_asks_for_besides_are_told() -> None:
    found = edited("decision.toml", ('when = ["otro_titular"]', 'when = ["otro_titular", "con_adjunto"]'))
    assert found == [("regla otro_titular", "exige además (cuando): con_adjunto")]


def test_comments_and_examples_are_no_difference() -> None:
    assert edited("decision.toml", ("# How evidence is judged.", "# How it is judged, in other words.")) == []


def test_the_commands_on_rules_tell_examples_and_differences(tmp_path: Path) -> None:
    none = str(tmp_path / "none.toml")
    told = CliRunner().invoke(app, ["rules", "test", str(RULES), "--all", "--config", none])
    assert told.exit_code == 0
    assert "todos como se espera" in told.output
    rules = other_rules(tmp_path, STRICT)
    told = CliRunner().invoke(app, ["rules", "diff", str(rules), "--config", none])
    assert "0 en lugar de 50000" in told.output
    assert json.loads(CliRunner().invoke(app, ["rules", "diff", str(rules), "--json", "--config", none]).output) == [
        {"file": "decision.toml", "what": "policy.automatic_limit_cents", "words": "0 en lugar de 50000"}
    ]
    wrong = rules / "decision.toml"
    wrong.write_text(wrong.read_text("utf-8").replace('verdict = "reverse" },', 'verdict = "ask" },', 1), "utf-8")
    told = CliRunner().invoke(app, ["rules", "test", str(rules), "--config", none])
    assert told.exit_code == 78
