"""Backups that were tried: a copy counts only after a house was made of it and found whole.

    DIRECTORY/evidence/ab/abcdef…        evidence files, once for all backups, under their hashes
    DIRECTORY/2026-11-22T021500Z/        one backup: evidence.db (or .dump), files.txt, manifest.json

The copy of the database is taken first and the files after it: a file is on disk before a row speaks of it, so every
file that the copy speaks of is there.  Rows that are older than a file's erasure may miss it; those are told.
The manifest is written last, after the proof: a directory without one is no backup.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from evidence_daemon import __version__
from evidence_daemon.errors import BadFile, BadInput, Permanent, Temporary
from evidence_daemon.model import DAEMON, Sha256
from evidence_daemon.store import audit, copies, records, soundness
from evidence_daemon.store.blobs import Blobs, LocalBlobs
from evidence_daemon.store.database import Database, open_database

MANIFEST, FILES, POOL = "manifest.json", "files.txt", "evidence"
_STAMP = "%Y-%m-%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds; `missing` are files that rows speak of and that were gone already."""

    made_at: datetime
    version: str
    database: str
    database_sha256: str
    rows: dict[str, int]
    files: int
    bytes: int
    missing: int


def make(database: Database, blobs: Blobs, directory: Path, now: datetime, keep: int) -> tuple[Path, Manifest]:
    """Back up, prove it, and remove what is older than the last `keep`.

    Raises `BadInput` for a directory that cannot be written and for a copy that is not whole; `Temporary`.
    """
    place = directory / now.astimezone(UTC).strftime(_STAMP)
    try:
        place.mkdir(mode=0o700, parents=True)
        pool = LocalBlobs(directory / POOL)
    except FileExistsError:
        raise BadInput(f"{place}: there is a backup of this second already") from None
    except OSError as trouble:
        raise BadInput(
            f"{directory}: cannot be written ({trouble.strerror}); set backup.directory to one that the service's "
            "user may write"
        ) from trouble
    try:
        copied = copies.copy(database, place)
        with (
            tempfile.TemporaryDirectory(dir=directory, prefix=".trial-") as trial,
            copies.tried(copied, database, Path(trial)) as found,
        ):
            found.check_schema()
            faults = soundness.integrity(found)
            with found.reading() as session:
                faults += audit.verify(session)
                rows, wanted = soundness.counts(session), list(soundness.referenced(session))
            _refuse(faults)
            kept, size, missing = _fill(pool, blobs, wanted)
        (place / FILES).write_text("".join(f"{digest}\n" for digest in kept), "ascii")
        manifest = Manifest(now, __version__, copied.name, _digest(copied), rows, len(kept), size, missing)
        told = json.dumps(asdict(manifest), default=str, indent=1)
        _write(place / MANIFEST, told)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    with database.session() as session:
        detail = {"backup": place.name, "files": len(kept), "missing": missing}
        audit.record(session, "backup made", actor=DAEMON, now=now, detail=detail)
    _forget(directory, keep)
    return place, manifest


def _refuse(faults: list[str]) -> None:
    if faults:
        raise BadInput([f"the copy of the database is not whole: {fault}" for fault in faults])


def newest(directory: Path) -> datetime | None:
    """When the last proven backup was made; None when there is none."""
    found = _proven(directory)
    return datetime.strptime(found[-1].name, _STAMP).replace(tzinfo=UTC) if found else None


def restore(
    place: Path,
    url: str,
    state_directory: Path,
    now: datetime,
    password: str | None = None,
    blobs: Blobs | None = None,
) -> Manifest:
    """Make a house of a backup, disarmed: all is decided, nothing is sent, until a person arms it.

    `blobs` takes the evidence files; None: the folder in the state directory.
    Nothing is overwritten.  Raises `BadFile` for what is no backup or was changed since, `BadInput` where a house
    stands already.
    """
    manifest = read(place)
    copied = place / manifest.database
    if _digest(copied) != manifest.database_sha256:
        raise BadFile(f"{copied}: the file was changed after the backup was made")
    copies.put_back(copied, url, state_directory, password)
    pool = LocalBlobs(place.parent / POOL)
    if blobs is None:
        blobs = LocalBlobs(state_directory / "evidence")
    for digest in _listed(place):
        try:
            blobs.put(pool.get(digest))
        except Permanent as fault:
            raise BadFile(f"{place}: {fault}") from fault
    database = open_database(url, state_directory, password)
    try:
        database.migrate()
        with database.session() as session:
            records.move_in(session, f"restored:{place.name}:{now.isoformat()}", now)
            records.set_armed(session, False, now=now)
            audit.record(session, "restored", actor=DAEMON, now=now, detail={"backup": place.name})
    finally:
        database.close()
    return manifest


def restore_files(place: Path, blobs: Blobs) -> int:
    """Bring back evidence files that are missing or damaged; how many.  Raises `BadFile`."""
    read(place)
    pool, mended = LocalBlobs(place.parent / POOL), 0
    for digest in _listed(place):
        try:
            blobs.get(digest)
        except Permanent:
            try:
                blobs.put(pool.get(digest))
            except Permanent as fault:
                raise BadFile(f"{place}: {fault}") from fault
            mended += 1
    return mended


def read(place: Path) -> Manifest:
    """The manifest of a backup.  Raises `BadFile`."""
    try:
        told = json.loads((place / MANIFEST).read_text("utf-8"))
        return Manifest(**{**told, "made_at": datetime.fromisoformat(told["made_at"])})
    except (OSError, ValueError, TypeError, KeyError) as fault:
        raise BadFile(f"{place}: this is no backup that was made to its end ({fault})") from fault


def _fill(pool: LocalBlobs, blobs: Blobs, wanted: list[Sha256]) -> tuple[list[Sha256], int, int]:
    """Bring every file into the pool, checked against its hash; those that are there, their bytes, those missing."""
    kept, size, missing = [], 0, 0
    for digest in wanted:
        if pool.path(digest).is_file():
            size += pool.path(digest).stat().st_size
        else:
            try:
                content = blobs.get(digest)
            except Permanent:
                missing += 1
                continue
            size += len(content)
            pool.put(content)
        kept.append(digest)
    return kept, size, missing


def _forget(directory: Path, keep: int) -> None:
    """Remove all but the last `keep` backups, and files that none of those lists."""
    backups = _proven(directory)
    for old in backups[:-keep]:
        shutil.rmtree(old)
    wanted = {digest for place in backups[-keep:] for digest in _listed(place)}
    for path in (directory / POOL).glob("??/*"):
        if path.parent.name != "tmp" and path.name not in wanted:
            path.unlink()


def _proven(directory: Path) -> list[Path]:
    return sorted(path.parent for path in directory.glob(f"*Z/{MANIFEST}"))


def _listed(place: Path) -> list[Sha256]:
    return [Sha256(line) for line in (place / FILES).read_text("ascii").split()]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as trouble:
        raise Temporary(f"{path}: {trouble.strerror}") from trouble


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
