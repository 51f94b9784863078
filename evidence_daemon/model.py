"""The words: every domain type, in the order of the walk.  Read this file first.

A mail arrives (`Arrival`), is understood (`Email`), its subject is a `Claim` or a `SubjectFault`,
its attachments are read into `Document`s (or are `Unreadable`), the documents yield `Fields`.
All that is known and nothing that is judged is the `Evidence`.  Matching finds whose it is
(`Match`), deciding gives a `Decision`, settling turns that into a `Settlement`: everything that
will change, as data.  Only then is anything written.

Conventions
* Values are frozen.  Alternatives are unions, closed with `assert_never` where they are used.
* Money is integer cents of USD.  Confidence is a float in 0..1.  Sizes are bytes.
* Places on a page are fractions of its width and height (0..1), origin top left, so that they hold
  for every raster of that page.
* Codes that staff, database and rules share are Spanish words (state names of the field); names of
  things in code are English.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NewType, assert_never

Sha256 = NewType("Sha256", str)
"""Lower-case hex digest, 64 characters: the name under which bytes are kept."""
MailId = NewType("MailId", int)
CaseId = NewType("CaseId", int)
ItemId = NewType("ItemId", int)
ChargeId = NewType("ChargeId", int)
Cents = int


# ── reasons ──────────────────────────────────────────────────────────────────────────────────────


class ReasonCode(StrEnum):
    """Why a mail was not simply accepted, or what the answer says.  Texts: `rules/reasons.toml`."""

    ASUNTO_FORMATO = "ASUNTO_FORMATO"
    ASUNTO_EJEMPLO_COPIADO = "ASUNTO_EJEMPLO_COPIADO"
    CEDULA_INCOMPLETA = "CEDULA_INCOMPLETA"
    CEDULA_INVALIDA = "CEDULA_INVALIDA"
    NOMBRE_NO_COINCIDE = "NOMBRE_NO_COINCIDE"
    LINEA_NO_RECONOCIDA = "LINEA_NO_RECONOCIDA"
    LINEA_NO_COINCIDE = "LINEA_NO_COINCIDE"
    SIN_ADJUNTO = "SIN_ADJUNTO"
    ADJUNTO_EN_ENLACE = "ADJUNTO_EN_ENLACE"
    ADJUNTO_FORMATO = "ADJUNTO_FORMATO"
    ADJUNTO_PROTEGIDO = "ADJUNTO_PROTEGIDO"
    ADJUNTO_DANADO = "ADJUNTO_DANADO"
    ADJUNTO_VACIO = "ADJUNTO_VACIO"
    ADJUNTO_MUY_GRANDE = "ADJUNTO_MUY_GRANDE"
    ADJUNTO_ILEGIBLE = "ADJUNTO_ILEGIBLE"
    ADJUNTO_BLOQUEADO = "ADJUNTO_BLOQUEADO"
    NO_ES_ACTA = "NO_ES_ACTA"
    ACTA_DE_INSTALACION = "ACTA_DE_INSTALACION"
    ACTA_INCOMPLETA = "ACTA_INCOMPLETA"
    ACTA_SIN_FIRMA = "ACTA_SIN_FIRMA"
    ACTA_FECHA_INVALIDA = "ACTA_FECHA_INVALIDA"
    ACTA_OTRO_TITULAR = "ACTA_OTRO_TITULAR"
    EQUIPO_NO_COINCIDE = "EQUIPO_NO_COINCIDE"
    DEVOLUCION_PARCIAL = "DEVOLUCION_PARCIAL"
    ACTA_YA_USADA = "ACTA_YA_USADA"
    ACTA_REQUIERE_VERIFICACION = "ACTA_REQUIERE_VERIFICACION"
    SIN_ACTA = "SIN_ACTA"
    CASO_NO_ENCONTRADO = "CASO_NO_ENCONTRADO"
    CASO_AMBIGUO = "CASO_AMBIGUO"
    CASO_YA_RESUELTO = "CASO_YA_RESUELTO"
    CORREO_DUPLICADO = "CORREO_DUPLICADO"
    VALOR_YA_PAGADO = "VALOR_YA_PAGADO"
    CASO_EN_RECLAMO_O_COBRO = "CASO_EN_RECLAMO_O_COBRO"
    SERVICIO_FUERA_DE_CAMPANA = "SERVICIO_FUERA_DE_CAMPANA"
    NO_RECONOCE_SERVICIO = "NO_RECONOCE_SERVICIO"
    RECIBIDO = "RECIBIDO"
    ACEPTADO = "ACEPTADO"
    ERROR_INTERNO = "ERROR_INTERNO"
    """Our own fault (a document whose reader died, an unparsable mail): never the customer's."""


# ── 1. mail ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CopyKey:
    """Names one copy of a mail in one folder: the journal key (RFC 3501 2.3.1.1)."""

    account: str
    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """One copy of a mail as the mailbox hands it over.

    A large mail lies in the file `spool` (a path; whoever stores it may move it away, else it is removed
    when the next arrival is asked for) and `raw` is None.  Both are missing when `size` (bytes) is above the
    limit: then only `header` was fetched and the body stays in the mailbox.  `received_at` is the server's
    own date (INTERNALDATE, aware), which starts the legal clock.
    """

    key: CopyKey
    received_at: datetime
    size: int
    raw: bytes | None
    header: bytes = b""
    spool: str = ""

    @property
    def oversized(self) -> bool:
        """Whether only the header came."""
        return self.raw is None and not self.spool


@dataclass(frozen=True, slots=True)
class Refiling:
    """A copy that lies in one of our folders and belongs in another, since a person decided.

    Its number there is not known: it is found again by its Message-ID and `size` (bytes).
    """

    copy_id: int
    message_id: str
    size: int
    lies_in: FolderRole
    belongs_in: FolderRole


