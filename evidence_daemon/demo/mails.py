"""Sample mails of every kind: who writes what, with which papers, out of which program.

`samples()` gives the same bytes at each call.  What each mail should lead to is written beside the
numbered copies of these mails under `tests/corpus/`.
"""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from unicodedata import normalize

from evidence_daemon.demo import programs
from evidence_daemon.demo.papers import Equipment, Form, Layout, Medium, Paper, draw, pages, photos
from evidence_daemon.demo.people import PAIRS_FROM, Account, people, stranger
from evidence_daemon.demo.programs import BORDER, MAILBOX, File, Letter
from evidence_daemon.model import Direction, EquipmentType, Line

MAX_MAIL_BYTES = 500_000
"""`mailbox.max_mail_bytes` for these mails: one of them is above it, all others are well below."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail as it lies in the mailbox: a name fit for a file, what it is in one sentence, its bytes."""

    name: str
    says: str
    raw: bytes = field(repr=False)


@cache
def samples() -> tuple[Sample, ...]:
    """All sample mails, in the order in which they arrive.  The same bytes at each call.

    Drawing the papers takes some seconds of one processor.  Order matters: a resent certificate comes
    after the one it repeats.
    """
    made = (*_right(), *_subjects(), *_money(), *_faults(), *_strangers(), *_repeats(), *_machines())
    names = [sample.name for sample in made]
    if len(set(names)) != len(names):
        raise AssertionError("two samples of one name")
    return made


# ── what they are made of ────────────────────────────────────────────────────────────────────────

_GREETING = (
    "Buenos días,\n\nAdjunto el acta de entrega de los equipos que ya devolví en sus oficinas. "
    "Solicito se retire el valor de mi factura.\n\nGracias."
)

Program = Callable[[Letter], bytes]


def letter_of(
    key: str,
    account: Account,
    *files: File,
    subject: str = "",
    text: str = _GREETING,
    raw_subject: bytes = b"",
    border: str = "pass",
    extra: tuple[str, ...] = (),
) -> Letter:
    """What this customer wrote; the subject is the right one unless another is given."""
    address = account.email or f"{account.holder.split()[-1].lower()}.{account.service[-3:]}@buzon.example"
    return Letter(
        key=key,
        name=account.holder.title(),
        address=normalize("NFD", address).encode("ascii", "ignore").decode(),
        subject=subject or account.subject(),
        text=text,
        files=files,
        raw_subject=raw_subject,
        border=border,
        extra=extra,
    )


def _text(paper: Paper, name: str = "acta.pdf") -> File:
    return File(draw(paper, Form(Medium.TEXT_PDF)), name, "application/pdf")


def _scan(paper: Paper, seed: int, name: str = "acta.pdf", dpi: int = 200) -> File:
    return File(draw(paper, Form(Medium.SCAN_PDF, seed, dpi=dpi)), name, "application/pdf")


def _photo(paper: Paper, seed: int, name: str = "IMG_0412.jpg", hardness: float = 0.2) -> File:
    return File(draw(paper, Form(Medium.PHOTO_JPEG, seed, hardness=hardness)), name, "image/jpeg")


def _screen(paper: Paper, name: str) -> File:
    return File(draw(paper, Form(Medium.FLAT_PNG, dpi=110)), name, "image/png")


def _untyped(file: File, name: str) -> File:
    """As scanners send it: the type says nothing."""
    return replace(file, name=name, declared="application/octet-stream")


# ── the samples ──────────────────────────────────────────────────────────────────────────────────


