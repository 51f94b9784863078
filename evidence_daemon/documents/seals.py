"""Digital signatures of a PDF, inside the sealed cell: who signed, whether it still says what was signed.

pyHanko checks digest, certificate chain and what was added after the signature (ISO 32000-2 12.8, ETSI EN
319 142-1).  Nothing is fetched: the authorities are those that the daemon hands in, and a revocation is known
only where the file itself carries it.  The clock is the daemon's, handed in too.
"""

from __future__ import annotations

import asyncio
import io
import logging
import re
import unicodedata
from collections.abc import Coroutine, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from evidence_daemon.documents.sandbox import Frame, Lock
from evidence_daemon.model import DigitalVerdict

LOCK = Lock.SEALED

MAX_SIGNATURES = 8
"""Of one file; an acta has one or two."""
_RUC_EXTENSION = re.compile(r"1\.3\.6\.1\.4\.1\.\d+\.3\.11")
"""Where Ecuador's authorities write the RUC: Banco Central 37947, Security Data 37746, and others (arc 3.11)."""
_LATE = frozenset(
    {AdESIndeterminate.EXPIRED, AdESIndeterminate.NOT_YET_VALID, AdESIndeterminate.OUT_OF_BOUNDS_NO_POE,
     AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED}
)  # fmt: skip
_REVOKED = frozenset({AdESIndeterminate.REVOKED_NO_POE, AdESIndeterminate.REVOKED_CA_NO_POE})


def prepare() -> None:
    """Sign a page and check it, so that nothing is imported after the lock and the machinery is known to work."""
    logging.disable(logging.CRITICAL)  # a cell's words go to nobody
    signed, authority = _sample()
    (told,) = look(signed, [authority], [], [], datetime.now(UTC))
    if told["verdict"] != DigitalVerdict.VALIDA:
        raise RuntimeError(f"a signature that is good was taken for {told['verdict']}")


def answer(request: Frame) -> Iterator[Frame]:
    """A PDF and the authorities' certificates (DER) as blobs → one frame with `signatures`.

    Asked: `passwords`, `identities`, `now` (ISO 8601).  Told of each signature: `verdict`, `signer`,
    `organisation`, `issuer`, `signed_at` (ISO 8601 or ""), `whole`, `company`, `detail`.
    """
    facts = request.facts
    if facts.get("check"):
        yield Frame({"last": True, "signatures": []})
        return
    document, *authorities = request.blobs
    told = look(document, authorities, facts["passwords"], facts["identities"], datetime.fromisoformat(facts["now"]))
    yield Frame({"last": True, "signatures": told})


def look(
    document: bytes, authorities: Sequence[bytes], passwords: Sequence[str], identities: Sequence[str], now: datetime
) -> list[dict[str, Any]]:
    """What is to be said of each signature of a PDF, in the order in which they were made."""
    try:
        reader = PdfFileReader(io.BytesIO(document), strict=False)
        if reader.encrypted:
            _decrypt(reader, passwords)
        embedded = list(reader.embedded_regular_signatures)[:MAX_SIGNATURES]
    except MemoryError:
        raise
    except Exception as bad:  # noqa: BLE001  # the parser raises whatever it stumbles over
        return [_told(DigitalVerdict.ILEGIBLE, detail=f"{type(bad).__name__}: {bad}")]
    roots = [asn1_x509.Certificate.load(der) for der in authorities]
    return [_one(signature, roots, identities, now) for signature in embedded]


def _decrypt(reader: PdfFileReader, passwords: Sequence[str]) -> None:
    for password in ("", *passwords):
        if reader.decrypt(password).status.name != "FAILED":
            return


def _one(
    signature: EmbeddedPdfSignature,
    roots: Sequence[asn1_x509.Certificate],
    identities: Sequence[str],
    now: datetime,
) -> dict[str, Any]:
    try:
        context = ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail", moment=now)
        status = _finished(async_validate_pdf_signature(signature, context))
    except MemoryError:
        raise
    except Exception as bad:  # noqa: BLE001  # whatever is wrong with it, it proves nothing
        return _told(DigitalVerdict.ILEGIBLE, detail=f"{type(bad).__name__}: {bad}")
    certificate = status.signing_cert
    subject, issuer = certificate.subject.native, certificate.issuer.native
    untouched = status.coverage is SignatureCoverageLevel.ENTIRE_FILE or status.modification_level in {
        ModificationLevel.NONE,
        ModificationLevel.LTA_UPDATES,
    }
    verdict, detail = _verdict(status)
    return _told(
        verdict,
        signer=_line(subject.get("common_name")),
        organisation=_line(subject.get("organization_name")),
        issuer=_line(issuer.get("common_name") or issuer.get("organization_name")),
        signed_at=status.signer_reported_dt.isoformat() if status.signer_reported_dt else "",
        whole=bool(untouched),
        company=_names_company(certificate, identities),
        detail=detail,
    )


