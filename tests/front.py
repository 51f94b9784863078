"""The command `evidence-daemon` as a script calls it: its words in, its exit status and both its outputs out.

Each command is a process of its own, forked from one that has loaded the program: loading takes two seconds.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

Completed = subprocess.CompletedProcess[str]


class Front:
    """A context manager; call it with the words behind `evidence-daemon`."""

    def __enter__(self) -> Self:
        self._place = TemporaryDirectory()
        self._loaded = subprocess.Popen(
            [sys.executable, __file__],
            env=os.environ | {"COLUMNS": "200"},  # heard while the program loads
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._loaded.communicate(timeout=30)
        self._place.cleanup()

    def __call__(self, *words: str | Path, **settings: str) -> Completed:
        """Run a command to its end; `settings`: variables of its environment beside ours."""
        said = [Path(self._place.name, name) for name in ("stdout", "stderr")]
        assert self._loaded.stdin is not None
        assert self._loaded.stdout is not None
        told = ([str(word) for word in words], settings, [str(path) for path in said])
        self._loaded.stdin.write(json.dumps(told) + "\n")
        status = int(self._loaded.stdout.readline())
        return Completed(list(told[0]), status, *(path.read_text("utf-8") for path in said))


def _serve() -> None:
    cli = importlib.import_module("evidence_daemon.cli")
    for line in sys.stdin:
        words, settings, said = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be_the_command(words, settings, said)
            cli.main()
            sys.exit()
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()


def _be_the_command(words: list[str], settings: Mapping[str, str], said: list[str]) -> None:
    os.environ.update(settings)
    for stream, path in enumerate([os.devnull, *said]):
        opened = os.open(path, os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, stream)
        os.close(opened)
    sys.argv = ["evidence-daemon", *words]


if __name__ == "__main__":
    _serve()