@dataclass(frozen=True, slots=True)
class Census:
    """What a sweep saw of a folder's numbers.

    Every UID from the last census up to `next_uid` is among `listed`, has a journal row, or belongs to a
    mail that was gone before it was seen (another client, a rule on the server).
    """

    account: str
    folder: str
    uidvalidity: int
    next_uid: int
    listed: frozenset[int]


@dataclass(frozen=True, slots=True)
class Vanished:
    """UIDs, both ends included, of mails that were gone before they were seen."""

    first_uid: int
    last_uid: int


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: display name as decoded, `local@domain` with the domain in lower case."""

    name: str
    address: str


class AutomaticKind(StrEnum):
    """What kind of machine wrote a mail."""

    REBOTE = "REBOTE"
    """A bounce or other report (RFC 3464, 8098, 5965)."""
    RESPUESTA_AUTOMATICA = "RESPUESTA_AUTOMATICA"
    """An absence notice and the like (RFC 3834)."""
    GENERADO = "GENERADO"
    """Sent by a scanner or an application (`Auto-Submitted: auto-generated`)."""
    PROPIO = "PROPIO"
    """Our own mail come back."""


@dataclass(frozen=True, slots=True)
class Automatic:
    """Why a mail must not be answered; whether it carries evidence is another question."""

    kind: AutomaticKind
    because: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A MIME leaf that may be evidence.  `name` is for display only, never a path.

    `part` is its place in the MIME tree, e.g. "2.1".  A large one lies in `file` while its mail is read, and
    `content` is empty: it is never in memory with the others.
    """

    name: str
    declared_type: str
    content: bytes = field(repr=False)
    sha256: Sha256
    part: str
    file: str = ""


class SignatureVerdict(StrEnum):
    """What a signature of a mail (DKIM) is worth."""

    PASA = "PASA"
    FALLA = "FALLA"
    SIN_VALOR = "SIN_VALOR"
    """It may hold and proves nothing: over a part of the body, with SHA-1, by a key that is only tried out."""
    NO_COMPROBADA = "NO_COMPROBADA"
    """Nobody could tell the key when the mail came."""


@dataclass(frozen=True, slots=True)
class MailSignature:
    """A signature of a mail (DKIM), looked at when it came.  `domain` signed, in lower case; `detail` is for staff."""

    domain: str
    verdict: SignatureVerdict
    detail: str = ""


@dataclass(frozen=True, slots=True)
class IgnoredPart:
    """A MIME leaf that was not taken as evidence, and why."""

    name: str
    declared_type: str
    size: int
    because: str


class Statement(StrEnum):
    """What the customer says in his own words, where it changes the road (found in the text)."""

    NO_TENGO_ACTA = "NO_TENGO_ACTA"
    NO_RECONOCE_SERVICIO = "NO_RECONOCE_SERVICIO"
    ENLACE = "ENLACE"
    """A link to a file in some cloud instead of the file."""
    PIDE_PERSONA = "PIDE_PERSONA"
    """He asks that a person look at it, as our answers offer."""


@dataclass(frozen=True, slots=True)
class Email:
    """A mail, understood.  All texts are decoded, free of control characters and bounded.

    `subjects` holds every Subject header as decoded (there should be one).  `text` is the body as
    plain text, at most 100,000 characters, quoted parts included.
    """

    sha256: Sha256
    size: int
    message_id: str
    sender: Address | None
    reply_to: Address | None
    subjects: tuple[str, ...]
    sent_at: datetime | None
    in_reply_to: str
    references: tuple[str, ...]
    automatic: Automatic | None
    text: str = field(repr=False)
    statements: frozenset[Statement]
    labelled_ids: tuple[str, ...]
    """Numbers that the body labels as cédula, C.I. or RUC ("C.I.: 1710034065")."""
    attachments: tuple[Attachment, ...]
    ignored: tuple[IgnoredPart, ...]
    defects: tuple[str, ...]


# ── 2. subject ───────────────────────────────────────────────────────────────────────────────────


class Line(StrEnum):
    """A line of business, as the company's case list names it."""

    INTERNET_FIJO = "INTERNET_FIJO"
    TELEVISION = "TELEVISION"
    TELEFONIA_FIJA = "TELEFONIA_FIJA"
    PAQUETE = "PAQUETE"
    """In a subject: whatever lines the customer really has."""
    DATOS_CORPORATIVOS = "DATOS_CORPORATIVOS"
    MOVIL = "MOVIL"


class IdKind(StrEnum):
    """What sort of identity number it looks like."""

    CEDULA = "CEDULA"
    RUC = "RUC"
    PASAPORTE = "PASAPORTE"
    """Passport, old refugee card or any other foreign paper: exact look-up only."""
    TELEFONO = "TELEFONO"
    """Has the form of a telephone number; kept because it explains a miss."""
    DESCONOCIDO = "DESCONOCIDO"


class IdCheck(StrEnum):
    """What the number's own check says.  It only ever explains a miss; it never rejects."""

    OK = "OK"
    DUDOSO = "DUDOSO"
    MAL_FORMADO = "MAL_FORMADO"


@dataclass(frozen=True, slots=True)
class Repair:
    """A guess that was made to read something, by its name in `rules/subject.toml`."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class IdNumber:
    """An identity number as typed and as looked up.

    `alternatives` are further forms for look-up only (9 digits with the lost zero in front, the
    cédula inside a RUC …), each with the repair that made it.
    """

    typed: str
    value: str
    kind: IdKind
    check: IdCheck
    because: str = ""
    repairs: tuple[Repair, ...] = ()
    alternatives: tuple[tuple[str, Repair], ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A subject that says who and what: `CEDULA//APELLIDOS Y NOMBRES//LINEA DE NEGOCIO` (deck)."""

    text: str
    id_number: IdNumber
    name: str
    lines: frozenset[Line]
    ambiguous_line: bool = False
    """True for "FIJO": INTERNET FIJO and TELEFONIA FIJA both stand in `lines`, one is meant."""
    service_number: str = ""
    repairs: tuple[Repair, ...] = ()