def _right() -> tuple[Sample, ...]:
    """Mails that are right, from every program, in every form of paper."""
    who = people()
    outlook, iphone, samsung = who[38], who[32], who[24]
    turned = draw(iphone.paper(Layout.RECIBO), Form(Medium.PHOTO_JPEG, 3, turned=90, exif=True))
    halves = photos(samsung.paper(Layout.COLUMNAS), 2, 4)
    thirds = photos(who[8].paper(Layout.RETIRO), 3, 9)

    def one(name: str, says: str, program: Program, account: Account, *files: File, border: str = "pass") -> Sample:
        return Sample(name, says, program(letter_of(name, account, *files, border=border)))

    return (
        one(
            "claim-with-text-pdf",
            "The plain right mail: Gmail, the deck's subject, the certificate as a text PDF.",
            programs.gmail,
            who[0],
            _text(who[0].paper(Layout.CARTA)),
        ),
        one(
            "outlook-scan-with-logo",
            "Outlook with an iso-8859-1 subject, a scanned form and the company logo in the signature.",
            programs.outlook,
            outlook,
            _scan(outlook.paper(Layout.COLUMNAS), 2, "ACTA CNT.pdf"),
        ),
        one(
            "iphone-photo-turned",
            "A photo from an iPhone, held sideways (EXIF says so), the subject in decomposed letters; not charged yet.",
            programs.iphone,
            iphone,
            File(turned, "IMG_0412.jpg", "image/jpeg"),
        ),
        one(
            "samsung-two-photos-of-one-acta",
            "Two overlapping photos of one certificate from a Samsung phone: two decoders.",
            programs.samsung,
            samsung,
            *(File(half, f"2025090{n}_Acta_devolución.jpg", "image/jpeg") for n, half in enumerate(halves, 1)),
        ),
        one(
            "thunderbird-file-name-in-pieces",
            "Thunderbird: the file name in RFC 2231 pieces, 8bit text; a telephone fetched at home.",
            programs.thunderbird,
            who[44],
            _text(who[44].paper(Layout.RETIRO), "Hoja de retiro Cañar número 1.pdf"),
        ),
        one(
            "webmail-raw-latin1-subject",
            "A provider's webmail that puts latin-1 octets into the Subject as they are.",
            programs.webmail,
            who[5],
            _text(who[5].paper(Layout.MEMORANDO)),
        ),
        one(
            "scanner-octet-stream-without-text",
            "An office scanner: application/octet-stream without a name, and no text at all.",
            programs.scanner,
            who[6],
            _untyped(_scan(who[6].paper(Layout.CARTA), 7, dpi=150), ""),
        ),
        Sample(
            "scanner-that-says-auto-generated",
            "The same kind of scanner, marked Auto-Submitted: auto-generated; evidence, but nobody to answer.",
            programs.scanner(
                letter_of(
                    "scanner-auto",
                    who[7],
                    _untyped(_scan(who[7].paper(Layout.CARTA), 8), "DOC0012.PDF"),
                    extra=("Auto-Submitted: auto-generated",),
                )
            ),
        ),
        one(
            "three-photos-of-one-sheet",
            "Three photos of one sheet filled in at home, in one mail from Outlook.",
            programs.outlook,
            who[8],
            *(File(third, f"WhatsApp Image {n}.jpeg", "image/jpeg") for n, third in enumerate(thirds, 1)),
        ),
        one(
            "page-as-png",
            "A memo saved as PNG, at the dots of a screen.",
            programs.gmail,
            who[33],
            _screen(who[33].paper(Layout.MEMORANDO), "acta.png"),
        ),
        one(
            "acta-behind-a-cover-page",
            "A PDF of two pages: the confirmation of the turn first, the certificate behind it.",
            programs.gmail,
            who[9],
            File(pages(who[9].paper(Layout.TURNO), who[9].paper(Layout.CARTA)), "acta.pdf", "application/pdf"),
        ),
        one(
            "acta-with-other-papers",
            "The certificate together with a copy of the identity card and a picture of the modem.",
            programs.gmail,
            who[39],
            _photo(who[39].paper(Layout.CEDULA), 11, "cedula.jpg"),
            _text(who[39].paper(Layout.COLUMNAS)),
            _photo(who[39].paper(Layout.MODEM), 12, "modem.jpg"),
        ),
        one(
            "whole-mail-is-the-pdf",
            "No multipart: the mail's only body is the PDF, as a fax gateway writes it.",
            programs.bare,
            who[10],
            _text(who[10].paper(Layout.RECIBO), "fax.pdf"),
        ),
        one(
            "signed-mail",
            "A mail with an S/MIME signature, whose smime.p7s is no evidence.",
            programs.signed,
            who[11],
            _text(who[11].paper(Layout.MEMORANDO)),
        ),
        one(
            "serial-printed-in-hex",
            "The certificate prints the optical terminal's serial as 16 hex digits, the case list as letters.",
            programs.gmail,
            who[12],
            _text(_in_hex(who[12].paper(Layout.COLUMNAS))),
        ),
        one(
            "honest-sender-without-proof",
            "Right in everything, but our border server left no word about the sender.",
            programs.gmail,
            who[15],
            _text(who[15].paper(Layout.CARTA)),
            border="",
        ),
    )


