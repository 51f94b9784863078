"""How a cell locks itself: limits, Landlock, seccomp.  Runs in the child, once, and cannot be undone.

* `SEALED` (the parsers of documents): a list of the few system calls that computing needs.  No file can be
  opened, no process started, nobody spoken to.  Landlock closes the file system a second time.
* `READER` (OCR on clean pixels): Tesseract loads its models from files, and is a program where there is no library of
  it, so starting programs is allowed; network, signals and other processes' memory are not, and Landlock lets it write
  to its own temporary directory and read system directories only.

Whoever cannot lock itself ends (fail closed).  Sources: seccomp(2), Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Lock(StrEnum):
    """How much a cell may do once it is locked."""

    SEALED = "SEALED"
    READER = "READER"


_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 4, 15, 38, 22
_SECCOMP_MODE_FILTER = 2


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *arguments: int) -> None:
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if _libc().prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def die_with(parent: int) -> None:
    """Have the kernel kill this process when `parent`, who started it, ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def call(name: str) -> None:
    """Give this process a name (at most 15 characters) by which `ps` and `top` show it."""
    kept = ctypes.create_string_buffer(name.encode())
    _prctl(_PR_SET_NAME, ctypes.addressof(kept))


def lock(kind: Lock, *, require_landlock: bool, scratch: str) -> None:
    """Give up, for ever, everything that this kind of cell does not need.

    Raises `OSError` where seccomp cannot be installed, or Landlock is required and absent.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0) if kind is Lock.SEALED else (64_000_000, 64_000_000))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    if landlock_abi() > 0:
        _landlock(kind, scratch)
    elif require_landlock:
        raise OSError(errno.ENOSYS, "Landlock is required by the configuration, and this kernel has none")
    _seccomp(kind)


# Landlock (Documentation/userspace-api/landlock.rst): the numbers are equal on all processors.
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_EXECUTE, _WRITE, _READ, _READ_DIR = 1, 2, 4, 8
_ALL_FILES_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_READABLE = ("/usr", "/lib", "/lib64", "/bin", "/opt", "/etc/ld.so.cache", "/sys/devices/system/cpu", "/proc/cpuinfo")


def landlock_abi() -> int:
    """Version of the kernel's Landlock; 0 where there is none."""
    return max(0, int(_libc().syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def _landlock(kind: Lock, scratch: str) -> None:
    everything = _ALL_FILES_BY_ABI.get(landlock_abi(), (1 << 16) - 1)
    handled = struct.pack("=Q", everything)
    libc = _libc()
    ruleset = libc.syscall(_LANDLOCK_CREATE, handled, ctypes.c_size_t(len(handled)), ctypes.c_uint32(0))
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    if kind is Lock.READER:
        readable = [*_READABLE, sys.prefix, sys.base_prefix, os.environ.get("TESSDATA_PREFIX", "")]
        rules = [(path, _EXECUTE | _READ | _READ_DIR) for path in readable]
        for path, allowed in [*rules, ("/dev/null", _READ | _WRITE), (scratch, everything & ~_EXECUTE)]:
            _allow_below(libc, ruleset, path, allowed)
    if libc.syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0)) != 0:
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(ruleset)


def _allow_below(libc: ctypes.CDLL, ruleset: int, path: str, allowed: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC) if path else -1
    except OSError:
        return
    if descriptor < 0:
        return
    try:
        if not Path(path).is_dir():
            allowed &= _EXECUTE | _READ | _WRITE
        rule = struct.pack("=Qi", allowed, descriptor)
        if libc.syscall(_LANDLOCK_ADD, ruleset, ctypes.c_int(1), rule, ctypes.c_uint32(0)) != 0:
            raise OSError(ctypes.get_errno(), f"landlock_add_rule {path}")
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class _Processor:
    """System call numbers of one processor (asm/unistd.h) and its AUDIT_ARCH."""

    audit: int
    clone: int
    computing: tuple[int, ...]
    """read, write, close, lseek, memory, signals of one's own, clocks, random numbers, threads, exit."""
    forbidden: tuple[int, ...]
    """sockets, signals to others, other processes' memory, mounts, namespaces, keys, kernel doors."""


_PROCESSORS = {
    "x86_64": _Processor(
        audit=0xC000003E,
        clone=56,
        computing=(0, 1, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 24, 25, 28, 39, 60, 96, 98, 131, 186, 202, 204, 219, 228,
                   230, 231, 273, 318, 334),
        forbidden=(41, 42, 43, 44, 49, 50, 53, 62, 101, 155, 161, 165, 166, 200, 234, 248, 249, 250, 272, 288, 298, 308,
                   310, 311, 321, 323, 424, 425, 434, 438),
    ),
    "aarch64": _Processor(
        audit=0xC00000B7,
        clone=220,
        computing=(63, 64, 57, 62, 222, 226, 215, 214, 134, 135, 139, 66, 124, 216, 233, 172, 93, 169, 165, 132, 178,
                   98, 123, 128, 113, 115, 94, 99, 278, 293),
        forbidden=(198, 199, 200, 201, 202, 203, 206, 129, 117, 41, 51, 40, 39, 130, 131, 217, 218, 219, 97, 242, 241,
                   268, 270, 271, 280, 282, 424, 425, 434, 438),
    ),
}  # fmt: skip
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_NOT_THERE = 0x00050000 | errno.ENOSYS
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ARCHITECTURE, _NUMBER, _FIRST_ARGUMENT = 4, 0, 16
_X32, _CLONE3, _CLONE_THREAD = 0x40000000, 435, 0x00010000


def _seccomp(kind: Lock) -> None:
    processor = _PROCESSORS.get(platform.machine())
    if processor is None:
        raise OSError(errno.ENOSYS, f"no system call table for the processor {platform.machine()}")
    numbers, hit, otherwise = (
        (processor.computing, _ALLOW, _REFUSE) if kind is Lock.SEALED else (processor.forbidden, _REFUSE, _ALLOW)
    )
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, processor.audit), (_RETURN, 0, 0, _REFUSE)]
    steps += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _REFUSE)]
    if kind is Lock.SEALED:
        # Threads yes (HEIC is decoded in one), processes no.  A filter cannot see into clone3's argument:
        # where it is "not there", the C library takes clone.
        steps += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _NOT_THERE)]
        steps += [(_EQUAL, 0, 4, processor.clone), (_LOAD, 0, 0, _FIRST_ARGUMENT), (_ANY_BIT, 0, 1, _CLONE_THREAD)]
        steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    for number in numbers:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, hit)]
    steps.append((_RETURN, 0, 0, otherwise))
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog { unsigned short len; struct sock_filter *filter; } with the compiler's padding
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(buffer)))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))