class SubjectField(StrEnum):
    """Which of the three fields (or the whole subject) a fault lies in: 0 is the whole."""

    ASUNTO = "0"
    CEDULA = "1"
    NOMBRES = "2"
    LINEA = "3"


@dataclass(frozen=True, slots=True)
class SubjectFault:
    """A subject that cannot be taken as it is; what was understood is kept for the search."""

    text: str
    code: ReasonCode
    at: SubjectField
    found: str
    expected: str
    id_number: IdNumber | None = None
    name: str = ""
    lines: frozenset[Line] = frozenset()
    repairs: tuple[Repair, ...] = ()


Subject = Claim | SubjectFault


# ── 3. documents ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page, in fractions of its width and height (0..1), origin top left."""

    x0: float
    y0: float
    x1: float
    y1: float

    def holds_middle_of(self, other: Box) -> bool:
        x, y = (other.x0 + other.x1) / 2, (other.y0 + other.y1) / 2
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1


class Engine(StrEnum):
    """Who read a word."""

    TEXTO = "TEXTO"
    """The PDF's own text layer."""
    TESSERACT = "TESSERACT"
    RAPIDOCR = "RAPIDOCR"
    CODIGO = "CODIGO"
    """A bar code or QR."""
    PERSONA = "PERSONA"
    """A reviewer, who corrected what was read."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a page with its place and the engine's confidence (1.0 for a text layer)."""

    text: str
    box: Box
    confidence: float
    line: int
    """Number of the text line it stands in, from the top, as the engine grouped it."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Another look at a page: what `engine` read on it, by itself.

    `regions` are the places that it was shown; none: the whole page.  A bar code's word is its content.
    """

    engine: Engine
    words: tuple[Word, ...]
    regions: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was read.  `raster` names the PNG that people will see (width × height px)."""

    number: int
    width: int
    height: int
    engine: Engine
    words: tuple[Word, ...]
    raster: Sha256 | None = None
    turned: int = 0
    """Degrees clockwise by which the original was turned to stand upright: 0, 90, 180 or 270."""
    ink: tuple[Box, ...] = ()
    """Where there are strokes that are neither print nor straight rules: signatures, stamps."""
    witnesses: tuple[Witness, ...] = ()
    """What other engines read on the same pixels: agreement proves a value, contradiction makes a doubt."""
    look: str = ""
    """Perceptual hash of a photo (256 bits, 64 hex digits): near pictures have near hashes; "" for other pages."""
    struck: tuple[Box, ...] = ()
    """Numbers through which a line is drawn."""
    tickboxes: tuple[tuple[Box, bool], ...] = ()
    """Boxes to tick beside what a form offers, and whether there is a mark in each."""
    stamps: tuple[str, ...] = ()
    """Lines that the strong engine read in strokes as large as a stamp, also aslant: ANULADO, RECIBIDO."""
    afar: tuple[str, ...] = ()
    """The same of what is left of a scan or photo without its print, seen from afar: MUESTRA in outlines across it."""


class DigitalVerdict(StrEnum):
    """What a digital signature of a PDF is worth."""

    VALIDA = "VALIDA"
    """Intact, nothing inadmissible was added, and a trusted authority vouches for who signed."""
    ALTERADA = "ALTERADA"
    """What was signed is not what the file holds or shows now."""
    VENCIDA = "VENCIDA"
    REVOCADA = "REVOCADA"
    SIN_CONFIANZA = "SIN_CONFIANZA"
    """Intact, by somebody for whom no trusted authority vouches."""
    ILEGIBLE = "ILEGIBLE"
    """It could not be checked."""


@dataclass(frozen=True, slots=True)
class DigitalSignature:
    """A digital signature of a PDF, as it was checked when the document was read."""

    verdict: DigitalVerdict
    signer: str = ""
    """Name, organisation and issuer as the certificate has them; believed only where the verdict is VALIDA."""
    organisation: str = ""
    issuer: str = ""
    signed_at: datetime | None = None
    """By the clock of whoever signed."""
    whole: bool = False
    """It covers all that the file holds; nothing but proofs of it was added."""
    company: bool = False
    """The certificate bears the company's RUC or registered name."""
    detail: str = ""

    @property
    def proof(self) -> bool:
        """The company itself signed all of it: the strongest proof that there is."""
        return self.verdict is DigitalVerdict.VALIDA and self.whole and self.company


@dataclass(frozen=True, slots=True)
class Document:
    """An attachment that was read.  `total_pages` may exceed what was read (page limit)."""

    sha256: Sha256
    name: str
    media_type: str
    pages: tuple[Page, ...]
    total_pages: int
    seconds: tuple[tuple[str, float], ...] = ()
    """CPU seconds by stage, for the log and the benchmark."""
    signatures: tuple[DigitalSignature, ...] = ()
    """Digital ones, in the order in which they were made."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An attachment that could not be read: `reason` is fit for the customer, `detail` for staff."""

    sha256: Sha256
    name: str
    reason: ReasonCode
    detail: str
    malware: str = ""
    """What the antivirus found in it; it was never opened then."""


Reading = Document | Unreadable


def pages_of(readings: Iterable[Reading]) -> Iterator[tuple[Document, Page]]:
    """All pages that were read of a mail, in the order in which fields count them (from 1), with their files."""
    for reading in readings:
        match reading:
            case Document():
                yield from ((reading, page) for page in reading.pages)
            case Unreadable():
                pass
            case _:
                assert_never(reading)


