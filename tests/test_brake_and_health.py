"""The circuit breaker on reversals, what a monitor is told, and what is forgotten."""

from __future__ import annotations

import json
import re
import threading
import tomllib
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from house import CORPUS
from living import Living, letter, living

from evidence_daemon.alerts import Cause, Signs
from evidence_daemon.config import HealthConfig, RetentionConfig
from evidence_daemon.documents.reader import Reader
from evidence_daemon.equation import Closing
from evidence_daemon.errors import BadInput
from evidence_daemon.health import Health, Pinger
from evidence_daemon.metrics import NAMES, Metrics
from evidence_daemon.model import MailId, Sha256, receipt_number
from evidence_daemon.privacy import Privacy
from evidence_daemon.store import audit, brake, privacy, records, soundness
from evidence_daemon.store.closing import Books

MONITORING = Path(__file__).parents[1] / "monitoring"
PEOPLE = '\n[alerts]\nalert_to = "operador@cnt.example"\n'
QUIET = Signs({}, 10**12)


def accepted() -> list[bytes]:
    """Mails of the corpus that are accepted by themselves, of different cases."""
    found = []
    for told in sorted(CORPUS.glob("*.toml")):
        wanted = tomllib.loads(told.read_text("utf-8"))
        if wanted["expected"].get("verdict") == "reverse" and "pdf" in told.name:
            found.append(told.with_suffix(".eml").read_bytes())
    return found


@pytest.fixture(scope="module")
def acceptable() -> list[bytes]:
    mails = accepted()
    if len(mails) < 2:
        pytest.skip("the corpus has no accepted mails in this form")
    return mails


# ── the monitor ──────────────────────────────────────────────────────────────────────────────────


def metrics_of(one: Living) -> Metrics:
    closing = Closing("posventa", {}, 0, 0, ("Procesados UID 4",), 0, Books(0, 0, 0, 0, ()))
    return Metrics(
        one.house.pipeline,
        working=lambda: True,
        swept=lambda: {"posventa": one.now[0]},
        failures=lambda: {"poll posventa": 2},
        closings=lambda: ((closing,), one.now[0]),
        turns=lambda: {"dispatch": True},
        backups=one.house.config.path("backups"),
    )


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_every_metric_is_told_and_none_names_a_customer(tmp_path: Path) -> None:
    with living(tmp_path) as one:
        one.receives(letter("1710034065//PEREZ ANA//INTERNET FIJO", "juana@example.com"))
        text = metrics_of(one).text().decode()
    for name in NAMES:
        assert re.search(rf"^{name}(\{{| )", text, re.M) or name == "evidence_reversed_dollars_total", name
    assert not re.search(r"1710034065|PEREZ|juana", text)
    assert 'evidence_job_failures{job="poll posventa"} 2.0' in text
    assert 'evidence_closing_difference{mailbox="posventa",what="unknown"} 1.0' in text
    assert len(text.splitlines()) < 300  # labels are bounded


def test_a_monitor_sees_health_readiness_and_what_is_degraded(tmp_path: Path) -> None:
    state = {"hanging": ""}
    with living(tmp_path) as one:
        health = Health(
            HealthConfig(port=free_port()),
            hanging=lambda: state["hanging"],
            unready=one.house.unready,
            degraded=lambda: {"poll posventa": 3},
            metrics=metrics_of(one).text,
        )
        with health:
            assert ask(health.port, "/healthz")[0] == 200
            status, told = ask(health.port, "/readyz")
            assert (status, json.loads(told)["degraded"]) == (200, {"poll posventa": 3})
            assert ask(health.port, "/metrics")[0] == 200
            assert ask(health.port, "/otra")[0] == 404
            state["hanging"] = "no step for 900 s: dispatch"
            assert ask(health.port, "/healthz")[0] == 503
            assert ask(health.port, "/readyz")[0] == 503
            state["hanging"] = ""
            one.house.database.session = _gone  # type: ignore[method-assign]
            status, told = ask(health.port, "/readyz")
            assert status == 503
            assert "database" in json.loads(told)["missing"][0]


