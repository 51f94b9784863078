"""A whole Debian to install into and to boot: made once by debootstrap, copied for each use, run by systemd-nspawn."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

KEPT = Path(tempfile.gettempdir()) / "evidence-daemon-bookworm"
"""The bare system is kept there between runs (about 450 MB; a minute to make)."""
NEEDED = (
    "systemd,systemd-sysv,dbus,python3,adduser,ca-certificates,tzdata,tesseract-ocr,tesseract-ocr-spa,tesseract-ocr-osd"
)
ALLOWED = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
"""What nspawn's own filter would keep from the readers."""
USER = "evidence-daemon"


def bare_debian() -> Path:
    """The kept system; the test is skipped, with the reason, where none can be made."""
    if os.geteuid() != 0:
        pytest.skip("only root may make and boot a system of its own")
    missing = [name for name in ("debootstrap", "systemd-nspawn", "nsenter", "dpkg-deb") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: debootstrap, systemd-container)")
    if not KEPT.is_dir():
        being_made = KEPT.with_suffix(f".{os.getpid()}")
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={NEEDED}", "bookworm", being_made],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            shutil.rmtree(being_made, ignore_errors=True)
            pytest.skip(f"debootstrap could not make a system: {made.stdout[-300:]} {made.stderr[-300:]}")
        try:
            being_made.rename(KEPT)
        except OSError:  # another run was quicker
            shutil.rmtree(being_made)
    return KEPT


class Machine:
    """A system of its own under `root`.  Commands run in it booted or not; a context manager boots it."""

    def __init__(self, root: Path) -> None:
        subprocess.run(["cp", "-a", "--reflink=auto", bare_debian(), root], check=True)
        self.root = root
        self._console: subprocess.Popen[bytes] | None = None
        self._first = 0  # the process that is number one inside

    def do(self, *command: str | Path, user: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root or `user`; fails with all that it said."""
        words = [*(["runuser", "-u", user, "--"] if user else []), *map(str, command)]
        if self._first:
            words = ["nsenter", f"--target={self._first}", "--all", *words]
        else:
            words = [*self._nspawn(), "--pipe", *words]
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        done = subprocess.run(
            words, env={"PATH": path, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def _nspawn(self) -> list[str]:
        return [
            "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network",
            f"--directory={self.root}", f"--system-call-filter={ALLOWED}",
        ]  # fmt: skip

    def __enter__(self) -> Self:
        self._console = subprocess.Popen(
            [*self._nspawn(), "--boot", "--kill-signal=SIGRTMIN+3"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for(self._found_first, "systemd inside")
            wait_for(self._has_booted, "the end of booting")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _found_first(self) -> bool:
        """Number one inside is a child of nspawn, after another one that only prepares it."""
        assert self._console is not None
        assert self._console.poll() is None, "it does not boot"
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{self._console.pid}/task/{self._console.pid}/children").read_text("utf-8")
            for child in map(int, children.split()):
                if Path(f"/proc/{child}/comm").read_text("utf-8").strip() == "systemd":
                    self._first = child
        return bool(self._first)

    def _has_booted(self) -> bool:
        state = self.do("systemctl", "is-system-running", check=False).stdout.strip()
        return state in {"running", "degraded"}

    def __exit__(self, *_: object) -> None:
        self._first = 0
        if self._console is not None:
            self._console.terminate()
            self._console.wait(120)

    def unit(self, name: str, *properties: str) -> dict[str, str]:
        """What the manager inside says of a unit."""
        told = self.do("systemctl", "show", name, *(f"--property={one}" for one in properties)).stdout
        return dict(line.partition("=")[::2] for line in told.splitlines())

    def runs(self, program: str) -> bool:
        """Whether a program runs inside: by its namespace, for paths look alike from there."""
        namespace = Path(f"/proc/{self._first}/ns/pid").readlink()
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                try:
                    inside = (process / "ns/pid").readlink() == namespace
                    if inside and (process / "comm").read_text("utf-8").strip() == program:
                        return True
                except OSError:  # it ended meanwhile
                    continue
        return False


def wait_for(condition: Callable[[], object], what: str, seconds: float = 300) -> None:
    """Wait until it holds, within a generous limit."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} was waited for in vain"
        time.sleep(0.05)
