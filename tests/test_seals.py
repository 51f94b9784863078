"""Digital signatures of PDFs: by whom, over what, and what was done to the file afterwards."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from authority import COMPANY, NOW, PERSON, Holder, certified, one_byte_changed, painted_over, signed
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from reportlab.pdfgen.canvas import Canvas

from evidence_daemon.config import DocumentsConfig
from evidence_daemon.documents import sandbox
from evidence_daemon.documents.notary import Notary, read_certificates
from evidence_daemon.documents.sandbox import Limits
from evidence_daemon.documents.seals import look
from evidence_daemon.errors import BadConfig
from evidence_daemon.model import DigitalSignature, DigitalVerdict, Document, Sha256
from evidence_daemon.store.shapes import from_json, to_json

V = DigitalVerdict
IDENTITIES = DocumentsConfig().company_identities
LIMITS = Limits(30, 1_500_000_000)


@pytest.fixture(scope="module")
def authority() -> Holder:
    return certified({NameOID.COMMON_NAME: "AC DE PRUEBA"})


@pytest.fixture(scope="module")
def company(authority: Holder) -> Holder:
    return certified(COMPANY, authority)


def page(*, compressed: bool = False) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pageCompression=int(compressed))
    canvas.drawString(60, 700, "ACTA DE RETIRO DE EQUIPOS")
    canvas.drawString(60, 625, "Cédula: 1700000019")
    canvas.save()
    return buffer.getvalue()


def said(pdf: bytes, *authorities: Holder, passwords: tuple[str, ...] = ()) -> list[tuple[str, bool, bool]]:
    told = look(pdf, [one.der for one in authorities], passwords, IDENTITIES, NOW)
    return [(one["verdict"], one["whole"], one["company"]) for one in told]


def test_a_signature_of_the_company_over_the_whole_file_is_valid(authority: Holder, company: Holder) -> None:
    (told,) = look(signed(page(), company, authority), [authority.der], [], IDENTITIES, NOW)
    assert (told["verdict"], told["whole"], told["company"]) == (V.VALIDA, True, True)
    assert told["signer"] == "FIRMA ELECTRONICA CNT"
    assert told["issuer"] == "AC DE PRUEBA"
    assert told["signed_at"].startswith(f"{NOW.year}-")


def test_a_signature_by_rsa_counts_the_same(authority: Holder) -> None:
    holder = certified(COMPANY, authority, key=rsa.generate_private_key(65537, 2048))
    assert said(signed(page(), holder), authority) == [(V.VALIDA, True, True)]


@pytest.mark.parametrize(
    "subject",
    [
        {NameOID.COMMON_NAME: "x", NameOID.SERIAL_NUMBER: "1768152560001"},
        {NameOID.COMMON_NAME: "x", NameOID.ORGANIZATION_IDENTIFIER: "VATEC-1768152560001"},
        COMPANY,
    ],
)
def test_the_company_is_known_by_its_ruc_or_its_whole_name(authority: Holder, subject: dict) -> None:  # type: ignore[type-arg]
    assert said(signed(page(), certified(subject, authority)), authority) == [(V.VALIDA, True, True)]


def test_the_company_is_known_by_the_ruc_in_the_extension_of_ecuadors_authorities(authority: Holder) -> None:
    number = b"\x0c\x0d1768152560001"
    ours = certified(PERSON, authority, extension=("1.3.6.1.4.1.37947.3.11", number))
    other = certified(PERSON, authority, extension=("1.3.6.1.4.1.37947.3.12", number))
    assert said(signed(page(), ours), authority) == [(V.VALIDA, True, True)]
    assert said(signed(page(), other), authority) == [(V.VALIDA, True, False)]


@pytest.mark.parametrize("name", ["CNT", "CORPORACION NACIONAL DE TELECOMUNICACIONES CNT EP ASOCIADOS", "TELECOM"])
def test_a_name_that_only_resembles_the_companys_is_not_the_companys(authority: Holder, name: str) -> None:
    holder = certified({NameOID.COMMON_NAME: "x", NameOID.ORGANIZATION_NAME: name}, authority)
    assert said(signed(page(), holder), authority) == [(V.VALIDA, True, False)]


def test_a_person_whose_authority_is_trusted_signs_validly_and_is_not_the_company(authority: Holder) -> None:
    assert said(signed(page(), certified(PERSON, authority)), authority) == [(V.VALIDA, True, False)]


def test_a_stranger_who_calls_himself_the_company_is_not_trusted(authority: Holder) -> None:
    stranger = certified({NameOID.COMMON_NAME: "AC DE PRUEBA"})
    forged = signed(page(), certified(COMPANY, stranger), stranger)
    assert said(forged, authority) == [(V.SIN_CONFIANZA, True, True)]
    assert said(signed(page(), certified(COMPANY)), authority) == [(V.SIN_CONFIANZA, True, True)]
    assert said(forged) == [(V.SIN_CONFIANZA, True, True)]


def test_a_certificate_that_has_run_out_or_not_begun_is_named(authority: Holder) -> None:
    for days, verdict in (((-300, -20), V.VENCIDA), ((20, 300), V.SIN_CONFIANZA)):
        assert said(signed(page(), certified(COMPANY, authority, days=days)), authority)[0][0] == verdict


@pytest.mark.parametrize("tamper", [one_byte_changed, painted_over])
def test_what_was_altered_after_signing_is_told_whoever_signed(
    authority: Holder, company: Holder, tamper: object
) -> None:
    altered = tamper(signed(page(), company, authority))  # type: ignore[operator]
    assert said(altered, authority)[0][0] == V.ALTERADA
    assert said(altered)[0][0] == V.ALTERADA


def test_a_second_signature_alters_nothing_and_the_last_covers_all(authority: Holder, company: Holder) -> None:
    twice = signed(signed(page(), certified(PERSON, authority)), company, authority)
    assert said(twice, authority) == [(V.VALIDA, False, False), (V.VALIDA, True, True)]


def test_a_file_that_only_pretends_to_be_signed_proves_nothing() -> None:
    pretended = page() + b"% /ByteRange [0 10 20 30]\n"
    assert said(pretended) == []
    assert said(b"%PDF-1.4 /ByteRange nothing")[0][0] == V.ILEGIBLE


# ── through the cage, to the store ───────────────────────────────────────────────────────────────


def notary(tmp_path: Path, *authorities: Holder) -> Notary:
    folder = tmp_path / "authorities"
    folder.mkdir()
    for number, one in enumerate(authorities):
        (folder / f"{number}.pem").write_bytes(one.pem)
    return Notary(DocumentsConfig(signature_authorities=str(folder)))


def test_the_check_runs_in_a_sealed_cell_and_is_kept(tmp_path: Path, authority: Holder, company: Holder) -> None:
    asked = notary(tmp_path, authority)
    assert asked.trusts
    (told,) = asked.look(signed(page(), company, authority), [], LIMITS)
    assert told.proof
    assert asked.look(page(), [], LIMITS) == ()
    document = Document(Sha256("0" * 64), "acta.pdf", "application/pdf", (), 1, signatures=(told,))
    assert from_json(to_json(document), Document) == document


@pytest.mark.parametrize(
    "change", [{"whole": False}, {"company": False}, {"verdict": V.SIN_CONFIANZA}, {"verdict": V.VENCIDA}]
)
def test_a_proof_is_valid_whole_and_of_the_company(change: dict[str, object]) -> None:
    good = DigitalSignature(V.VALIDA, whole=True, company=True)
    assert good.proof
    assert not replace(good, **change).proof  # type: ignore[arg-type]


def test_without_authorities_a_signature_is_shown_and_is_no_proof(authority: Holder, company: Holder) -> None:
    nobody = Notary(DocumentsConfig())
    (told,) = nobody.look(signed(page(), company, authority), [], LIMITS)
    assert not nobody.trusts
    assert (told.verdict, told.proof) == (V.SIN_CONFIANZA, False)


def test_a_check_that_dies_says_so_and_loses_nothing(
    authority: Holder, company: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence_daemon.documents.notary.SEALS", "tests.cell_probe")
    (told,) = Notary(DocumentsConfig()).look(signed(page(), company, authority), [], LIMITS)
    assert told.verdict is V.ILEGIBLE
    assert not told.proof


def test_authorities_are_read_from_pem_and_der_and_nothing_else(tmp_path: Path, authority: Holder) -> None:
    other = certified({NameOID.COMMON_NAME: "OTRA"})
    (tmp_path / "both.pem").write_bytes(b"comment\n" + authority.pem + other.pem)
    (tmp_path / "one.cer").write_bytes(authority.der)
    (tmp_path / ".hidden").write_bytes(b"x")
    assert read_certificates(str(tmp_path)) == (authority.der, other.der, authority.der)
    (tmp_path / "readme.txt").write_bytes(b"hello")
    with pytest.raises(BadConfig, match=r"readme\.txt"):
        read_certificates(str(tmp_path))


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_a_directory_without_authorities_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadConfig, match="signature_authorities"):
        Notary(DocumentsConfig(signature_authorities=str(tmp_path / name)))


@pytest.fixture(autouse=True, scope="module")
def _the_nursery_is_closed() -> object:
    yield
    sandbox.close_nurseries()
