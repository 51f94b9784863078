"""Is the sender who he says he is?  Read from what our own border server wrote; where it is silent, from signatures.

Authentication-Results (RFC 8601) can be written by anybody, so only the topmost one that carries the
configured name of our own server counts; the border server must strip foreign ones of that name (RFC
8601 5).  Ready readers refuse nine in ten real headers because Microsoft leaves the server's name out;
the reader here takes that form too, for the configured name "microsoft" only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses
from functools import lru_cache

from evidence_daemon.model import MailSignature, SignatureVerdict

MICROSOFT = "microsoft"
"""Configure this where Microsoft 365 receives our mail: its headers bear no server name."""

MAX_HEADER = 256 * 1024
"""Bytes of a header block that are looked at; a mail with more is none."""

_SECOND_LEVEL = frozenset(
    {
        "com",
        "gob",
        "gov",
        "edu",
        "org",
        "net",
        "fin",
        "med",
        "info",
        "mil",
        "pro",
        "co",
        "ac",
        "or",
        "ne",
        "go",
        "gub",
        "gouv",
        "nom",
        "art",
        "web",
        "tur",
        "adm",
        "k12",
        "sch",
    }
)
"""Labels under which a country registers organisations: "cnt.gob.ec" is one, "gob.ec" is none."""


def sender_proven(raw: bytes, trusted_authserv_id: str, signatures: Sequence[MailSignature] = ()) -> bool:
    """True when DMARC, or SPF or DKIM aligned with From, passed.

    `raw` is the mail or its header block, `trusted_authserv_id` the name of our border server (empty: there is
    none to trust), `signatures` what we found on arrival.  The border server's word comes first: ours counts
    only where it says nothing on DMARC and DKIM.  Raises nothing: what cannot be read proves nothing.
    """
    told = _border_results(raw, trusted_authserv_id)
    if told is not None and (_aligned(*told) or _decided(told[0])):
        return _aligned(*told)
    domain = from_domain(raw)
    return bool(domain) and any(
        signature.verdict is SignatureVerdict.PASA
        and organisational_domain(signature.domain) == organisational_domain(domain)
        for signature in signatures
    )


def _decided(results: list[tuple[str, str, dict[str, str]]]) -> bool:
    """Whether the border server came to an end itself: "none" and an error on its way are no end."""
    return any(method in {"dmarc", "dkim"} and verdict in {"pass", "fail", "policy"} for method, verdict, _ in results)


def from_domain(raw: bytes) -> str:
    """The domain of the one mailbox in From, lower case; "" when there is none or several.

    Two authors: a proof for one of them is none for the other.
    """
    senders = [value for name, value in _headers(raw) if name == "from"]
    mailboxes = getaddresses(senders)
    if len(senders) != 1 or len(mailboxes) != 1 or "@" not in mailboxes[0][1]:
        return ""
    return mailboxes[0][1].rpartition("@")[2].lower()


def _headers(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Name (lower case) and value of every header, in order."""
    end = re.search(rb"\r?\n\r?\n|\r\r", raw)
    return _headers_in(raw[: end.start() if end else len(raw)][:MAX_HEADER])


@lru_cache(16)
def _headers_in(block: bytes) -> tuple[tuple[str, str], ...]:
    # Each question about a sender asks anew.  Kept by the head alone: a mail as a whole may be megabytes.
    message = BytesHeaderParser(policy=compat32).parsebytes(block + b"\r\n\r\n")
    return tuple((name.lower(), str(value)) for name, value in message.raw_items())


def sender_refuted(raw: bytes, trusted_authserv_id: str) -> bool:
    """True when our border server says that DMARC failed: the sender is not who he says he is.

    Arguments as for `sender_proven`.  "none" and a missing verdict refute nobody.
    """
    told = _border_results(raw, trusted_authserv_id)
    return told is not None and any(method == "dmarc" and verdict == "fail" for method, verdict, _found in told[0])


def _border_results(raw: bytes, trusted_authserv_id: str) -> tuple[list[tuple[str, str, dict[str, str]]], str] | None:
    """What our border server found, and the domain of From; None when there is no such word on one sender."""
    if not trusted_authserv_id:
        return None
    domain = from_domain(raw)
    if not domain:
        return None
    for name, value in _headers(raw):
        if name == "authentication-results":
            server, results = _read(value)
            if server == trusted_authserv_id.lower():
                return results, domain
            if trusted_authserv_id.lower() == MICROSOFT:
                return None if server else (results, domain)
    return None


def organisational_domain(domain: str) -> str:
    """The part of a domain that an organisation registers: "mail.cnt.gob.ec" → "cnt.gob.ec".

    By the usual second-level labels of country domains, not by the public suffix list: a wrong guess
    here only makes two addresses count as strangers or as neighbours of one country's registry.
    """
    labels = domain.lower().strip(".").split(".")
    if len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


def _read(value: str) -> tuple[str, list[tuple[str, str, dict[str, str]]]]:
    """A header's server name (lower case, empty in Microsoft's form) and its results.

    Each result is method, verdict and properties, all in lower case.
    """
    pieces = [piece.strip() for piece in _without_comments(value).lower().split(";")]
    server = ""
    if pieces and not re.match(r"[a-z0-9_.-]+(?:\s*/\s*[0-9]+)?\s*=", pieces[0]):
        server = pieces.pop(0).split(" ")[0]
    results = []
    for piece in pieces:
        pairs = re.findall(r"([a-z0-9_.-]+)(?:\s*/\s*[0-9]+)?\s*=\s*(\"[^\"]*\"|[^\s\"]+)", piece)
        if pairs:
            (method, verdict), *properties = pairs
            results.append((method, verdict, {name: text.strip('"') for name, text in properties}))
    return server, results


def _without_comments(value: str) -> str:
    """RFC 5322 comments taken out (they nest), quoted strings kept, unfolded."""
    out: list[str] = []
    depth = 0
    quoted = escaped = False
    for c in value:
        if escaped:
            escaped = False
        elif c == "\\":
            escaped = True
            continue
        elif c == '"' and not depth:
            quoted = not quoted
        elif not quoted and c == "(":
            depth += 1
            continue
        elif not quoted and c == ")" and depth:
            depth -= 1
            out.append(" ")
            continue
        if not depth:
            # A ";" or "=" inside quotes must not look like structure.
            out.append("_" if quoted and c in ";=" else " " if c in "\r\n\t" else c)
    return "".join(out)


def _aligned(results: list[tuple[str, str, dict[str, str]]], domain: str) -> bool:
    """DMARC passed for this From domain, or SPF or DKIM passed for the same organisation (RFC 7489 3.1)."""
    ours = organisational_domain(domain)

    def same(identity: str) -> bool:
        return bool(identity) and organisational_domain(identity.rpartition("@")[2]) == ours

    dmarc = [(verdict, found.get("header.from", domain)) for method, verdict, found in results if method == "dmarc"]
    if dmarc:
        verdict, authenticated = dmarc[0]
        if verdict == "pass":
            return same(authenticated)
        if verdict == "fail":
            return False
    for method, verdict, found in results:
        if verdict != "pass":
            continue
        if method == "spf" and same(found.get("smtp.mailfrom", found.get("smtp.mail", ""))):
            return True
        if method == "dkim" and same(found.get("header.d", found.get("header.i", ""))):
            return True
    return False
