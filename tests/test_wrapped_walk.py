"""Certificates that come wrapped, protected or digitally signed, from the mail to the decision."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pikepdf
import pytest
from authority import COMPANY, certified, painted_over, signed
from cryptography.x509.oid import NameOID
from house import BORDER, CORPUS
from living import Living, letter, living
from wrapped import eml, outlook, winmail, zipped

from evidence_daemon import console
from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents.reader import Reader
from evidence_daemon.model import Document, MailId, Verdict

GOOD = "0100000017//CEVALLOS LLUMIQUINGA LUCIA SOFIA//INTERNET"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Living]:
    with living(tmp_path / "house") as one:
        yield one


def acta() -> bytes:
    """The faultless certificate of that customer, a text PDF."""
    mail = message_from_bytes(next(CORPUS.glob("0001-*.eml")).read_bytes())
    found = [part.get_payload(decode=True) for part in mail.walk() if part.get_content_type() == "application/pdf"]
    assert isinstance(found[0], bytes)
    return found[0]


def with_file(content: bytes, name: str, *, subject: str = GOOD, reply_to: str = "") -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["Authentication-Results"] = f"{BORDER}; dmarc=pass header.from=example.com"
    mail["From"], mail["To"], mail["Subject"] = "ana@example.com", "posventagec2@cnt.gob.ec", subject
    mail["Message-ID"] = f"<{hash((name, reply_to)) & 0xFFFFFF}@example.com>"
    if reply_to:
        mail["In-Reply-To"] = reply_to
    mail.set_content("Adjunto el acta.")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def verdict(one: Living, mail: MailId) -> Verdict:
    return one.story(mail).decisions[-1].verdict


def told(one: Living, mail: MailId) -> str:
    """What `explain` prints."""
    with console.out.capture() as captured:
        console.print_story(one.story(mail))
    return captured.get()


@pytest.mark.parametrize("wrap", [zipped, winmail, eml, outlook], ids=lambda wrap: wrap.__name__)
def test_a_certificate_is_accepted_whatever_it_comes_wrapped_in(
    here: Living, wrap: Callable[[dict[str, bytes]], bytes]
) -> None:
    mail = here.receives(with_file(wrap({"acta.pdf": acta()}), "adjunto.bin"))
    assert verdict(here, mail) is Verdict.REVERSE


def test_the_same_certificate_wrapped_otherwise_is_known_again(here: Living) -> None:
    assert verdict(here, here.receives(with_file(zipped({"acta.pdf": acta()}), "a.zip"))) is Verdict.REVERSE
    again = here.receives(with_file(acta(), "acta.pdf"))
    assert verdict(here, again) is Verdict.DISCARD


def test_a_file_protected_with_the_number_of_the_case_is_opened_although_the_mail_does_not_give_it(
    here: Living,
) -> None:
    asked = here.receives(letter(GOOD))
    assert verdict(here, asked) is Verdict.ASK
    (answer,) = here.sends()
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(acta())) as document:
        document.save(buffer, encryption=pikepdf.Encryption(user="0100000017", owner="dueño"))
    ours = str(message_from_bytes(answer)["Message-ID"])
    mail = here.receives(with_file(buffer.getvalue(), "acta.pdf", subject="Re: su trámite", reply_to=ours))
    (reading,) = here.story(mail).readings
    assert isinstance(reading, Document), reading


# ── digital signatures ───────────────────────────────────────────────────────────────────────────


def trusting(one: Living, directory: Path, pem: bytes) -> None:
    directory.mkdir()
    (directory / "ac.pem").write_bytes(pem)
    config = DocumentsConfig(signature_authorities=str(directory))
    one.house.pipeline.reader = Reader(config, one.house.blobs.put, one.house.book.documents)


def test_a_certificate_signed_by_the_company_is_accepted_and_its_signature_shown(here: Living, tmp_path: Path) -> None:
    authority = certified({NameOID.COMMON_NAME: "AC DE PRUEBA"})
    trusting(here, tmp_path / "authorities", authority.pem)
    mail = here.receives(with_file(signed(acta(), certified(COMPANY, authority), authority), "acta.pdf"))
    assert verdict(here, mail) is Verdict.REVERSE
    assert "Firma digital VALIDA: FIRMA ELECTRONICA CNT" in told(here, mail)
    assert "PRUEBA de la empresa" in told(here, mail)


def test_a_certificate_that_was_altered_after_signing_or_signed_in_our_name_is_a_persons(
    here: Living, tmp_path: Path
) -> None:
    authority = certified({NameOID.COMMON_NAME: "AC DE PRUEBA"})
    trusting(here, tmp_path / "authorities", authority.pem)
    good = signed(acta(), certified(COMPANY, authority), authority)
    forged = signed(acta(), certified(COMPANY, certified({NameOID.COMMON_NAME: "AC DE PRUEBA"})))
    for content, signal in ((painted_over(good), "firma_digital_alterada"), (forged, "firma_digital_imitada")):
        mail = here.receives(with_file(content, f"{signal}.pdf"))
        assert verdict(here, mail) is Verdict.HOLD
        assert signal in told(here, mail)
