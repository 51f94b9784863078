"""How a written text sounds."""

from __future__ import annotations

import math
import shutil
import struct
import wave
from pathlib import Path

import pytest

from evidence_daemon.errors import BadFile, BadInput
from evidence_daemon.outreach.prompts import adopt, drop_studio, prompt
from evidence_daemon.outreach.voice import spoken


@pytest.mark.parametrize(
    ("written", "sounds"),
    [
        ("CNT informa:", "ce ene te informa:"),
        (
            "al correo posventagec2@cnt.gob.ec o",
            "al correo posventa, ge e ce, dos arroba ce ene te punto gob punto e ce o",
        ),
        ("en la página www.cnt.com.ec;", "en la página triple doble u punto ce ene te punto com punto e ce;"),
        (
            "https://flujodecolas.cnt.gob.ec/web/. hasta",
            "flujo de colas punto ce ene te punto gob punto e ce barra web. hasta",
        ),
        ("comunícate al 1800-100-100.", "comunícate al mil ochocientos, cien, cien."),
        ("numero de servicio 12345", "numero de servicio uno dos tres, cuatro cinco"),
        ("retirado el 10-5-2020", "retirado el 10 de mayo de 2020"),
        ("retirado el 1/3/2021", "retirado el primero de marzo de 2021"),
        ("el 31-2-2021", "el tres uno dos dos cero dos, uno"),
        ("miércoles 31 de marzo de 2021", "miércoles 31 de marzo de 2021"),
        ("paga $12,50", "paga 12 dólares con 50 centavos"),
        ("entrega tus equipos. Hola", "entrega tus equipos. Hola"),
    ],
)
def test_a_written_sign_is_read_as_a_person_would_read_it(written: str, sounds: str) -> None:
    assert spoken(written) == sounds


def _tone(path: Path, seconds: float, loud: float = 0.5, rate: int = 22050) -> bytes:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        values = (round(32767 * loud * math.sin(2 * math.pi * 440 * at / rate)) for at in range(round(rate * seconds)))
        sound.writeframes(b"".join(struct.pack("<h", value) for value in values))
    return path.read_bytes()


def test_a_prompt_is_rendered_once_in_the_form_that_every_exchange_plays(tmp_path: Path) -> None:
    made = prompt("CNT informa.", tmp_path)
    with wave.open(str(made.path)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        frames = sound.readframes(sound.getnframes())
    peak = max(abs(value) for (value,) in struct.iter_unpack("<h", frames))
    assert peak == pytest.approx(32767 * 10 ** (-3 / 20), rel=0.02), "peaks at -3 dB"
    assert made.path.with_suffix(".txt").read_text() == "CNT informa."
    before = made.path.stat().st_mtime_ns
    assert prompt("CNT informa.", tmp_path) == made
    assert made.path.stat().st_mtime_ns == before
    assert prompt("CNT informa otra cosa.", tmp_path).path != made.path


def test_a_studios_recording_takes_the_place_of_the_machine_and_can_be_taken_back(tmp_path: Path) -> None:
    machine = prompt("CNT informa.", tmp_path)
    studio = adopt(_tone(tmp_path / "in.wav", 1.5), "CNT informa.", tmp_path)
    assert studio.studio
    assert studio.seconds == pytest.approx(1.5, abs=0.05)
    assert prompt("CNT informa.", tmp_path) == studio
    drop_studio("CNT informa.", tmp_path)
    assert prompt("CNT informa.", tmp_path) == machine


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"GIF89a", "neither WAV nor FLAC"), (b"RIFF\x00\x00", "sox")],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        adopt(content, "CNT informa.", tmp_path)


def test_silence_and_a_speech_of_more_than_a_minute_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="silent"):
        adopt(_tone(tmp_path / "quiet.wav", 0.2, loud=0), "CNT informa.", tmp_path)
    with pytest.raises(BadInput, match="shorten the text"):
        prompt("CNT informa a sus clientes que deben entregar los equipos. " * 30, tmp_path)


def test_a_missing_program_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("espeak-ng") is None
    with pytest.raises(BadFile, match="apt-get install espeak-ng"):
        prompt("CNT informa.", tmp_path)
