"""Sound files of the campaign's calls: spoken by espeak-ng, or a studio's recording in its place.

A prompt's name carries the hash of what is said and how, so a changed text can never be played under an old name,
and a file that exists is never rendered again.  All are 8 kHz, mono, 16 bit WAV with peaks at -3 dB: what every
exchange plays without converting.  The text lies beside each file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from evidence_daemon.errors import BadFile, BadInput, Temporary
from evidence_daemon.outreach.voice import spoken

VOICE, WORDS_A_MINUTE = "es-419", 150
LONGEST_SECONDS = 60.0
"""A call that speaks longer is not listened to."""
RATE_HZ = 8000
_PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Prompt:
    """One sound file."""

    path: Path
    seconds: float
    sha256: str
    """Of the file: what was approved is what is played."""
    studio: bool
    """A recording by a person, not by the machine."""


def prompt(text: str, folder: Path) -> Prompt:
    """What a call with this text plays: the studio's recording where there is one, else the machine's voice.

    Renders once; raises BadFile when the folder cannot be written or a needed program is missing, BadInput for a text
    that takes longer than a minute.
    """
    name = _name(text)
    for studio in (True, False):
        path = folder / f"{name}{'-studio' if studio else ''}.wav"
        with contextlib.suppress(FileNotFoundError):
            return _measured(path, studio)
    path = folder / f"{name}.wav"
    with tempfile.TemporaryDirectory(prefix="evidence-voice-") as place:
        raw = Path(place) / "raw.wav"
        _run(["espeak-ng", "-v", VOICE, "-s", str(WORDS_A_MINUTE), "-w", str(raw), "--", spoken(text)])
        _converted(raw, path, text)
    return _measured(path, studio=False)


def adopt(recording: bytes, text: str, folder: Path) -> Prompt:
    """Put a studio's recording (WAV, FLAC, OGG, MP3 where sox reads it) in the place of the machine's voice.

    Raises BadInput when it is no sound, is silent, or is longer than a minute.
    """
    path = folder / f"{_name(text)}-studio.wav"
    with tempfile.TemporaryDirectory(prefix="evidence-voice-") as place:
        raw = Path(place) / "recording"
        raw.write_bytes(recording)
        kind = _sound_kind(recording)
        if not kind:
            raise BadInput("the recording is neither WAV nor FLAC nor OGG")
        _converted(raw, path, text, kind)
    return _measured(path, studio=True)


def has_studio(text: str, folder: Path) -> bool:
    """Whether a person speaks this text."""
    return (folder / f"{_name(text)}-studio.wav").exists()


def drop_studio(text: str, folder: Path) -> None:
    """Go back to the machine's voice."""
    (folder / f"{_name(text)}-studio.wav").unlink(missing_ok=True)


def can_speak() -> bool:
    """Whether this machine has the programs that make a voice."""
    return shutil.which("espeak-ng") is not None and shutil.which("sox") is not None


@lru_cache(maxsize=64)
def _name(text: str) -> str:
    return hashlib.sha256(f"{VOICE}\n{WORDS_A_MINUTE}\n{spoken(text)}".encode()).hexdigest()[:24]


def _sound_kind(recording: bytes) -> str:
    heads = {b"RIFF": "wav", b"fLaC": "flac", b"OggS": "ogg"}
    return next((kind for head, kind in heads.items() if recording.startswith(head)), "")


def _converted(raw: Path, path: Path, text: str, kind: str = "wav") -> None:
    """Into the exchange's form, then to its place in one step: nobody ever plays half a file."""
    made = raw.with_name("made.wav")
    form = ["-b", "16", "-e", "signed-integer", "-t", "wav", str(made)]
    _run(["sox", "-D", "-t", kind, str(raw), *form, "channels", "1", "rate", str(RATE_HZ), "norm", "-3"])
    with wave.open(str(made)) as sound:
        seconds = sound.getnframes() / sound.getframerate()
        if not any(sound.readframes(sound.getnframes())):
            raise BadInput("the recording is silent")
    if seconds > LONGEST_SECONDS:
        raise BadInput(f"takes {seconds:.0f} s to listen to; at most {LONGEST_SECONDS:.0f} s: shorten the text")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for content, at in ((made.read_bytes(), path), (text.encode(), path.with_suffix(".txt"))):
            draft = at.with_name(f".{at.name}.{os.getpid()}")
            draft.write_bytes(content)
            draft.chmod(0o644)  # the exchange runs as another user
            draft.replace(at)
    except OSError as fault:
        raise BadFile(f"{path.parent}: the sound file cannot be written there ({fault.strerror})") from fault


def _measured(path: Path, studio: bool) -> Prompt:
    """Raises FileNotFoundError."""
    found = path.stat()
    return _measured_once(path, studio, found.st_ino, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=64)
def _measured_once(path: Path, studio: bool, *_file: int) -> Prompt:
    """Read once for as long as it is the same file: every call asks, and reading costs more than placing the call."""
    content = path.read_bytes()
    with wave.open(str(path)) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    return Prompt(path, seconds, hashlib.sha256(content).hexdigest(), studio)


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_SECONDS, check=False)
    except FileNotFoundError as fault:
        raise BadFile(f"{command[0]} is not installed; as root: apt-get install espeak-ng sox") from fault
    except subprocess.TimeoutExpired as fault:
        raise Temporary(f"{command[0]} did not end within {_PATIENCE_SECONDS} s") from fault
    if done.returncode:
        raise BadInput(f"{command[0]}: {done.stderr.decode(errors='replace').strip().splitlines()[-1:] or 'failed'}")