def test_a_house_whose_readers_cannot_be_locked_up_is_not_ready(tmp_path: Path) -> None:
    with living(tmp_path) as one:
        assert one.house.unready() == []
        settings = one.house.config.documents.model_copy(update={"max_seconds": 1e-6})
        house = replace(one.house, reader=Reader(settings, lambda _png: Sha256(""), one.house.book.documents))
        (lack,) = house.unready()
        assert lack.startswith("sandbox: "), lack


def _gone() -> None:
    from evidence_daemon.errors import Temporary

    raise Temporary("the database cannot be reached")


def test_a_watch_outside_hears_of_rounds_well_or_not_and_its_absence_stops_nothing() -> None:
    asked: list[str] = []

    class Watch(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Watch) as watch:
        thread = threading.Thread(target=watch.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{watch.server_address[1]}/ping"
        Pinger(url, 0)(True)
        Pinger(url, 0)(False)
        often = Pinger(url, 60)
        often(True)
        often(True)
        watch.shutdown()
        thread.join()
    assert asked == ["/ping", "/ping/fail", "/ping"]
    Pinger(url, 0)(True)  # nobody there any more
    Pinger("", 0)(True)


def test_alert_rules_and_dashboard_speak_of_metrics_that_exist() -> None:
    rules = (MONITORING / "alerts.yml").read_text("utf-8")
    dashboard = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    spoken = set(re.findall(r"\bevidence_\w+", rules + " ".join(shown)))
    assert spoken <= set(NAMES)
    assert set(NAMES) <= set(re.findall(r"\bevidence_\w+", " ".join(shown)))  # the dashboard shows all


# ── the circuit breaker ──────────────────────────────────────────────────────────────────────────


def test_too_many_reversals_in_an_hour_stop_the_daemon_and_alert_once(tmp_path: Path, acceptable: list[bytes]) -> None:
    more = PEOPLE + "\n[breaker]\nreversals_per_hour = 1\n"
    with living(tmp_path, more=more) as one:
        first = one.receives(acceptable[0])
        verdict = one.story(first).decisions[-1].verdict
        if verdict.value != "reverse":
            pytest.skip(f"this corpus mail needs its own clock ({verdict})")
        held = one.receives(acceptable[1])
        story = one.story(held).decisions[-1]
        assert (story.verdict.value, story.entries) == ("hold", ())
        assert look(one) == [Cause.FRENO]
        assert look(one) == []
        one.later(hours=2)
        still = one.receives(acceptable[1] + b"\r\n")
        assert one.story(still).decisions[-1].entries == ()  # it stays closed until a person lifts it
        with one.house.database.session() as session:
            assert brake.lift(session, actor="persona:ana", now=one.now[0])
            assert not brake.lift(session, actor="persona:ana", now=one.now[0])


def look(one: Living) -> list[Cause]:
    return one.house.alerts.look(QUIET)


def test_the_brake_counts_amounts_too_and_what_was_before_a_persons_word_counts_no_more(tmp_path: Path) -> None:
    with living(tmp_path) as one:
        now = one.now[0]
        with one.house.database.session() as session:
            assert brake.closes(session, 1, 900, brake.Limit(0, 1000), now) == ""
            assert "USD 11.00" in brake.closes(session, 1, 1100, brake.Limit(0, 1000), now)
            assert brake.closes(session, 1, 1, brake.Limit(0, 1000), now + timedelta(days=3))
            brake.lift(session, actor="persona:ana", now=now)
            assert brake.closes(session, 1, 900, brake.Limit(0, 1000), now) == ""
            assert audit.last_of(session, "brake closed") == now


def test_an_old_backup_is_alerted_when_there_is_something_to_lose(tmp_path: Path) -> None:
    with living(tmp_path, more=PEOPLE) as one:
        object.__setattr__(one.house.config.backup, "stale_hours", 26)
        assert look(one) == []
        one.receives(letter("hola"))
        assert look(one) == []
        one.later(hours=27)
        assert Cause.RESPALDO in look(one)


# ── privacy ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def asked(tmp_path: Path) -> object:
    """A house with a decided mail about a person, asked for his certificate."""
    with living(tmp_path) as one:
        with one.house.database.reading() as session:
            number = session.connection().exec_driver_sql("SELECT id_number, holder, line FROM cases").first()
        assert number is not None
        line = {"INTERNET_FIJO": "INTERNET FIJO", "TELEVISION": "TELEVISION"}.get(number[2], "TELEFONIA FIJA")
        mail = one.receives(letter(f"{number[0]}//{number[1]}//{line}", text="Vivo en la calle Planta."))
        yield SimpleNamespace(one=one, number=number[0], holder=number[1], mail=mail)


def of(asked: SimpleNamespace) -> Privacy:
    return Privacy(asked.one.house.pipeline, asked.one.house.blobs, "persona:ana")


def state(asked: SimpleNamespace) -> str:
    with asked.one.house.database.reading() as session:
        return str(session.connection().exec_driver_sql("SELECT state FROM mails").scalar_one())


def test_all_that_is_held_of_a_person_is_told_to_him(asked: SimpleNamespace, tmp_path: Path) -> None:
    out = tmp_path / "fuera"
    of(asked).export(asked.number, out)
    rows = json.loads((out / "datos.json").read_text("utf-8"))
    assert {"cases", "mails", "decisions", "mail_copies"} <= set(rows)
    assert rows["cases"][0]["holder"] == asked.holder
    assert b"calle Planta" in (out / "archivos" / f"{receipt_number(asked.mail)}.eml").read_bytes()
    assert (out / "informe.pdf").read_bytes().startswith(b"%PDF")
    assert out.stat().st_mode & 0o077 == 0
    with pytest.raises(BadInput, match="nothing is held"):
        of(asked).export("0000000000", out)


def test_who_is_erased_leaves_ids_and_money_only(asked: SimpleNamespace, tmp_path: Path) -> None:
    assert state(asked) == "RECHAZADO"
    one = asked.one
    with one.house.database.reading() as session:
        digest = records.load_mail(session, asked.mail).sha256
    receipt = of(asked).erase(asked.number)
    assert receipt.mails == (receipt_number(asked.mail),)
    assert not one.house.blobs.path(digest).exists()
    with one.house.database.reading() as session:
        assert soundness.integrity(one.house.database) == []
        assert digest not in set(soundness.referenced(session))
        assert audit.last_of(session, "subject erased") is not None
    story = one.story(asked.mail)  # its decision still reads back
    assert story.decisions
    with one.house.database.reading() as session:
        held = privacy.everything(session, asked.number, [asked.mail])
    for table, rows in held.items():
        told = json.dumps(rows, ensure_ascii=False)
        assert not re.search(r"calle Planta|ana@example\.com", told), (table, told)
        assert table == "cases" or asked.holder not in told, (table, told)
    assert of(asked).erase(asked.number).mails == ()  # again: nothing more to do


def test_a_legal_hold_keeps_everything_until_it_is_lifted(asked: SimpleNamespace) -> None:
    one = asked.one
    with one.house.database.session() as session:
        privacy.hold(session, asked.number, "juicio 17-2021", actor="persona:ana", now=one.now[0])
    one.later(days=4000)
    assert of(asked).due(RetentionConfig()) == []
    with pytest.raises(BadInput, match="juicio 17-2021"):
        of(asked).erase(asked.number)
    with one.house.database.session() as session:
        privacy.lift(session, asked.number, actor="persona:ana", now=one.now[0])
    assert [due.mail_id for due in of(asked).due(RetentionConfig())] == [asked.mail]


def test_time_forgets_by_class_and_a_dry_run_changes_nothing(asked: SimpleNamespace) -> None:
    settings = RetentionConfig(refused_days=30)
    assert of(asked).due(settings) == []
    asked.one.later(days=31)
    (due,) = of(asked).due(settings)
    assert due.kind is privacy.Class.REFUSED
    assert of(asked).due(settings) == [due]  # looking changes nothing
    assert of(asked).retain(settings).mails == (due.receipt,)
    assert of(asked).due(settings) == []
    assert of(asked).due(RetentionConfig(refused_days=0)) == []


def test_what_is_not_decided_is_not_erased(tmp_path: Path) -> None:
    with living(tmp_path) as one:
        mail = one.stores(letter("1710034065//PEREZ ANA//INTERNET FIJO"))
        one.house.pipeline.read(mail)
        with pytest.raises(BadInput, match=receipt_number(MailId(mail))):
            Privacy(one.house.pipeline, one.house.blobs, "persona:ana").erase("1710034065")
