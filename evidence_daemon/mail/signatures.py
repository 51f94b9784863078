"""Do a mail's own signatures hold (DKIM, RFC 6376)?  Pure: the mail's bytes and the keys in, verdicts out.

Looked at on arrival, for domains change their keys; over the stored bytes, for nothing else is what came.
dkimpy does the arithmetic.  What it leaves open is decided here:

* a signature over a part of the body (l=) proves nothing: what follows may be anybody's (RFC 6376 8.2);
* SHA-1 and keys that are only tried out (t=y) prove nothing (RFC 8301 3.1, RFC 6376 3.6.1);
* its body regex takes the square of a run of blanks (one megabyte of them: half an hour), so blanks at the ends of
  lines are taken away before it looks; a header in which it would look as long is too long to be honest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from evidence_daemon.model import MailSignature, SignatureVerdict

MAX_SIGNATURES = 3
"""Signatures of one mail that are looked at, those of the domain in From first; honest mails bear one or two."""
_MAX_HEADER = 4096
"""Bytes of an honest signature: RSA-4096 and every header named twice stay below."""
_NAME = re.compile(rb"[A-Za-z0-9._-]{1,190}")


class _Silent:
    """dkimpy would tell the log what is returned here anyway."""

    def debug(self, *_: object) -> None: ...
    def info(self, *_: object) -> None: ...
    def error(self, *_: object) -> None: ...


def key_names(header: bytes, domain: str) -> tuple[str, ...]:
    """The names in the DNS under which the keys of a mail's signatures lie.

    `header` is the mail or its header block, `domain` that of From: its signatures are looked at first.
    """
    return tuple(dict.fromkeys(name for _index, name, _tags in _signatures(_opened(header), domain)))


def check(raw: bytes, domain: str, keys: Mapping[str, str]) -> tuple[MailSignature, ...]:
    """A verdict for each signature of a mail, those of `domain` first.

    `raw` is the whole mail as it came; `keys` has the record for each name of `key_names` ("" where there
    is none) and lacks the names of which nobody could tell.  Raises nothing.
    """
    mail = _opened(raw)
    return tuple(_verdict(raw, index, name, tags, keys) for index, name, tags in _signatures(mail, domain))


def _opened(raw: bytes) -> dkim.DKIM | None:
    try:
        return dkim.DKIM(raw, logger=_Silent())
    except Exception:  # noqa: BLE001  # a foreign parser on foreign bytes: a header that begins with a blank …
        return None


def _signatures(mail: dkim.DKIM | None, domain: str) -> list[tuple[int, str, dict[bytes, bytes]]]:
    """Each signature worth looking at: its place among the mail's signatures, the name of its key, its tags."""
    found = []
    values = [value for name, value in (mail.headers if mail else ()) if name.lower() == b"dkim-signature"]
    for index, value in enumerate(values):
        try:
            tags = parse_tag_value(value) if len(value) <= _MAX_HEADER else {}
        except InvalidTagValueList:
            continue
        signer, selector = tags.get(b"d", b""), tags.get(b"s", b"")
        if _NAME.fullmatch(signer) and _NAME.fullmatch(selector):
            found.append((index, f"{selector.decode()}._domainkey.{signer.decode()}".lower(), tags))
    found.sort(key=lambda one: _text(one[2], b"d").lower() != domain.lower())
    return found[:MAX_SIGNATURES]


def _verdict(raw: bytes, index: int, name: str, tags: dict[bytes, bytes], keys: Mapping[str, str]) -> MailSignature:
    def told(verdict: SignatureVerdict, detail: str) -> MailSignature:
        return MailSignature(_text(tags, b"d").lower(), verdict, detail[:200])

    record = keys.get(name)
    if record is None:
        return told(SignatureVerdict.NO_COMPROBADA, "no se pudo consultar la clave")
    if not record:
        return told(SignatureVerdict.FALLA, "el dominio no publica esta clave")
    if b"l" in tags:
        return told(SignatureVerdict.SIN_VALOR, "firma solo una parte del correo (l=)")
    if tags.get(b"a", b"").lower().endswith(b"sha1"):
        return told(SignatureVerdict.SIN_VALOR, "usa SHA-1")
    if b"y" in _flags(record):
        return told(SignatureVerdict.SIN_VALOR, "el dominio solo prueba esta clave (t=y)")
    mail = _opened(raw)
    assert mail is not None  # its signatures were found  # noqa: S101
    if tags.get(b"c", b"").lower().endswith(b"/relaxed"):
        mail.body = b"\r\n".join(line.rstrip(b"\t ") for line in mail.body.split(b"\r\n"))  # same canonical form
    try:
        holds = mail.verify(idx=index, dnsfunc=lambda *_, **__: record.encode())
    except dkim.ValidationError as trouble:
        return told(SignatureVerdict.FALLA, str(trouble))
    except Exception as trouble:  # noqa: BLE001  # DKIMException, and what its parsers raise on a foreign key record
        return told(SignatureVerdict.FALLA, f"{type(trouble).__name__}: {trouble}")
    return told(SignatureVerdict.PASA, "") if holds else told(SignatureVerdict.FALLA, "la firma no corresponde")


def _flags(record: str) -> list[bytes]:
    try:
        return [flag.strip() for flag in parse_tag_value(record.encode()).get(b"t", b"").split(b":")]
    except InvalidTagValueList:
        return []


def _text(tags: Mapping[bytes, bytes], name: bytes) -> str:
    return tags.get(name, b"").decode("ascii", "replace")
