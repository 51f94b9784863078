"""Signatures of mails (DKIM): real ones, made here, with keys that a DNS server of our own tells, or does not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dkim
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from house import BORDER
from living import Living, letter, living

from evidence_daemon.app import open_house
from evidence_daemon.mail.authenticity import sender_proven
from evidence_daemon.mail.keys import PATIENCE, DnsKeys
from evidence_daemon.mail.signatures import MAX_SIGNATURES, check, key_names
from evidence_daemon.mail.spool import MEMORY_BYTES
from evidence_daemon.model import MailSignature, SignatureVerdict
from evidence_daemon.store import records

DOMAIN = "correo.example"
MAIL = letter("1710034065//PEREZ LOPEZ ANA//INTERNET", f"Ana <ana@{DOMAIN}>").replace(b"Authentication-", b"X-")
PASA, FALLA = SignatureVerdict.PASA, SignatureVerdict.FALLA
SIN_VALOR, NO_COMPROBADA = SignatureVerdict.SIN_VALOR, SignatureVerdict.NO_COMPROBADA


class Signer:
    """A domain that signs its mail."""

    def __init__(self, bits: int = 2048) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        self._private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.record = "v=DKIM1; k=rsa; p=" + "".join(public.decode().splitlines()[1:-1])

    def signs(self, raw: bytes, domain: str = DOMAIN, selector: str = "s1", **options: object) -> bytes:
        return bytes(dkim.sign(raw, selector.encode(), domain.encode(), self._private, **options)) + raw


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


class Names:
    """A DNS server on loopback that knows some TXT records; `silent` ones it never answers."""

    def __init__(self, records: dict[str, str]) -> None:
        self.records, self.asked = records, list[str]()
        self.silent = False
        self.rcode = dns.rcode.NXDOMAIN
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                data, back = self._socket.recvfrom(4096)
            except OSError:
                return
            question = dns.message.from_wire(data)
            name = question.question[0].name.to_text().rstrip(".").lower()
            self.asked.append(name)
            if self.silent:
                continue
            answer = dns.message.make_response(question)
            answer.flags |= dns.flags.RA
            if name in self.records:
                text = self.records[name]
                pieces = " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))
                answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", pieces))
            else:
                answer.set_rcode(self.rcode)
            self._socket.sendto(answer.to_wire(), back)

    def keys(self, **options: float) -> DnsKeys:
        return DnsKeys(["127.0.0.1"], self.port, **options)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def names(signer: Signer) -> Iterator[Names]:
    server = Names({f"s1._domainkey.{DOMAIN}": signer.record})
    yield server
    server.close()


def looked_at(raw: bytes, keys: DnsKeys, domain: str = DOMAIN) -> tuple[MailSignature, ...]:
    return check(raw, domain, keys(key_names(raw, domain)))


def verdicts(raw: bytes, keys: DnsKeys) -> list[SignatureVerdict]:
    return [found.verdict for found in looked_at(raw, keys)]


# ── what a signature is worth ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", [(b"relaxed", b"relaxed"), (b"simple", b"simple"), (b"relaxed", b"simple")])
def test_a_real_signature_holds_over_the_bytes_that_came(
    signer: Signer, names: Names, form: tuple[bytes, bytes]
) -> None:
    raw = signer.signs(MAIL + b"line with blanks  \t\r\nand  more\r\n\r\n\r\n", canonicalize=form)
    assert looked_at(raw, names.keys()) == (MailSignature(DOMAIN, PASA),)


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"Adjunto el acta", b"Adjunto la acta"), (b"Subject: 1710034065", b"Subject: 0926687856"), (b"ana@", b"eva@")],
)
def test_one_changed_word_breaks_it(signer: Signer, names: Names, before: bytes, after: bytes) -> None:
    raw = signer.signs(MAIL)
    assert verdicts(raw.replace(before, after), names.keys()) == [FALLA]


def test_a_second_from_header_breaks_it(signer: Signer, names: Names) -> None:
    raw = b"From: jefe@cnt.gob.ec\r\n" + signer.signs(MAIL)
    assert verdicts(raw, names.keys()) == [FALLA]
    assert not sender_proven(raw, "", looked_at(raw, names.keys()))


def test_a_domain_that_publishes_no_such_key_has_not_signed(signer: Signer, names: Names) -> None:
    assert verdicts(signer.signs(MAIL, selector="gone"), names.keys()) == [FALLA]


def test_a_signature_over_a_part_of_the_body_proves_nothing(signer: Signer, names: Names) -> None:
    raw = signer.signs(MAIL, length=True)
    assert verdicts(raw, names.keys()) == [SIN_VALOR]
    assert verdicts(raw + b"what the domain never signed\r\n", names.keys()) == [SIN_VALOR]


def test_a_key_that_is_only_tried_out_proves_nothing(signer: Signer, names: Names) -> None:
    names.records[f"s1._domainkey.{DOMAIN}"] = signer.record.replace("k=rsa", "k=rsa; t=y:s")
    assert verdicts(signer.signs(MAIL), names.keys()) == [SIN_VALOR]


def test_sha_1_proves_nothing(signer: Signer, names: Names) -> None:
    raw = signer.signs(MAIL, signature_algorithm=b"rsa-sha1")
    assert verdicts(raw, names.keys()) == [SIN_VALOR]


def test_a_short_key_proves_nothing(names: Names) -> None:
    weak = Signer(bits=1024)
    names.records[f"s1._domainkey.{DOMAIN}"] = weak.record
    assert verdicts(weak.signs(MAIL), names.keys()) == [PASA]
    names.records[f"s1._domainkey.{DOMAIN}"] = "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX"
    assert verdicts(weak.signs(MAIL), names.keys()) == [FALLA]


def test_signatures_of_the_senders_own_domain_are_looked_at_first_and_few_of_all(signer: Signer, names: Names) -> None:
    raw = signer.signs(MAIL)
    for number in range(8):
        raw = signer.signs(MAIL, domain=f"list{number}.example").removesuffix(MAIL) + raw
    found = looked_at(raw, names.keys())
    assert (found[0].domain, found[0].verdict) == (DOMAIN, PASA)
    assert len(found) == len(names.asked) == MAX_SIGNATURES


@pytest.mark.parametrize(
    "header",
    [
        b"DKIM-Signature: v=1; a=rsa-sha256; d=correo.example; s=s1; h=from; bh=x; b=!!!\r\n",
        b"DKIM-Signature: v=1; d=correo.example; s=s1; d=other\r\n",
        b"DKIM-Signature: nonsense\r\n",
        b"DKIM-Signature:\r\n",
        b"DKIM-Signature: v=1; d=../../etc; s=\xff\xfe\r\n",
        b" begins with a blank\r\n",
        b"no colon here\r\n",
    ],
)
def test_what_is_no_signature_raises_nothing_and_proves_nothing(names: Names, header: bytes) -> None:
    found = looked_at(header + MAIL, names.keys())
    assert all(one.verdict is not PASA for one in found)


def test_a_megabyte_of_blanks_does_not_hold_up_the_daemon(signer: Signer, names: Names) -> None:
    raw = signer.signs(MAIL)
    began = time.perf_counter()
    assert verdicts(raw + b" " * 1_000_000 + b"x", names.keys()) == [FALLA]
    honest = signer.signs(MAIL + (b" " * 500 + b"\r\n") * 2000)
    assert verdicts(honest, names.keys()) == [PASA]
    endless = raw.replace(b"h=", b"h=" + b" " * 200_000, 1)
    assert verdicts(endless, names.keys()) == []
    assert time.perf_counter() - began < 5


# ── the border server's word comes first ─────────────────────────────────────────────────────────

HOLDS = (MailSignature(DOMAIN, PASA),)


@pytest.mark.parametrize(
    ("told", "signatures", "proven"),
    [
        ("", HOLDS, True),
        ("", (MailSignature(f"mail.{DOMAIN}", PASA),), True),
        ("", (MailSignature("esp.example", PASA),), False),
        ("", (MailSignature(DOMAIN, FALLA),), False),
        ("", (MailSignature(DOMAIN, SIN_VALOR),), False),
        ("", (MailSignature(DOMAIN, NO_COMPROBADA),), False),
        ("", (MailSignature("esp.example", FALLA), *HOLDS), True),
        (f"{BORDER}; none", HOLDS, True),
        (f"{BORDER}; spf=softfail smtp.mailfrom={DOMAIN}", HOLDS, True),
        (f"{BORDER}; dkim=temperror header.d={DOMAIN}", HOLDS, True),
        (f"{BORDER}; dmarc=fail header.from={DOMAIN}", HOLDS, False),
        (f"{BORDER}; dkim=fail header.d={DOMAIN}", HOLDS, False),
        (f"{BORDER}; dmarc=pass header.from={DOMAIN}", (MailSignature(DOMAIN, FALLA),), True),
        (f"mx.attacker.example; dmarc=fail header.from={DOMAIN}", HOLDS, True),
    ],
)
def test_our_own_look_counts_only_where_the_border_server_says_nothing(
    told: str, signatures: tuple[MailSignature, ...], proven: bool
) -> None:
    header = f"Authentication-Results: {told}\r\n".encode() if told else b""
    assert sender_proven(header + MAIL, BORDER, signatures) is proven


# ── a DNS that is in trouble ─────────────────────────────────────────────────────────────────────


def test_a_dead_dns_leaves_a_signature_unchecked_and_is_soon_left_alone(signer: Signer, names: Names) -> None:
    now = [0.0]
    names.silent = True
    keys = names.keys(seconds=0.3, clock=lambda: now[0] + time.monotonic())
    raw = signer.signs(MAIL)
    began = time.monotonic()
    for _ in range(PATIENCE):
        assert verdicts(raw, keys) == [NO_COMPROBADA]
    asked = len(names.asked)
    for _ in range(50):
        assert verdicts(raw, keys) == [NO_COMPROBADA]
    assert time.monotonic() - began < 0.4 * PATIENCE + 2
    assert len(names.asked) == asked, "it was asked again at once"
    names.silent = False
    now[0] += 301
    assert verdicts(raw, keys) == [PASA]


def test_one_silent_domain_says_nothing_about_the_others(signer: Signer, names: Names) -> None:
    keys = names.keys(seconds=0.3)
    raw = signer.signs(MAIL)
    names.silent = True
    for _ in range(PATIENCE - 1):
        assert verdicts(raw, keys) == [NO_COMPROBADA]
    names.silent = False
    assert verdicts(raw, keys) == [PASA]


def test_servers_of_a_domain_in_trouble_leave_its_signature_unchecked(signer: Signer, names: Names) -> None:
    names.rcode = dns.rcode.SERVFAIL
    assert verdicts(signer.signs(MAIL, selector="other"), names.keys()) == [NO_COMPROBADA]


# ── on the walk ──────────────────────────────────────────────────────────────────────────────────


@contextmanager
def signed_house(directory: Path, keys: DnsKeys | None) -> Iterator[Living]:
    with living(directory) as one:
        one.house.pipeline.mails._keys = keys
        yield one


def kept(one: Living, mail_id: int) -> tuple[MailSignature, ...]:
    with one.house.database.reading() as session:
        return records.load_signatures(session, mail_id)  # type: ignore[arg-type]


def answers(one: Living, mail_id: int) -> list[object]:
    return list(one.story(mail_id).answers)  # type: ignore[arg-type]


STRANGER = letter("sin numero", f"eva@{DOMAIN}").replace(b"Authentication-", b"X-")
"""Refused, and so answered only where the sender is proven: an answer to a forged sender would hit a stranger."""


def test_a_signature_proves_the_sender_where_there_is_no_border_server(
    tmp_path: Path, signer: Signer, names: Names
) -> None:
    with signed_house(tmp_path / "one", names.keys()) as one:
        signed, unsigned = one.receives(signer.signs(STRANGER)), one.receives(STRANGER.replace(b"<m1@", b"<m2@"))
        assert kept(one, signed) == (MailSignature(DOMAIN, PASA),)
        assert kept(one, unsigned) == ()
        assert len(answers(one, signed)) == 1
        assert answers(one, unsigned) == []


def test_what_was_found_on_arrival_stays_when_the_key_is_gone(tmp_path: Path, signer: Signer, names: Names) -> None:
    raw = signer.signs(STRANGER)
    with signed_house(tmp_path / "one", names.keys()) as one:
        mail_id = one.receives(raw)
        names.records.clear()
        one.puts_back(mail_id, raw)
        assert kept(one, mail_id) == (MailSignature(DOMAIN, PASA),)


def test_a_dead_dns_neither_delays_nor_loses_mail(tmp_path: Path, signer: Signer, names: Names) -> None:
    names.silent = True
    with signed_house(tmp_path / "one", names.keys(seconds=0.5)) as one:
        began = time.monotonic()
        mails = [one.receives(signer.signs(STRANGER.replace(b"<m1@", f"<m{number}@".encode()))) for number in range(8)]
        assert time.monotonic() - began < 0.5 * PATIENCE + 6
        for mail_id in mails:
            assert one.story(mail_id).decisions
            assert [found.verdict for found in kept(one, mail_id)] == [NO_COMPROBADA]


def test_a_large_mail_is_looked_at_in_a_process_of_its_own(tmp_path: Path, signer: Signer, names: Names) -> None:
    line = b"evidence " * 8 + b"\r\n"
    raw = signer.signs(STRANGER + line * (MEMORY_BYTES // len(line) + 1))
    with signed_house(tmp_path / "one", names.keys()) as one:
        mail_id = one.receives(raw)
        assert kept(one, mail_id) == (MailSignature(DOMAIN, PASA),)
        assert len(answers(one, mail_id)) == 1


def test_a_setting_switches_it_off(tmp_path: Path) -> None:
    for wanted in (True, False):
        with living(tmp_path / str(wanted), check_signatures=wanted) as one:
            config = one.house.config
        with open_house(config) as house:
            assert (house.pipeline.mails._keys is not None) is wanted
