"""A large mail is understood in a process of its own: its tree takes eight times its bytes, and more if it is hostile.

The child reads the evidence file itself, under a limit of memory and time, writes each attachment to a file of
its own and tells the rest as JSON: nothing of it is ever whole in the daemon.  Measured on a 50 MB mail: 430 MB
in the child, a few in the daemon.  A child that dies takes nobody with it; its mail goes to a person.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from evidence_daemon.errors import Permanent, Temporary, Unparsable
from evidence_daemon.mail import signatures
from evidence_daemon.mail.authenticity import from_domain
from evidence_daemon.mail.message import understand
from evidence_daemon.model import Email, MailSignature, Sha256

SECONDS = 120.0
"""After so long the child is killed: the largest honest mails take three."""
_BASE_BYTES, _TIMES = 600_000_000, 16
"""Address space of the child: what the program takes, and so many times the mail."""
_MAX_ANSWER = 16_000_000
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from evidence_daemon.mail.apart import main; main(sys.argv[2])"
_ROOT = str(Path(__file__).resolve().parents[2])
_PR_SET_PDEATHSIG = 1

Opened = tuple[Email, tuple[MailSignature, ...]]
"""A mail understood, with a verdict for each of its signatures."""
_OPENED: TypeAdapter[Opened] = TypeAdapter(Opened)


def understand_apart(
    file: Path,
    digest: Sha256,
    *,
    our_addresses: frozenset[str],
    keys: Mapping[str, str],
    scratch: Path | None = None,
    seconds: float = SECONDS,
) -> Opened:
    """Understand the mail in `file`, and check its signatures with `keys` (see `signatures.check`).

    The attachments' bytes are written into `scratch`, which the caller removes; without one they are left out.
    Raises `Unparsable` as `understand` does, and when the mail is too much for the limits; `Permanent` when the
    file is not what `digest` says; `Temporary` when the machine has no room for a child or its files.
    """
    orders = {
        "file": str(file),
        "our_addresses": sorted(our_addresses),
        "keys": dict(keys),
        "scratch": str(scratch) if scratch else "",
        "memory": _BASE_BYTES + _TIMES * file.stat().st_size,
        "seconds": int(seconds) + 1,
        "parent": os.getpid(),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _BOOT, _ROOT, json.dumps(orders)],
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unparsable(f"el correo no se pudo separar en partes en {seconds:.0f} segundos") from None
    except OSError as trouble:
        raise Temporary(f"a large mail could not be opened: {trouble.strerror or trouble}") from trouble
    try:
        told = json.loads(done.stdout[:_MAX_ANSWER])
        if "trouble" in told:
            raise Temporary(f"a large mail could not be opened: {told['trouble']}")
        if "unparsable" in told:
            raise Unparsable(told["unparsable"])
        opened = _OPENED.validate_python(told["opened"])
    except (ValueError, KeyError, TypeError, ValidationError):
        how = signal.Signals(-done.returncode).name if done.returncode < 0 else f"estado {done.returncode}"
        raise Unparsable(f"el correo es demasiado para el proceso que lo abre ({how})") from None
    if opened[0].sha256 != digest:
        raise Permanent(f"the evidence file {digest} is damaged (its bytes changed); restore it from a backup")
    return opened


# ── the child's side ─────────────────────────────────────────────────────────────────────────────


def main(orders_text: str) -> None:
    """Entry of the child: one mail, one line of JSON."""
    orders = json.loads(orders_text)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != orders["parent"]:
        return  # it died before we could ask to die with it
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (orders["memory"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (orders["seconds"],) * 2)
    try:
        told: dict[str, Any] = {"opened": _OPENED.dump_python(_open(orders), mode="json")}
    except Unparsable as trouble:
        told = {"unparsable": str(trouble)}
    except MemoryError:
        told = {"unparsable": "el correo pide demasiada memoria"}
    except OSError as trouble:
        told = {"trouble": trouble.strerror or type(trouble).__name__}
    sys.stdout.write(json.dumps(told))


def _open(orders: Mapping[str, Any]) -> Opened:
    raw = Path(orders["file"]).read_bytes()
    email = understand(raw, our_addresses=frozenset(orders["our_addresses"]))
    verdicts = signatures.check(raw, from_domain(raw), orders["keys"])
    del raw
    attachments = []
    for number, attachment in enumerate(email.attachments):
        file = Path(orders["scratch"]) / str(number) if orders["scratch"] else None
        if file is not None:
            file.write_bytes(attachment.content)
        attachments.append(replace(attachment, content=b"", file=str(file or "")))
    return replace(email, attachments=tuple(attachments)), verdicts