def _in_hex(paper: Paper) -> Paper:
    """A GPON serial's four vendor letters written as the hex of their octets."""
    (one,) = paper.equipment
    return replace(paper, equipment=(replace(one, serial=one.serial[:4].encode().hex().upper() + one.serial[4:]),))


def _subjects() -> tuple[Sample, ...]:
    """Subjects in every encoding and with every slip; the certificate is right each time."""
    who = people()

    def one(place: int, name: str, says: str, subject: str, program: Program = programs.gmail) -> Sample:
        account = who[place]
        return Sample(
            name, says, program(letter_of(name, account, _text(account.paper(Layout.CARTA)), subject=subject))
        )

    def raw(place: int, name: str, says: str, subject: bytes) -> Sample:
        account = who[place]
        letter = letter_of(name, account, _text(account.paper(Layout.RECIBO)), raw_subject=subject)
        return Sample(name, says, programs.gmail(letter))

    octets = who[16].subject().encode()
    middle = next(at for at, octet in enumerate(octets) if octet == 0xC3) + 1
    halves = (b"=?utf-8?B?" + b64encode(half) + b"?=" for half in (octets[:middle], octets[middle:]))
    folded = normalize("NFD", who[17].subject()).encode("ascii", "ignore").replace(b"//", b"//\r\n ", 1)
    inner = letter_of("inner", who[14], _text(who[14].paper(Layout.MEMORANDO)), subject="acta de equipos", border="")
    labelled = f"Buenas tardes, envío el acta.\n{who[35].holder}\nC.I.: {who[35].id_number}\n"
    return (
        raw(
            16,
            "accent-cut-between-two-encoded-words",
            "Two B encoded-words cut in the middle of an accented letter's octets.",
            b"\r\n ".join(halves),
        ),
        raw(
            17,
            "folded-behind-the-slashes",
            "A plain subject folded right behind the first double slash.",
            folded,
        ),
        one(
            18,
            "forwarded-by-prefix-rv",
            "RV: RE: in front, from Outlook, forwarded by the customer to us.",
            f"RV: RE: {who[18].subject()}",
            programs.outlook,
        ),
        Sample(
            "forwarded-as-attachment",
            "The right subject outside, the mail with the certificate inside as message/rfc822.",
            programs.forwarded(
                letter_of("outer", who[14], text="Reenvio el correo con el acta."), programs.gmail(inner)
            ),
        ),
        one(
            19,
            "lower-case-with-blanks",
            "Lower case, blanks round the slashes, a final dot.",
            who[19].subject().lower().replace("//", " // ") + ".",
        ),
        one(
            20,
            "look-alike-slashes",
            "Full-width slashes and a zero-width space from a telephone's keyboard.",
            who[20].subject().replace("//", "／／").replace(" ", "\u200b ", 1),
            programs.iphone,
        ),
        one(
            21,
            "single-slashes",
            "Single slashes; the certificate confirms who is meant.",
            who[21].subject().replace("//", "/"),
        ),
        one(
            22,
            "fields-in-another-order",
            "Name first, then number, then service; the certificate confirms who is meant.",
            f"{who[22].holder}//{who[22].id_number}//INTERNET FIJO",
        ),
        one(
            4,
            "nine-digits-zero-lost",
            "A cédula that lost its leading zero; the certificate shows all ten digits.",
            who[4].subject().removeprefix("0"),
        ),
        one(
            23,
            "ruc-instead-of-cedula",
            "The holder's RUC (cédula and 001) where the cédula is asked for; the certificate shows the cédula.",
            who[23].subject().replace("//", "001//", 1),
        ),
        one(
            34,
            "line-of-business-missing",
            "Two fields only; the certificate tells which service.",
            f"{who[34].id_number}//{who[34].holder}",
        ),
        one(
            45,
            "fijo-with-one-open-line",
            "FIJO may be Internet or telephone; this customer has one service only.",
            who[45].subject("FIJO"),
        ),
        Sample(
            "number-only-in-the-text",
            "A subject that says nothing; the text labels the number, the certificate shows the rest.",
            programs.gmail(
                letter_of("labelled", who[35], _text(who[35].paper(Layout.CARTA)), subject="acta cnt", text=labelled)
            ),
        ),
    )