class DocumentKind(StrEnum):
    """What a paper is."""

    ACTA = "ACTA"
    FACTURA = "FACTURA"
    COMPROBANTE = "COMPROBANTE"
    """A payment receipt, a turn, a courier guide and the like."""
    CEDULA = "CEDULA"
    SOLICITUD = "SOLICITUD"
    """A request (of cancellation, of moving): words on equipment, but nothing was handed over."""
    OTRO = "OTRO"
    VACIO = "VACIO"
    """Nothing legible on it: blank, or too poor a picture."""


class Direction(StrEnum):
    """Who handed the equipment to whom.  Only DEVOLUCION can ever be accepted."""

    DEVOLUCION = "DEVOLUCION"
    INSTALACION = "INSTALACION"
    DESCONOCIDA = "DESCONOCIDA"


class Signature(StrEnum):
    """Whether somebody signed or stamped.  Only a person ever says that a signature is whose it should be."""

    HALLADA = "HALLADA"
    """Strokes were found where it should be."""
    NO_HALLADA = "NO_HALLADA"
    """The place was found and is empty."""
    DUDOSA = "DUDOSA"
    """The place was not found, or the picture is too poor to say."""


class EquipmentType(StrEnum):
    """Types of equipment; the second group carries no serial number and is only counted."""

    ONT = "ONT"
    MODEM_ROUTER = "MODEM_ROUTER"
    DECODIFICADOR = "DECODIFICADOR"
    SMARTCARD = "SMARTCARD"
    REPETIDOR = "REPETIDOR"
    TELEFONO = "TELEFONO"
    LNB = "LNB"
    ANTENA = "ANTENA"
    CONTROL_REMOTO = "CONTROL_REMOTO"
    FUENTE = "FUENTE"
    CABLE = "CABLE"
    SPLITTER = "SPLITTER"
    ROSETA = "ROSETA"
    OTRO = "OTRO"