def _verdict(status: PdfSignatureStatus) -> tuple[DigitalVerdict, str]:
    """The worst first: what was altered is altered whoever signed it."""
    if not (status.intact and status.valid):
        return DigitalVerdict.ALTERADA, "lo firmado no es lo que está en el archivo"
    if status.coverage is SignatureCoverageLevel.UNCLEAR or status.coverage is None:
        return DigitalVerdict.ALTERADA, "la firma no cubre el documento"
    if not status.docmdp_ok or status.modification_level is ModificationLevel.OTHER:
        return DigitalVerdict.ALTERADA, "el documento se cambió después de firmarse"
    problem = status.trust_problem_indic
    if problem in _LATE:
        return DigitalVerdict.VENCIDA, "el certificado no está vigente"
    if problem in _REVOKED:
        return DigitalVerdict.REVOCADA, "el certificado fue revocado"
    if not status.bottom_line:
        return DigitalVerdict.SIN_CONFIANZA, "quien firma no está entre las autoridades configuradas"
    return DigitalVerdict.VALIDA, ""


def _names_company(certificate: asn1_x509.Certificate, identities: Sequence[str]) -> bool:
    """Whether the certificate bears one of the company's RUC or registered names, as a whole."""
    wanted = {_folded(identity) for identity in identities}
    names = {_folded(str(value)) for value in _values(certificate.subject.native.get("organization_name"))}
    numbers: set[str] = set()
    for attribute in ("serial_number", "organization_identifier"):
        for value in _values(certificate.subject.native.get(attribute)):
            numbers |= set(re.findall(r"(?<!\d)\d{13}(?!\d)", str(value)))
    for extension in certificate["tbs_certificate"]["extensions"] or ():
        if _RUC_EXTENSION.fullmatch(extension["extn_id"].dotted):
            contents = bytes(extension["extn_value"].contents)
            numbers |= {number.decode() for number in re.findall(rb"(?<!\d)\d{13}(?!\d)", contents)}
    return bool(wanted & (names | numbers))


def _values(native: Any) -> list[Any]:
    if native is None:
        return []
    return list(native) if isinstance(native, list) else [native]


def _folded(text: str) -> str:
    """Upper case, without accents and punctuation: "C.N.T. E.P." and "CNT EP" are one."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.upper()) if unicodedata.category(c) != "Mn")
    return " ".join(re.sub(r"[^A-Z0-9 ]+", "", plain).split())


def _line(value: Any) -> str:
    return " / ".join(str(one) for one in _values(value))[:200]


def _told(verdict: DigitalVerdict, **facts: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("signer", "organisation", "issuer", "signed_at", "detail"), "")
    facts["detail"] = str(facts.get("detail", ""))[:200]
    return {**empty, "whole": False, "company": False, **facts, "verdict": verdict.value}


_Value = TypeVar("_Value")


def _finished(work: Coroutine[Any, Any, _Value]) -> _Value:
    """The result of a coroutine that never waits: an event loop would need sockets, which this cell must not have."""
    try:
        work.send(None)
    except StopIteration as done:
        value: _Value = done.value
        return value
    work.close()
    raise RuntimeError("the check of a signature wanted to wait for something")


def _sample() -> tuple[bytes, bytes]:
    """A one-page PDF signed by a key of this moment, and the certificate of who signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prueba")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, True, False, False, False, True, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = signers.SimpleSigner(
        asn1_x509.Certificate.load(der),
        asn1_keys.PrivateKeyInfo.load(private),
        SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    writer: Any = PdfFileWriter()  # type: ignore[no-untyped-call]
    contents = writer.add_object(StreamObject(stream_data=b""))
    writer.insert_page(PageObject(contents=contents, media_box=(0, 0, 60, 20)))  # type: ignore[no-untyped-call]
    signing = signers.PdfSigner(signers.PdfSignatureMetadata(field_name="Firma"), signer).async_sign_pdf(writer)
    signed: io.BytesIO = asyncio.run(signing)  # in the nursery, which is not locked
    return signed.getvalue(), der