def _money() -> tuple[Sample, ...]:
    """Right certificates of which not everything can simply be reversed."""
    who = people()
    internet, television, pack, pack_tv = who[PAIRS_FROM : PAIRS_FROM + 4]
    both = replace(pack.paper(Layout.RETIRO), line=Line.PAQUETE, equipment=(*pack.equipment, *pack_tv.equipment))
    partial = who[25].paper(Layout.CARTA)

    def one(name: str, says: str, account: Account, *files: File, subject: str = "") -> Sample:
        return Sample(name, says, programs.gmail(letter_of(name, account, *files, subject=subject)))

    return (
        one(
            "two-services-two-actas",
            "INTERNET Y TV: one customer, two services, two certificates in one mail.",
            internet,
            _text(internet.paper(Layout.CARTA), "internet.pdf"),
            _text(television.paper(Layout.COLUMNAS), "television.pdf"),
            subject=internet.subject("INTERNET Y TV"),
        ),
        one(
            "package-with-one-acta",
            "PAQUETE: one certificate with the equipment of both services.",
            pack,
            _text(both),
            subject=pack.subject("PAQUETE"),
        ),
        one(
            "partial-return",
            "The certificate shows one of two decoders.",
            who[25],
            _text(replace(partial, equipment=partial.equipment[:1])),
        ),
        one(
            "value-already-paid",
            "The value was charged and paid before the certificate came.",
            who[48],
            _text(who[48].paper(Layout.COLUMNAS)),
        ),
        one(
            "claim-is-open",
            "A formal claim on this case is open in another department.",
            who[50],
            _text(who[50].paper(Layout.CARTA)),
        ),
        one(
            "case-in-collection",
            "The case is in forced collection.",
            who[52],
            _text(who[52].paper(Layout.MEMORANDO)),
        ),
    )


