"""How files travel: a folder that is watched, and batches that are handed over into a folder or by SFTP."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import dossier
import pytest
from office import HEADINGS, Office, a_row

from evidence_daemon.config import BatchesConfig, ImportsConfig
from evidence_daemon.errors import LoginRefused, Permanent, Temporary
from evidence_daemon.exchange.delivery import hand_over
from evidence_daemon.exchange.forms import csv_file
from evidence_daemon.exchange.watched import Watched
from evidence_daemon.store import incoming
from evidence_daemon.store.batches import ExportedFile
from evidence_daemon.store.database import open_database

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)

# ── the watched folder ───────────────────────────────────────────────────────────────────────────


@dataclass
class Drop(Office):
    """A watched folder and its clock."""

    now: float = NOW.timestamp()
    rejudged: int = 0
    watched: Watched = field(init=False)

    def __post_init__(self) -> None:
        (self.directory / "entrada").mkdir()
        self.watched = self.again()

    def again(self) -> Watched:
        """As after a restart."""

        def count() -> None:
            self.rejudged += 1

        return Watched(
            self.directory / "entrada",
            ImportsConfig(quiet_seconds=60),
            self.database,
            self.book,
            lambda: datetime.fromtimestamp(self.now, UTC),
            count,
        )

    def put(self, name: str, *rows: dict[str, str], ok: bool = False, text: str = "") -> Path:
        lines = [";".join(HEADINGS), *(";".join(row.values()) for row in rows)]
        path = self.directory / "entrada" / name
        path.write_text(text or "\n".join(lines) + "\n", "utf-8")
        os.utime(path, (self.now, self.now))
        if ok:
            path.with_name(f"{name}.ok").touch()
        return path

    def names(self, folder: str = "") -> list[str]:
        where = self.directory / "entrada" / folder
        return sorted(path.name for path in where.iterdir() if path.is_file()) if where.is_dir() else []


@pytest.fixture
def drop(tmp_path: Path) -> Iterator[Drop]:
    database = open_database("", tmp_path / "state")
    database.migrate(armed=True)
    yield Drop(database, dossier.book(), tmp_path)
    database.close()


def test_a_list_is_taken_once_it_is_quiet_and_moved_away(drop: Drop) -> None:
    drop.put("casos-0317.csv", a_row())
    assert drop.watched.look() == []
    drop.now += 61
    (taken,) = drop.watched.look()
    assert (taken.kind, taken.refused, taken.changed, drop.rejudged) == ("casos", 0, 1, 1)
    assert (drop.names(), len(drop.names("hechos"))) == ([], 1)
    assert drop.names("hechos")[0].endswith("-casos-0317.csv")
    assert drop.case().holder.startswith("PRUEBA")
    assert drop.watched.look() == []


def test_a_list_that_still_grows_is_left_alone(drop: Drop) -> None:
    path = drop.put("casos.csv", a_row())
    drop.now += 61
    drop.watched.look()
    drop.put("casos.csv", a_row(), a_row(CEDULA_RUC="0900000027", SERIE="X"))
    drop.now += 30
    assert drop.watched.look() == []
    drop.now += 61
    assert [taken.changed for taken in drop.watched.look()] == [2]
    assert not path.exists()


def test_a_file_with_its_ok_is_taken_at_once(drop: Drop) -> None:
    drop.put("casos.csv", a_row(), ok=True)
    assert len(drop.watched.look()) == 1
    assert drop.names() == []


def test_a_half_sent_file_and_files_of_nobody_are_left(drop: Drop) -> None:
    for name in ("casos.csv.part", ".casos.csv", "notas.txt"):
        drop.put(name, a_row())
    drop.now += 999
    drop.watched.look()
    assert drop.watched.look() == []
    assert len(drop.names()) == 3


def test_the_same_list_twice_is_no_news(drop: Drop) -> None:
    drop.put("casos.csv", a_row(), ok=True)
    drop.watched.look()
    drop.put("casos.csv", a_row(), ok=True)
    (taken,) = drop.watched.look()
    assert (taken.repeated, taken.changed) == (True, 0)
    assert len(drop.names("hechos")) == 1 + (drop.names("hechos")[0] != drop.names("hechos")[-1])


def test_faulty_rows_are_told_beside_the_file_and_the_good_ones_are_in(drop: Drop) -> None:
    drop.put("casos.csv", a_row(), a_row(CEDULA_RUC="no"), ok=True)
    (taken,) = drop.watched.look()
    assert (taken.refused, taken.changed) == (1, 1)
    (list_, report) = sorted(drop.names("hechos"), key=len)
    assert report == f"{list_}.errores.csv"
    assert "CEDULA_RUC" in (drop.directory / "entrada" / "hechos" / report).read_text("utf-8-sig")
    with drop.database.reading() as session:
        assert [one.refused for one in incoming.faulty_since(session, datetime(2020, 1, 1, tzinfo=UTC))] == [1]


def test_a_file_that_cannot_be_used_goes_to_the_failed_ones_with_the_reason(drop: Drop) -> None:
    drop.put("casos.csv", text="no es una lista\n", ok=True)
    (taken,) = drop.watched.look()
    assert (taken.refused, drop.names(), drop.rejudged) == (-1, [], 0)
    reason = next(name for name in drop.names("fallidos") if name.endswith(".errores.csv"))
    assert "falta la columna" in (drop.directory / "entrada" / "fallidos" / reason).read_text("utf-8")


def test_a_crash_between_the_import_and_the_move_does_no_harm(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    drop.put("casos.csv", a_row(), ok=True)

    def power_cut(*_: object) -> Path:
        raise OSError(5, "gone")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", power_cut)
        with pytest.raises(Temporary):
            drop.watched.look()
    assert drop.rejudged == 0
    (taken,) = drop.again().look()
    assert (taken.repeated, drop.rejudged, drop.names()) == (True, 1, [])
    assert len(drop.case().charges) == 1


def test_the_register_and_billing_s_answers_come_by_the_same_way(drop: Drop) -> None:
    drop.put("registro.csv", text="ACTA;CAC;FECHA\nAE-1;CAC;1-5-2020\n", ok=True)
    drop.put("respuesta-1.csv", text="ID_ASIENTO;RESULTADO;MOTIVO\n77;FALLIDO;no\n", ok=True)
    assert [(taken.kind, taken.refused) for taken in drop.watched.look()] == [("registro", 0), ("respuesta", 1)]


def test_a_folder_that_is_not_there_is_tried_again(drop: Drop) -> None:
    (drop.directory / "entrada").rmdir()
    with pytest.raises(Temporary):
        drop.watched.look()


# ── handing over ─────────────────────────────────────────────────────────────────────────────────

PASSWORD = "clave"
FILES = (csv_file("lote-000001", dossier.book().reversals.file, ["A"], [["1"]]),)


class SftpServer:
    """A real SSH server with SFTP on loopback, in a thread of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.key = root, asyncssh.generate_private_key("ssh-ed25519")
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.renamed: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> SftpServer:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(30)
        self.port = self._server.get_port()
        return self

    def __exit__(self, *_: object) -> None:
        async def close() -> None:
            self._server.close()
            await self._server.wait_closed()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> asyncssh.SSHAcceptor:
        outer = self

        class Door(asyncssh.SSHServer):
            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("evidencias", PASSWORD)

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
                super().__init__(channel, chroot=str(outer.root).encode())

            def rename(self, oldpath: bytes, newpath: bytes) -> None:
                outer.renamed.append(f"{oldpath.decode()}>{newpath.decode()}")
                super().rename(oldpath, newpath)  # type: ignore[func-returns-value]

        trusted = asyncssh.import_authorized_keys(self.client_key.export_public_key().decode())
        return await asyncssh.create_server(
            Door, "127.0.0.1", 0, server_host_keys=[self.key], sftp_factory=Files, authorized_client_keys=trusted
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    root = tmp_path / "remote"
    (root / "lotes").mkdir(parents=True)
    with SftpServer(root) as found:
        yield found


def settings(server: SftpServer, **more: object) -> BatchesConfig:
    values: dict[str, object] = {
        "delivery": "sftp",
        "sftp_host": "127.0.0.1",
        "sftp_port": server.port,
        "sftp_user": "evidencias",
        "sftp_host_key": server.key.export_public_key().decode().strip(),
        "sftp_folder": "lotes",
    }
    return BatchesConfig.model_validate(values | more)


@contextmanager
def secrets(server: SftpServer, password: str = PASSWORD) -> Iterator[dict[str, str]]:
    yield {"sftp_password": password, "sftp_key": server.client_key.export_private_key().decode()}


def deliver(
    chosen: BatchesConfig, server: SftpServer, files: tuple[ExportedFile, ...] = FILES, password: str = PASSWORD
) -> str:
    with secrets(server, password) as known:
        return hand_over(chosen, files, folder=Path, secret=known.__getitem__)


def test_files_arrive_by_sftp_under_another_name_first(server: SftpServer) -> None:
    assert deliver(settings(server), server) == f"sftp://127.0.0.1:{server.port}/lotes"
    (arrived,) = (server.root / "lotes").iterdir()
    assert (arrived.name, arrived.read_bytes()) == ("lote-000001.csv", FILES[0].content)
    assert ["lote-000001.csv.part>" in one for one in server.renamed] == [True]


def test_handing_over_again_changes_nothing_and_other_bytes_are_not_overwritten(server: SftpServer) -> None:
    deliver(settings(server), server)
    deliver(settings(server), server)
    assert len(server.renamed) == 1
    (server.root / "lotes" / "lote-000001.csv").write_bytes(b"somebody else's")
    with pytest.raises(Permanent, match="other bytes"):
        deliver(settings(server), server)
    assert (server.root / "lotes" / "lote-000001.csv").read_bytes() == b"somebody else's"


def test_we_log_in_by_key_too(server: SftpServer) -> None:
    deliver(settings(server, sftp_key_file="sftp_key"), server, password="wrong")
    assert (server.root / "lotes" / "lote-000001.csv").exists()


def test_a_server_with_another_key_gets_nothing(server: SftpServer) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    with pytest.raises(Permanent, match="another key"):
        deliver(settings(server, sftp_host_key=other), server)
    assert list((server.root / "lotes").iterdir()) == []


def test_a_wrong_password_is_told_as_such_and_a_silent_server_is_tried_later(server: SftpServer) -> None:
    with pytest.raises(LoginRefused):
        deliver(settings(server), server, password="falsa")
    with pytest.raises(Temporary):
        deliver(settings(server, sftp_port=1), server)
    with pytest.raises(Temporary):
        deliver(settings(server, sftp_folder="no existe"), server)


def test_files_are_written_into_a_folder_for_their_owner_only(tmp_path: Path) -> None:
    chosen = BatchesConfig(delivery="folder", folder=str(tmp_path / "salida"))
    for _ in range(2):
        assert hand_over(chosen, FILES, folder=Path, secret=str) == str(tmp_path / "salida")
    (written,) = (tmp_path / "salida").iterdir()
    assert (written.read_bytes(), written.stat().st_mode & 0o077) == (FILES[0].content, 0)
    written.write_bytes(b"x")
    with pytest.raises(Permanent, match="other bytes"):
        hand_over(chosen, FILES, folder=Path, secret=str)


def test_without_a_delivery_nothing_travels() -> None:
    assert hand_over(BatchesConfig(), FILES, folder=Path, secret=str) == ""


def test_sftp_without_a_pinned_key_is_refused_in_the_configuration() -> None:
    with pytest.raises(ValueError, match="sftp_host_key"):
        BatchesConfig(delivery="sftp")
