"""An authority of our own: real keys, real certificates, really signed PDFs."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from dataclasses import dataclass

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

NOW = dt.datetime.now(dt.UTC)
COMPANY = {
    NameOID.COMMON_NAME: "FIRMA ELECTRONICA CNT",
    NameOID.ORGANIZATION_NAME: "Corporación Nacional de Telecomunicaciones CNT E.P.",
}
PERSON = {NameOID.COMMON_NAME: "ANA MARIA LOZA PENA", NameOID.SERIAL_NUMBER: "1700000019"}


@dataclass(frozen=True)
class Holder:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def certified(
    subject: dict[x509.ObjectIdentifier, str],
    by: Holder | None = None,
    *,
    days: tuple[int, int] = (-10, 300),
    extension: tuple[str, bytes] | None = None,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
) -> Holder:
    """A certificate for `subject`, valid between two days from now; without `by` an authority's own."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in subject.items()])
    usage = x509.KeyUsage(True, by is not None, False, False, False, by is None, by is None, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by.certificate.subject if by else name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + dt.timedelta(days=days[0]))
        .not_valid_after(NOW + dt.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    if extension is not None:
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier(extension[0]), extension[1])
        builder = builder.add_extension(unknown, critical=False)
    return Holder(builder.sign(by.key if by else own, hashes.SHA256()), own)


def signed(pdf: bytes, holder: Holder, *authorities: Holder) -> bytes:
    """The PDF with one more signature."""
    store = SimpleCertificateStore()
    store.register_multiple(asn1_x509.Certificate.load(one.der) for one in authorities)
    encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
    private = holder.key.private_bytes(encoding, form, serialization.NoEncryption())
    signer = signers.SimpleSigner(asn1_x509.Certificate.load(holder.der), asn1_keys.PrivateKeyInfo.load(private), store)
    present = len(list(PdfFileReader(io.BytesIO(pdf), strict=False).embedded_signatures))
    about = signers.PdfSignatureMetadata(field_name=f"Firma{present + 1}")
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    return asyncio.run(signers.PdfSigner(about, signer).async_sign_pdf(writer)).getvalue()


def painted_over(pdf: bytes) -> bytes:
    """What a PDF editor does to a signed file: the signed bytes stay, and another layer hides what they showed."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    writer.add_stream_to_page(0, writer.add_object(StreamObject(stream_data=b"1 1 1 rg 90 620 120 20 re f")))
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def one_byte_changed(pdf: bytes) -> bytes:
    """A digit of the page, in place: the digest no longer fits."""
    at = pdf.index(b"1700000019")
    return pdf[:at] + b"1700000027" + pdf[at + 10 :]
