"""Listens to every log line of the whole suite: none may hold what is planted in the tests about invented people.

Planted are the people, numbers, telephones and secrets that the tests use; besides them no line may hold anything that
looks like an address of somebody.  Lines of the program's own processes are handed in by
whoever keeps them (`Ear.read`).
"""

from __future__ import annotations

import csv
import itertools
import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evidence_daemon.observe import _Json

CASES = Path(__file__).parent / "corpus" / "cases.csv"
SECRETS = ("una clave larga de prueba", "secreto-del-cliente")
_TOKEN = re.compile(r"\b(?:refresh|access)-[0-9a-f]{16}\b")
_ADDRESS = re.compile(r"[\w.+-]{2,}@[\w-]+(?:\.[\w-]+)+")
_WORD = re.compile(r"[^\W_]+")
OURS = frozenset({"posventagec2@cnt.gob.ec"})
"""The company's own address."""


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).upper()


def _planted() -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Numbers, and pairs of names that follow each other (one name alone may be a word)."""
    numbers: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    with CASES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            numbers.update({"1710034065", row["CEDULA_RUC"], *row["TELEFONOS"].replace(",", " ").split()})
            names = _WORD.findall(_plain(row["TITULAR"]))
            pairs.update(itertools.pairwise(names))
    return frozenset(filter(None, numbers)), frozenset(pairs)


class Ear:
    """What was heard, and what of it should not have been said."""

    def __init__(self) -> None:
        self._numbers, self._pairs = _planted()
        self._form = _Json()
        self.lines = 0
        self.faults: list[str] = []

    def hear(self, line: str, of: str) -> None:
        """One line; `of` says whose."""
        self.lines += 1
        if what := self._wrong(line):
            self.faults.append(f"{of}: {what} in: {line[:600]}")

    def read(self, path: Path) -> None:
        """The log that a process of ours wrote."""
        if path.is_file():
            for line in path.read_text("utf-8", "replace").splitlines():
                self.hear(line, path.name)

    def _wrong(self, line: str) -> str:
        words = _WORD.findall(line)
        if found := self._numbers.intersection(words):
            return f"a number ({found})"
        plain = _WORD.findall(_plain(line))
        if found_pairs := self._pairs.intersection(itertools.pairwise(plain)):
            return f"a name ({found_pairs})"
        if any(secret in line for secret in SECRETS) or _TOKEN.search(line):
            return "a secret"
        addresses = set(_ADDRESS.findall(line)) - OURS if "@" in line else set()
        return f"an address ({addresses})" if addresses else ""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """In the block every record of every logger is heard, whoever else takes it."""
        handle = logging.Logger.handle

        def heard(logger: logging.Logger, record: logging.LogRecord) -> None:
            if record.name.startswith("evidence_daemon") or (
                record.levelno >= logging.WARNING and not record.name.startswith("asyncio")
            ):
                self.hear(self._form.format(record), record.name)
            handle(logger, record)

        logging.Logger.handle = heard  # type: ignore[method-assign]
        level = logging.getLogger("evidence_daemon").level
        logging.getLogger("evidence_daemon").setLevel(logging.INFO)
        try:
            yield
        finally:
            logging.Logger.handle = handle  # type: ignore[method-assign]
            logging.getLogger("evidence_daemon").setLevel(level)


EAR = Ear()
"""The one of this run."""