WITHOUT_SERIAL = frozenset(
    {
        EquipmentType.LNB,
        EquipmentType.ANTENA,
        EquipmentType.CONTROL_REMOTO,
        EquipmentType.FUENTE,
        EquipmentType.CABLE,
        EquipmentType.SPLITTER,
        EquipmentType.ROSETA,
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """A value read from a page: normalised, as printed, where, by whom, by which rule.

    `page` counts all pages that were read of the mail, from 1; 0 for what was read elsewhere.

    `proven` means that two independent things agree on it (two readings, a check digit with a label,
    a text layer with its pixels); `confidence` alone never makes it so.
    """

    value: str
    raw: str
    page: int
    box: Box | None
    confidence: float
    engine: Engine
    rule: str
    proven: bool = False
    rivals: tuple[str, ...] = ()
    """What other readings of the same place say, or what else on the paper could be meant: a doubt to be seen."""


@dataclass(frozen=True, slots=True)
class EquipmentLine:
    """One row of the acta's table of equipment."""

    type: EquipmentType
    text: str
    serial: Field | None = None
    mac: Field | None = None
    brand: str = ""
    model: str = ""
    count: int = 1
    state: str = ""
    """As written: "Bueno", "Completo", "Pantalla rota"."""
    accessories: str = ""
    """As written in a column of its own ("Cargador: Sí"); what has a row of its own is a line of its own."""


class Signer(StrEnum):
    """Whose mark is looked for on an acta."""

    CLIENTE = "CLIENTE"
    EMPRESA = "EMPRESA"
    """Who received for the company."""
    SELLO = "SELLO"
    """The company's stamp."""


@dataclass(frozen=True, slots=True)
class SigningPlace:
    """Where a signature or a stamp was looked for, or found; `page` counts as a field's."""

    signer: Signer
    page: int
    box: Box
    found: Signature


@dataclass(frozen=True, slots=True)
class Fields:
    """What one paper says.  Several photos of one mail are pages of one paper."""

    documents: tuple[Sha256, ...]
    kind: DocumentKind
    direction: Direction
    ours: bool
    """True when the paper names the company itself, not another operator."""
    number: Field | None = None
    date: Field | None = None
    """`value` in ISO form, yyyy-mm-dd."""
    office: Field | None = None
    holder: Field | None = None
    id_number: Field | None = None
    service_number: Field | None = None
    more_services: tuple[Field, ...] = ()
    """Further service numbers of one acta for several services."""
    line: Field | None = None
    """`value` is a `Line`."""
    agent: Field | None = None
    signature: Signature = Signature.DUDOSA
    """The customer's."""
    received: Signature = Signature.DUDOSA
    """Of who received for the company."""
    stamp: Signature = Signature.DUDOSA
    """Ink the size of a stamp at the foot of the paper; never said to be missing, for many forms ask for none."""
    equipment: tuple[EquipmentLine, ...] = ()
    because: tuple[str, ...] = ()
    """Words and rules that spoke for kind and direction, for the reviewer."""
    masked: tuple[str, ...] = ()
    """Where the text layer of a PDF says something else than its pixels show, each in a few words."""
    signing_places: tuple[SigningPlace, ...] = ()


# ── 4. evidence: all that is known, nothing judged ───────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Use:
    """A trace of this evidence found elsewhere: the same file, acta number or serial was used."""

    what: str
    """"adjunto", "acta", "serie" or "imagen"."""
    value: str
    receipt: str
    case_id: CaseId | None
    accepted: bool
    denied: bool = False
    """A person refused that mail for good, or took back what it had reversed."""


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One line of the company's own return register: what an office wrote down when equipment came back."""

    number: str
    """Number of the acta in the form in which traces are kept: capitals and digits only."""
    office: str
    serials: tuple[str, ...]
    """Serials and MACs in canonical form; () where the register counts pieces only."""
    day: date | None
    direction: Direction = Direction.DEVOLUCION


@dataclass(frozen=True, slots=True)
class Register:
    """What the return register says of this mail's papers."""

    known_to: date | None = None
    """The newest day that was ever imported; None: there is no register, and it says nothing."""
    entries: tuple[RegisterEntry, ...] = ()
    """Those that bear the number of an acta or a serial of these papers."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a file tells of its own making, and by what it is known again in another wrapping."""

    sha256: Sha256
    images: tuple[Sha256, ...] = ()
    """Hashes of pictures that lie in it byte for byte: the same photo in a new PDF."""
    made_at: datetime | None = None
    changed_at: datetime | None = None
    program: str = ""
    device: str = ""
    updates: int = 0
    """How often it was saved over itself (incremental updates, ISO 32000-1 7.5.6)."""


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A page of another mail that looks almost the same; `distance` in bits of 256."""

    page: int
    receipt: str
    case_id: CaseId | None
    distance: int


@dataclass(frozen=True, slots=True)
class Rush:
    """How many other cases came lately by the same way ("remitente", "dominio", "agente" or "aparato")."""

    way: str
    who: str
    cases: int
    hours: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An accepted acta of the same office and series, whose number is one of the two next lower or higher."""

    receipt: str
    number: str
    day: date


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything gathered on one mail."""

    receipt: str
    received_at: datetime
    email: Email
    subject: Subject
    readings: tuple[Reading, ...]
    papers: tuple[Fields, ...]
    """One per paper found in the attachments."""
    uses: tuple[Use, ...] = ()
    known_sender: bool = False
    """This address wrote before on a case that was accepted, or stands in the case list."""
    sender_proven: bool = False
    """Our own border server says that DMARC (or aligned SPF or DKIM) passed; where it says nothing, we looked."""
    sender_refuted: bool = False
    """Our own border server says that DMARC failed."""
    oversized: bool = False
    """The mail was above the size limit: its body was never fetched."""
    thread: tuple[CaseId, ...] = ()
    """The cases of the decision whose answer this mail replies to, by our own signed Message-ID."""
    twin_of: str = ""
    """Receipt of a mail that is this one in other bytes (To and CCO, a list); "" when there is none."""
    register: Register = Register()
    origins: tuple[Origin, ...] = ()
    """One for each attachment that tells anything."""
    lookalikes: tuple[Lookalike, ...] = ()
    rushes: tuple[Rush, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    held_alone: tuple[CaseId, ...] = ()
    """Cases that a person is asked about for this mail's sake alone: no other evidence of them waits."""
    lot: float = 0.0
    """Where it fell when the house drew what a person looks at all the same, from 0 to below 1; small ones are seen."""


# ── 5. cases ─────────────────────────────────────────────────────────────────────────────────────


class CaseState(StrEnum):
    ABIERTO = "ABIERTO"
    EN_REVISION = "EN_REVISION"
    PENDIENTE_CLIENTE = "PENDIENTE_CLIENTE"
    PARCIAL = "PARCIAL"
    ACREDITADO = "ACREDITADO"
    REGULARIZADO = "REGULARIZADO"
    PAGADO = "PAGADO"
    ESCALADO = "ESCALADO"
    ANULADO = "ANULADO"


class ItemState(StrEnum):
    PENDIENTE = "PENDIENTE"
    ACREDITADO_ACTA = "ACREDITADO_ACTA"
    DEVUELTO_CAC = "DEVUELTO_CAC"
    PAGADO = "PAGADO"
    EXONERADO = "EXONERADO"


class ChargeState(StrEnum):
    PREVISTO = "PREVISTO"
    BLOQUEADO = "BLOQUEADO"
    CARGADO = "CARGADO"
    QUITADO = "QUITADO"
    FACTURADO = "FACTURADO"
    PAGADO = "PAGADO"
    EN_RECLAMO = "EN_RECLAMO"
    EN_COBRO = "EN_COBRO"
    REVERSO_PENDIENTE = "REVERSO_PENDIENTE"
    REVERSO_EN_LOTE = "REVERSO_EN_LOTE"
    REVERSADO = "REVERSADO"
    REVERSO_FALLIDO = "REVERSO_FALLIDO"
    MANUAL = "MANUAL"
    DEVOLUCION_PENDIENTE = "DEVOLUCION_PENDIENTE"
    DEVUELTO = "DEVUELTO"
    SALDO_A_FAVOR = "SALDO_A_FAVOR"


class EvidenceState(StrEnum):
    RECIBIDO = "RECIBIDO"
    PROCESADO = "PROCESADO"
    """Read, not yet judged."""
    DESCARTADO = "DESCARTADO"
    DUPLICADO = "DUPLICADO"
    VALIDADO_AUTO = "VALIDADO_AUTO"
    EN_REVISION = "EN_REVISION"
    ACEPTADO = "ACEPTADO"
    ACEPTADO_PARCIAL = "ACEPTADO_PARCIAL"
    RECHAZADO = "RECHAZADO"
    ESCALADO = "ESCALADO"
    SUSTITUIDO = "SUSTITUIDO"
    ERROR_TECNICO = "ERROR_TECNICO"


class Segment(StrEnum):
    NO_CARGADO = "NO_CARGADO"
    CARGADO_SIN_PAGO_NI_RECLAMO = "CARGADO_SIN_PAGO_NI_RECLAMO"
    CARGADO_PAGADO = "CARGADO_PAGADO"
    CARGADO_CON_RECLAMO = "CARGADO_CON_RECLAMO"


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of equipment that the company believes was not returned."""

    id: ItemId
    case_id: CaseId
    type: EquipmentType
    description: str
    serial: str
    mac: str
    state: ItemState


@dataclass(frozen=True, slots=True)
class Charge:
    """A value charged (or foreseen) for unreturned equipment.

    Cents of USD; total = base + tax; `reversed` ≤ total.  `vat_rate` in basis points (1500 = 15 %)
    is the charge's own: a credit note mirrors the invoice that it modifies.  `item_id` is None when
    the company charges one lump sum for the whole service.
    """

    id: ChargeId
    case_id: CaseId
    item_id: ItemId | None
    concept: str
    state: ChargeState
    base: Cents
    tax: Cents
    total: Cents
    vat_rate: int
    reversed: Cents = 0
    paid: Cents = 0
    invoice: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One holder + service number + line that still owes equipment on paper."""

    id: CaseId
    id_number: str
    holder: str
    line: Line
    service_number: str
    state: CaseState
    segment: Segment
    items: tuple[Item, ...]
    charges: tuple[Charge, ...]
    withdrawn_on: date | None = None
    """When the service was given up (deck: "retirado el 10-5-2020")."""
    activated_on: date | None = None
    claim_open: bool = False
    in_collection: bool = False
    """In coactiva (forced collection)."""
    email: str = ""
    unlisted: bool = False
    """The company's last list no longer names all of its pending items and charges: a person looks."""


@dataclass(frozen=True, slots=True)
class SearchKeys:
    """By what the pending cases are searched; all in canonical form, in order of trust."""

    id_numbers: tuple[str, ...] = ()
    service_numbers: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()
    """Serial numbers and MACs."""
    cases: tuple[CaseId, ...] = ()
    """Cases of the decision that the mail answers."""


@dataclass(frozen=True, slots=True)
class OneCase:
    """Exactly one case is meant."""

    case: Case
    because: tuple[str, ...]
    repaired: tuple[Repair, ...] = ()
    """Guesses without which it would not have been found; they need confirmation."""
    rivals: tuple[Case, ...] = ()
    """Other cases of the same holder, not meant."""
    strangers: tuple[Case, ...] = ()
    """Cases of other holders to whom an equipment or a service of these papers belongs."""


@dataclass(frozen=True, slots=True)
class ManyCases:
    """More than one case fits.  `all_meant`: the customer named several lines, one case each."""

    cases: tuple[Case, ...]
    because: tuple[str, ...]
    all_meant: bool = False
    repaired: tuple[Repair, ...] = ()
    rivals: tuple[Case, ...] = ()
    strangers: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class NoCase:
    because: tuple[str, ...]


Match = OneCase | ManyCases | NoCase


# ── 6. decision ──────────────────────────────────────────────────────────────────────────────────


class Verdict(StrEnum):
    """What a rule of `rules/decision.toml` may say."""

    REVERSE = "reverse"
    PARTIAL = "partial"
    ASK = "ask"
    REJECT = "reject"
    HOLD = "hold"
    ESCALATE = "escalate"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule said of this mail.  The first that spoke decided; the others are kept."""

    rule: str
    verdict: Verdict
    reasons: tuple[ReasonCode, ...]
    staff: str
    decided: bool


class ItemOutcome(StrEnum):
    ACREDITAR = "ACREDITAR"
    NO_CONSTA = "NO_CONSTA"
    """The acta does not show it."""
    DUDA = "DUDA"
    """Something like it is shown: a person looks."""
    YA_ACREDITADO = "YA_ACREDITADO"


@dataclass(frozen=True, slots=True)
class ItemFinding:
    """The verdict on one item: what was expected, what the paper shows, why."""

    case_id: CaseId
    item_id: ItemId
    outcome: ItemOutcome
    because: str
    shown: Field | None = None


class SignalClass(StrEnum):
    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that speaks for a closer look.  It may stop an acceptance, never cause a refusal."""

    name: str
    strength: SignalClass
    because: str
    evidence: tuple[str, ...] = ()
    """What it rests on: receipts, cases, values read, in words that `explain` can show."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A rule that did not apply, and why: facts that it asks for and that do not hold, facts that bar it."""

    rule: str
    missing: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()


DAEMON = "daemon"
"""The actor of every decision that no person took; a person is `persona:<name>`."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why: every rule's verdict, every item's, all reasons (worst first), by whom."""

    findings: tuple[Finding, ...]
    reasons: tuple[ReasonCode, ...]
    items: tuple[ItemFinding, ...] = ()
    signals: tuple[Signal, ...] = ()
    actor: str = DAEMON
    case_shown: bool = False
    """The papers of the mail show the number or a serial of a case that was found."""
    silent: tuple[Silent, ...] = ()
    """The rules of the book that did not apply: with `findings` they are all."""
    charges: tuple[ChargeId, ...] | None = None
    """By a person, where a case has no equipment on file: the charges that he accredits; None means all of them."""


@dataclass(frozen=True, slots=True)
class Reverse:
    """Every pending item of the cases is accredited; their charges are marked for reversal."""

    cases: tuple[Case, ...]
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class Partial:
    """Some items are accredited, the others stay pending."""

    cases: tuple[Case, ...]
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class AskMore:
    """The customer can mend it: the answer says how."""

    cases: tuple[Case, ...]
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class Reject:
    """A final no.  Only a person says it."""

    cases: tuple[Case, ...]
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class Hold:
    """A person decides."""

    cases: tuple[Case, ...]
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class Escalate:
    """Another department decides (open claim, coactiva, identity theft)."""

    cases: tuple[Case, ...]
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class Discard:
    """Nothing to decide: automatic mail without evidence, our own mail."""

    cases: tuple[Case, ...]
    grounds: Grounds


Decision = Reverse | Partial | AskMore | Reject | Hold | Escalate | Discard


# ── 7. settlement: all that will change, as data ─────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CaseChange:
    case_id: CaseId
    before: CaseState
    after: CaseState
    because: str


@dataclass(frozen=True, slots=True)
class ItemChange:
    item_id: ItemId
    before: ItemState
    after: ItemState
    because: str


@dataclass(frozen=True, slots=True)
class ChargeChange:
    charge_id: ChargeId
    before: ChargeState
    after: ChargeState
    because: str


class EntryKind(StrEnum):
    """What a ledger entry does to a charge."""

    BLOQUEO = "BLOQUEO"
    """The charge was only foreseen: it will not be made."""
    REVERSO = "REVERSO"
    DEVOLUCION = "DEVOLUCION"
    """Paid already: a person decides on the refund."""
    CORRECCION = "CORRECCION"
    """Undoes an earlier entry (never a deletion)."""


class Operation(StrEnum):
    """What billing must do."""

    QUITAR_CARGO = "QUITAR_CARGO"
    NOTA_CREDITO = "NOTA_CREDITO"
    NINGUNA = "NINGUNA"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of the append-only ledger.  `amount` in cents, positive; the kind gives its sense."""

    case_id: CaseId
    charge_id: ChargeId
    kind: EntryKind
    operation: Operation
    amount: Cents
    cause: str
    """The receipt number of the mail that caused it."""
    rule: str


class BatchState(StrEnum):
    """States of a reversal batch; what may follow what stands in `cases/ledger.py`."""

    BORRADOR = "BORRADOR"
    CERRADO = "CERRADO"
    """Frozen: its lines, totals and hash stand."""
    APROBADO = "APROBADO"
    EXPORTADO = "EXPORTADO"
    APLICADO = "APLICADO"
    """Billing answered every line, and applied it."""
    APLICADO_PARCIAL = "APLICADO_PARCIAL"
    """Billing answered; some lines failed, or are not answered yet."""
    CONCILIADO = "CONCILIADO"
    """Every line is answered and the totals tie out."""
    ANULADO = "ANULADO"


class LineResult(StrEnum):
    """What billing said of one line of a batch."""

    PENDIENTE = "PENDIENTE"
    APLICADO = "APLICADO"
    FALLIDO = "FALLIDO"


class RefundChoice(StrEnum):
    """What a person decides on a value that was paid and shown not to be owed."""

    DEVUELTO = "DEVUELTO"
    SALDO_A_FAVOR = "SALDO_A_FAVOR"
    NO_PROCEDE = "NO_PROCEDE"
    """No refund: the entry is corrected and the charge stands as paid."""


class ReplyKind(StrEnum):
    """Which text of `rules/replies/` is sent."""

    ACEPTADO = "aceptado"
    ACEPTADO_PARCIAL = "aceptado-parcial"
    SUBSANAR = "subsanar"
    RECHAZADO = "rechazado"
    RECIBIDO = "recibido"
    DERIVADO = "derivado"
    INFORMACION = "informacion"
    RECORDATORIO = "recordatorio"
    """He was asked for something and the time for it passed: once, and no decision of its own."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to be written: which text, which reasons, which facts fill it.

    `delay_seconds` is how long it waits in the outbox; `cancel_on_decision` marks the receipt that is
    sent only if no decision came before.
    """

    kind: ReplyKind
    reasons: tuple[ReasonCode, ...]
    facts: tuple[tuple[str, str], ...]
    delay_seconds: int = 0
    cancel_on_decision: bool = False


class Lane(StrEnum):
    """Lanes of the queue."""

    REVISAR = "REVISAR"
    SIN_PROCESAR = "SIN_PROCESAR"
    """Shunted: could not be processed."""
    SIN_RESPUESTA = "SIN_RESPUESTA"
    """Would have been refused, but the sender is not proven: nobody was answered."""
    SENALES = "SENALES"
    CUATRO_OJOS = "CUATRO_OJOS"
    DERIVADO = "DERIVADO"
    ENVIO_INCIERTO = "ENVIO_INCIERTO"
    LLAMAR = "LLAMAR"
    """Our answer came back, or was never taken: it does not reach the customer, so a person calls him."""


ABOUT_ANSWERS = frozenset({Lane.ENVIO_INCIERTO, Lane.LLAMAR})
"""Lanes that ask about an answer, not about the mail: no decision closes them, a person does."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """What a person is asked."""

    lane: Lane
    reasons: tuple[ReasonCode, ...]
    summary: str


class FolderRole(StrEnum):
    """Where the mail goes in the mailbox, last of all; the names are in the configuration."""

    PROCESADOS = "PROCESADOS"
    REVISION = "REVISION"
    RECHAZADOS = "RECHAZADOS"


@dataclass(frozen=True, slots=True)
class Settlement:
    """Everything that will change.  Applied in one transaction, or not at all."""

    decision: Decision
    evidence_state: EvidenceState
    folder: FolderRole
    cases: tuple[CaseChange, ...] = ()
    items: tuple[ItemChange, ...] = ()
    charges: tuple[ChargeChange, ...] = ()
    entries: tuple[LedgerEntry, ...] = ()
    reply: Reply | None = None
    unanswered_because: str = ""
    review: ReviewItem | None = None
    respond_by: date | None = None


class OutboxState(StrEnum):
    EN_COLA = "EN_COLA"
    ENVIANDO = "ENVIANDO"
    ENVIADO = "ENVIADO"
    FALLIDO = "FALLIDO"
    INCIERTO = "INCIERTO"
    REBOTADO = "REBOTADO"
    ANULADO = "ANULADO"
    """Not needed any more: a decision came before the receipt was sent."""
    RETENIDO = "RETENIDO"
    """Kept back; `Withheld` says why."""


class Withheld(StrEnum):
    """Why one answer is kept back.  Those of a cap by the day go out by themselves when it allows."""

    DESARMADO = "DESARMADO"
    ANTIGUO = "ANTIGUO"
    """It answers a mail older than what is answered automatically."""
    POR_DIRECCION = "POR_DIRECCION"
    """The address had its share of the day."""
    POR_CEDULA = "POR_CEDULA"
    """The identity number had its share of the day."""
    A_MANO = "A_MANO"
    """Staff answered the mail by hand from the same mailbox: a person says whether ours goes out too."""
    REPETIDA = "REPETIDA"
    """The address got the very same answer in the last 24 hours: two robots, or somebody who sends on."""


# ── 8. people ────────────────────────────────────────────────────────────────────────────────────


class Role(StrEnum):
    """What a person of the staff is.  What each may do stands in `web/access.py`."""

    CONSULTA = "consulta"
    """Contact centre and CAC: looks cases up, takes down what a customer says or brings."""
    REVISOR = "revisor"
    APROBADOR = "aprobador"
    """Decides too, and is the second pair of eyes."""
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    """Reads everything, writes nothing."""


@lru_cache(4096)
def receipt_number(mail: MailId) -> str:
    """The number customers quote: `EV-0000017-4`, the last digit checks the others (Luhn).

    >>> receipt_number(MailId(1))
    'EV-0000001-8'
    """
    digits = f"{mail:07d}"
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"EV-{digits}-{-total % 10}"


def mail_of_receipt(receipt: str) -> MailId | None:
    """The mail that a receipt number names, or None when it is mistyped.

    Blanks, lower case and a missing prefix are forgiven.

    >>> mail_of_receipt("ev 0000001 8")
    1
    >>> mail_of_receipt("EV-0000001-9") is None
    True
    """
    digits = "".join(c for c in receipt if c in "0123456789")
    if not 8 <= len(digits) <= 18:  # more is no number of a row
        return None
    mail = MailId(int(digits[:-1]))
    return mail if receipt_number(mail)[-1] == digits[-1] else None


# ── the campaign ─────────────────────────────────────────────────────────────────────────────────


class Channel(StrEnum):
    """How a campaign reaches a customer."""

    IVR = "IVR"
    WHATSAPP = "WHATSAPP"


AttemptId = NewType("AttemptId", str)
"""Of one attempt to reach one customer, and its name on the wire: lower-case letters, digits and hyphens, ≤ 40."""


class ContactState(StrEnum):
    """Of one attempt (domain words; ENVIANDO and DESCONOCIDO for what a crash or a lost answer leaves open)."""

    PLANIFICADO = "PLANIFICADO"
    """Waits for its time."""
    RETENIDO = "RETENIDO"
    """A mail about its case arrived: waits for what becomes of that."""
    OMITIDO = "OMITIDO"
    """Will not be made: the case no longer needs it, the customer asked, the time is over."""
    ENVIANDO = "ENVIANDO"
    """Claimed: the provider may know of it from this moment on."""
    DESCONOCIDO = "DESCONOCIDO"
    """The provider's answer was lost; never sent again blindly."""
    ENVIADO = "ENVIADO"
    """The provider took it: a message under way, a call that rings or is heard."""
    ENTREGADO = "ENTREGADO"
    LEIDO = "LEIDO"
    RESPONDIDO = "RESPONDIDO"
    CONTESTADO = "CONTESTADO"
    """A person answered the call; how much was heard stands in the result."""
    NO_CONTESTA = "NO_CONTESTA"
    OCUPADO = "OCUPADO"
    BUZON = "BUZON"
    """A machine answered; nothing was left on it."""
    FALLIDO = "FALLIDO"
    """A final no: wrong number, no WhatsApp, refused."""
    AGOTADO = "AGOTADO"
    """As many tries as are allowed, without success."""


class CampaignState(StrEnum):
    """Of one campaign; what may follow what stands in `outreach/schedule.py`."""

    BORRADOR = "BORRADOR"
    APROBADA = "APROBADA"
    """A second person approved it as it is: any change makes it a draft again."""
    EN_CURSO = "EN_CURSO"
    """It was started; nothing leaves before its hour."""
    PAUSADA = "PAUSADA"
    TERMINADA = "TERMINADA"
    """Nothing is planned or under way any more."""
    CANCELADA = "CANCELADA"


class Exclusion(StrEnum):
    """Why a case of the list is not reached by a campaign; the first that holds counts."""

    FUERA_DE_CAMPANA = "FUERA_DE_CAMPANA"
    """No fixed service, or its segment was not chosen."""
    PAGADO = "PAGADO"
    EN_RECLAMO = "EN_RECLAMO"
    """A claim is open, another department has it, or it is in forced collection."""
    RESUELTO = "RESUELTO"
    YA_RESPONDIO = "YA_RESPONDIO"
    """Evidence of it arrived: it is being reviewed, was accepted in part, or the customer was asked to mend it."""
    BAJA = "BAJA"
    SIN_TELEFONO = "SIN_TELEFONO"
    TELEFONO_INVALIDO = "TELEFONO_INVALIDO"
    """None that may be called: foreign, toll-free, or known to be wrong."""
    FALTA_UN_DATO = "FALTA_UN_DATO"
    """A variable of the text has no value: a text with a hole is never sent."""
    CONTACTADO = "CONTACTADO"
    """Had as many contacts lately as one person may have."""
    OTRO_SERVICIO_DEL_CLIENTE = "OTRO_SERVICIO_DEL_CLIENTE"
    """The same customer is reached for another case of his: two services, one contact."""
    TELEFONO_REPETIDO = "TELEFONO_REPETIDO"
    """The telephone is reached for somebody else's case."""