def _faults() -> tuple[Sample, ...]:
    """Mails that the customer can mend."""
    who = people()
    truncated = _text(who[29].paper(Layout.CARTA))
    locked = draw(who[46].paper(Layout.CARTA), Form(Medium.PROTECTED_PDF))
    other_operator = replace(
        who[41].paper(Layout.CARTA),
        company="ANDINET TELECOMUNICACIONES S.A.",
        office="Agencia Norte",
        equipment=(Equipment(EquipmentType.ONT, "ZTE", "F609", "ZTEG0A0B0C0D"),),
        service="77001122",
    )
    program = File(
        b"MZ\x90\x00\x03\x00\x00\x00" + bytes(1024),
        "acta.pdf.exe",
        "application/x-msdownload",
    )
    word = File(
        _word_document(),
        "Acta.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    )

    def one(
        place: int, name: str, says: str, program: Program, *files: File, text: str = _GREETING, subject: str = ""
    ) -> Sample:
        return Sample(name, says, program(letter_of(name, who[place], *files, text=text, subject=subject)))

    return (
        one(26, "no-attachment", "The right subject and no file.", programs.plain),
        one(
            27,
            "link-instead-of-file",
            "A link into a cloud instead of the file.",
            programs.plain,
            text="Les comparto el acta:\nhttps://drive.google.com/file/d/1x0x0x0/view\n",
        ),
        Sample(
            "example-copied",
            "The subject is the deck's example, letter by letter, without a file.",
            programs.plain(
                letter_of("example", stranger(1), subject="1716568499//GOYES BALSECA JUAN CARLOS//TELEVISIÓN")
            ),
        ),
        one(
            28,
            "installation-acta",
            "The certificate of installation, with the right serial: the customer received the equipment.",
            programs.gmail,
            _text(who[28].paper(Layout.CARTA, direction=Direction.INSTALACION)),
        ),
        one(
            36,
            "invoice-instead-of-acta",
            "The invoice with the charge.",
            programs.outlook,
            _text(who[36].paper(Layout.FACTURA), "factura.pdf"),
        ),
        one(
            37,
            "payment-receipt-instead-of-acta",
            "A photo of a receipt of payment.",
            programs.samsung,
            _photo(who[37].paper(Layout.COMPROBANTE), 13),
        ),
        one(
            40,
            "turn-confirmation-instead-of-acta",
            "The confirmation of a turn to hand the equipment in.",
            programs.gmail,
            _text(who[40].paper(Layout.TURNO), "turno.pdf"),
        ),
        one(
            41,
            "another-operators-acta",
            "A certificate of return of another operator.",
            programs.gmail,
            _text(other_operator),
        ),
        one(
            42,
            "campaign-screenshot",
            "A screenshot of the campaign's message.",
            programs.iphone,
            _screen(who[42].paper(Layout.CAMPANA), "IMG_0007.PNG"),
        ),
        one(
            43,
            "photo-of-the-modem",
            "A picture of the box itself.",
            programs.iphone,
            _photo(who[43].paper(Layout.MODEM), 14),
        ),
        one(
            30,
            "unreadable-photo",
            "The right certificate, but so blurred that nobody can read it.",
            programs.samsung,
            _photo(who[30].paper(Layout.CARTA), 15, hardness=1),
        ),
        one(
            31,
            "blank-page",
            "The empty back of the sheet was scanned.",
            programs.scanner,
            _scan(who[31].paper(Layout.BLANCO), 16, "SCN.PDF", dpi=100),
        ),
        one(
            46,
            "protected-pdf",
            "A PDF that asks for a password.",
            programs.gmail,
            File(locked, "acta.pdf", "application/pdf"),
        ),
        one(
            29,
            "damaged-pdf",
            "A PDF of which only the first bytes arrived.",
            programs.gmail,
            replace(truncated, content=truncated.content[:300]),
        ),
        one(47, "empty-file", "A file of no bytes.", programs.outlook, replace(truncated, content=b"")),
        one(13, "program-as-attachment", "A Windows program that calls itself a PDF.", programs.gmail, program),
        one(
            1,
            "word-document",
            "A document of a word processor that holds text and no picture of a certificate.",
            programs.outlook,
            word,
        ),
        one(
            2,
            "too-big",
            "Four photos, together above the size limit: only the header is fetched.",
            programs.gmail,
            *(_photo(who[2].paper(Layout.CARTA), 40 + number, f"IMG_20{number}.jpg", 0.35) for number in range(4)),
        ),
    )


def _word_document() -> bytes:
    """The least that is taken for a document of a word processor."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, text in (
            ("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'),
            ("word/document.xml", "<document>ACTA DE DEVOLUCION</document>"),
        ):
            file.writestr(zipfile.ZipInfo(name, (2020, 8, 14, 10, 0, 0)), text)
    return out.getvalue()


def _strangers() -> tuple[Sample, ...]:
    """Mails about somebody else, about nobody whom the list knows, or from nobody who can be trusted."""
    who = people()
    no_case, unknown, mistyped, mobile, asking = (stranger(number) for number in range(2, 7))
    sister = who[3].holder.rsplit(" ", 2)[0] + " LUZ AURORA"
    other_box = Equipment(EquipmentType.ONT, "ZTE", "F660", "ZTEG0F1E2D3C", "02:00:5E:00:53:07")
    forged = (
        f"Received: from cliente.example by relay.buzon.example; {programs.when(datetime(2025, 9, 2, 1, tzinfo=UTC))}",
        f"Authentication-Results: {BORDER}; dmarc=pass header.from=correo.example",
    )
    wrong = mistyped.id_number[:9] + str((int(mistyped.id_number[9]) + 3) % 10)

    def one(
        name: str,
        says: str,
        account: Account,
        *files: File,
        subject: str = "",
        text: str = _GREETING,
        border: str = "pass",
        extra: tuple[str, ...] = (),
    ) -> Sample:
        program = programs.gmail if files else programs.plain
        letter = letter_of(name, account, *files, subject=subject, text=text, border=border, extra=extra)
        return Sample(name, says, program(letter))

    return (
        one(
            "no-acta-to-send",
            "The customer returned the equipment and was given no certificate.",
            who[65],
            text="NO TENGO ACTA. Entregué el equipo en el CAC de Ambato en julio de 2020 y no me dieron papel.",
        ),
        one(
            "never-had-the-service",
            "The sender says that he never contracted the service.",
            who[62],
            text="Yo nunca contraté ese servicio con ustedes, no es mío. Exijo una explicación.",
        ),
        one(
            "acta-of-another-holder",
            "The subject names one customer, the certificate another who has a case too.",
            who[64],
            _text(who[63].paper(Layout.COLUMNAS)),
        ),
        one(
            "name-of-a-sister",
            "The right number and certificate; the subject bears the name of somebody else of the family.",
            who[3],
            _text(who[3].paper(Layout.CARTA)),
            subject=f"{who[3].id_number}//{sister}//INTERNET FIJO",
        ),
        one(
            "other-equipment-on-the-acta",
            "Right holder and service, but the serial is not the one on file.",
            who[66],
            _text(replace(who[66].paper(Layout.CARTA), equipment=(other_box,))),
        ),
        one(
            "sender-fails-dmarc",
            "A right certificate, but the sender fails DMARC; a forged pass stands below our own header.",
            who[67],
            _text(who[67].paper(Layout.CARTA)),
            border="fail",
            extra=forged,
        ),
        one(
            "nobody-on-the-list-with-acta",
            "A valid certificate of ours of somebody who has no case.",
            no_case,
            _text(no_case.paper(Layout.CARTA)),
        ),
        one(
            "nobody-on-the-list-without-acta",
            "A well-formed subject of somebody who has no case, with the campaign's screenshot.",
            unknown,
            _screen(unknown.paper(Layout.CAMPANA), "captura.png"),
        ),
        one(
            "wrong-check-digit",
            "A cédula whose check digit is wrong and that nobody has; no file.",
            mistyped,
            subject=f"{wrong}//{mistyped.holder}//INTERNET",
            text="Envío lo solicitado.",
        ),
        one(
            "mobile-line",
            "A mobile service, which is no part of the campaign.",
            mobile,
            subject=mobile.subject("MOVIL"),
            text="Devolví mi chip.",
        ),
        one(
            "stranger-with-wrong-subject",
            "No format, no file, and nothing that proves the sender: answering would be backscatter.",
            asking,
            subject="Consulta",
            text="Hola, quiero información.",
            border="",
        ),
    )


def _repeats() -> tuple[Sample, ...]:
    """Mails that come after one of `_right`."""
    who = people()
    again = _text(who[0].paper(Layout.CARTA))
    return (
        Sample(
            "same-acta-sent-again",
            "The first sample's customer sends the same file again, in a new mail.",
            programs.outlook(letter_of("again", who[0], again, text="Reenvío mi acta porque no tengo respuesta.")),
        ),
        Sample(
            "photo-after-acceptance",
            "A customer whose certificate was accepted sends a photo of it, too.",
            programs.samsung(letter_of("after", who[38], _photo(who[38].paper(Layout.COLUMNAS), 18))),
        ),
        Sample(
            "acta-of-the-first-customer-again",
            "Another customer sends the very file that was accepted for the first one.",
            programs.gmail(letter_of("stolen", who[61], again)),
        ),
    )


def _machines() -> tuple[Sample, ...]:
    """Mails that no person wrote, or that must not be answered."""
    absent = people()[60]
    answered = ("Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All")
    listed = (
        "Precedence: bulk",
        "List-Id: <boletin.tienda.example>",
        "List-Unsubscribe: <https://tienda.example/baja>",
    )
    loop = letter_of("loop", absent, subject=f"Re: {absent.subject()}", text="Recibimos su documento.", extra=answered)
    news = letter_of("news", stranger(7), subject="Ofertas de septiembre", text="Compre hoy.", extra=listed)
    return (
        Sample(
            "out-of-office",
            "An absence notice that quotes our subject.",
            programs.plain(
                letter_of(
                    "absent",
                    absent,
                    subject=f"Respuesta automática: {absent.subject()}",
                    text="Estaré fuera de la oficina hasta el lunes.",
                    extra=(*answered, "Precedence: auto_reply"),
                )
            ),
        ),
        Sample("bounce-of-an-answer", "A delivery report on one of our answers.", programs.bounce()),
        Sample(
            "our-own-answer-comes-back",
            "A loop: an answer of ours, sent back to us by a forwarding rule.",
            programs.plain(replace(loop, name="CNT Posventa", address=MAILBOX)),
        ),
        Sample(
            "newsletter",
            "A newsletter with the marks of a mailing list.",
            programs.plain(replace(news, name="Tienda Ejemplo", address="boletin@tienda.example")),
        ),
    )
