"""Two hundred invented cases: who is believed to owe which equipment, and what was charged for it.

Nobody here exists.  Cédulas have the lowest sequence numbers of their province with a valid check digit,
so that they can hardly be anybody's; MAC addresses are of the locally administered range; telephone
numbers are runs of zeros.  Everything is made from one fixed seed: the list is the same at each start.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random

from evidence_daemon.demo.papers import Equipment, Layout, Paper
from evidence_daemon.model import WITHOUT_SERIAL, Cents, ChargeState, Direction, EquipmentType, Line

CASES = 200
_SEED = 20210317

_VAT_CHANGED = date(2024, 4, 1)
"""VAT went from 12 to 15 % on that day."""

_PRICES: dict[EquipmentType, Cents] = {
    EquipmentType.ONT: 90_00,
    EquipmentType.MODEM_ROUTER: 45_00,
    EquipmentType.DECODIFICADOR: 60_00,
    EquipmentType.SMARTCARD: 12_00,
    EquipmentType.TELEFONO: 25_00,
    EquipmentType.FUENTE: 10_00,
    EquipmentType.CONTROL_REMOTO: 8_00,
}
"""Base prices.  USD 90.00 for an ONT is what the CNT has published; the others are invented."""


@dataclass(frozen=True, slots=True)
class Account:
    """One case of the list: a holder, a service, the equipment that is missing and its charges.

    `state` is that of all its charges.  `lump` is a base value in cents charged for the whole service,
    instead of one charge for each piece.
    """

    holder: str
    id_number: str
    line: Line
    service: str
    equipment: tuple[Equipment, ...]
    state: ChargeState
    activated: date
    withdrawn: date
    province: str
    email: str = ""
    phone: str = ""
    lump: Cents = 0

    @property
    def vat_percent(self) -> int:
        return 12 if self.withdrawn < _VAT_CHANGED else 15

    @property
    def given_back(self) -> date:
        """The day on which the equipment was handed in, as the certificate says."""
        return self.withdrawn + timedelta(days=int(self.service[-2:]) % 15 + 2)

    def subject(self, line: str = "") -> str:
        """The subject that the deck asks for; `line` replaces the line's own name."""
        words = line or {
            Line.INTERNET_FIJO: "INTERNET FIJO",
            Line.TELEVISION: "TELEVISIÓN",
            Line.TELEFONIA_FIJA: "TELEFONÍA FIJA",
        }.get(self.line, self.line.value)
        return f"{self.id_number}//{self.holder}//{words}"

    def paper(self, layout: Layout, *, number: str = "", direction: Direction = Direction.DEVOLUCION) -> Paper:
        """The certificate of all its equipment; one of installation is dated when the service began."""
        returned = direction is not Direction.INSTALACION
        return Paper(
            layout=layout,
            holder=self.holder,
            id_number=self.id_number,
            service=self.service,
            line=self.line,
            date=self.given_back if returned else self.activated,
            equipment=self.equipment,
            number=number or f"{self.id_number[:2]}-{self.service[-5:]}",
            direction=direction,
            amount=total(self.equipment, self.vat_percent),
        )


def total(equipment: Iterable[Equipment], vat_percent: int) -> Cents:
    """What the equipment is charged with, tax included."""
    return sum(_with_tax(_PRICES.get(one.type, 0), vat_percent)[1] for one in equipment)


def _with_tax(base: Cents, vat_percent: int) -> tuple[Cents, Cents]:
    """(tax, total), half a cent up."""
    tax = (base * vat_percent + 50) // 100
    return tax, base + tax


def cedula(province: int, sequence: int) -> str:
    """The valid cédula of a province (1..24, 30) and a sequence number; third digit 0.

    Check digit: weights 2 and 1 in turn, 9 less above 9, what is missing to the next ten.

    >>> cedula(17, 1), cedula(9, 2)
    ('1700000019', '0900000027')
    """
    digits = f"{province:02d}0{sequence:06d}"
    weighed = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return digits + str(-sum(value - 9 if value > 9 else value for value in weighed) % 10)


_PROVINCES = (
    *("Azuay", "Bolívar", "Cañar", "Carchi", "Cotopaxi", "Chimborazo", "El Oro", "Esmeraldas", "Guayas"),
    *("Imbabura", "Loja", "Los Ríos", "Manabí", "Morona Santiago", "Napo", "Pastaza", "Pichincha", "Tungurahua"),
    *("Zamora Chinchipe", "Galápagos", "Sucumbíos", "Orellana", "Santo Domingo", "Santa Elena"),
)
"""In the order of their numbers in a cédula, from 01."""

_SURNAMES = (
    *("ALVARADO", "BENÍTEZ", "CAIZA", "CHICAIZA", "CÓRDOVA", "DE LA CRUZ", "ESPÍN", "FREIRE", "GUAMÁN", "HIDALGO"),
    *("IZA", "JARAMILLO", "LLUMIQUINGA", "MUÑOZ", "NÚÑEZ", "OCHOA", "PAREDES", "QUISHPE", "ROSERO", "SÁNCHEZ"),
    *("TIPANTUÑA", "URREGO", "VÁSCONEZ", "YÁNEZ", "ZAMBRANO", "PEÑAFIEL", "CEVALLOS", "MOROCHO", "VELÁSTEGUI"),
)
_GIVEN = (
    *("MARÍA", "JOSÉ", "ÁNGELA", "LUIS", "SOFÍA", "CARLOS", "ROCÍO", "JORGE", "INÉS", "MARCO", "ELENA", "BYRON"),
    *("LUCÍA", "FABIÁN", "NELLY", "RAMIRO", "TERESA", "WILSON", "GLADYS", "PATRICIO", "XIMENA", "EDISON"),
)

_LEADING = (
    # The cast of the sample mails, by position: what each is for stands in `mails.py`.
    *[(Line.INTERNET_FIJO, ChargeState.FACTURADO, ("ONT",))] * 24,
    *[(Line.TELEVISION, ChargeState.FACTURADO, ("DECODIFICADOR", "DECODIFICADOR"))] * 8,
    *[(Line.INTERNET_FIJO, ChargeState.PREVISTO, ("ONT",))] * 6,
    *[(Line.INTERNET_FIJO, ChargeState.CARGADO, ("MODEM_ROUTER", "FUENTE"))] * 6,
    *[(Line.TELEFONIA_FIJA, ChargeState.FACTURADO, ("TELEFONO",))] * 4,
    *[(Line.INTERNET_FIJO, ChargeState.PAGADO, ("ONT",))] * 2,
    *[(Line.INTERNET_FIJO, ChargeState.EN_RECLAMO, ("ONT",))] * 2,
    *[(Line.TELEVISION, ChargeState.EN_COBRO, ("DECODIFICADOR",))] * 2,
    *[
        (Line.INTERNET_FIJO, ChargeState.FACTURADO, ("ONT",)),
        (Line.TELEVISION, ChargeState.FACTURADO, ("DECODIFICADOR",)),
    ]
    * 3,
    *[(Line.INTERNET_FIJO, ChargeState.FACTURADO, ("ONT",))] * 8,
)
PAIRS_FROM = 54
"""From this position on, `PAIRS` people have two services each: Internet, then television."""
PAIRS = 3

_STATES = (
    *[ChargeState.FACTURADO] * 8,
    *[ChargeState.CARGADO] * 4,
    *[ChargeState.PREVISTO] * 5,
    *[ChargeState.PAGADO] * 2,
    ChargeState.EN_RECLAMO,
    ChargeState.EN_COBRO,
)
_KITS = (
    (Line.INTERNET_FIJO, ("ONT",)),
    (Line.INTERNET_FIJO, ("MODEM_ROUTER", "FUENTE")),
    (Line.TELEVISION, ("DECODIFICADOR",)),
    (Line.TELEVISION, ("DECODIFICADOR", "SMARTCARD", "CONTROL_REMOTO")),
    (Line.TELEFONIA_FIJA, ("TELEFONO",)),
)


@cache
def people() -> tuple[Account, ...]:
    """The `CASES` accounts, always the same.  The first ones are the senders of the sample mails."""
    chance = Random(_SEED)  # noqa: S311 - invention, not secrecy
    accounts: list[Account] = []
    for place in range(CASES):
        if place < len(_LEADING):
            line, state, kit = _LEADING[place]
        else:
            (line, kit), state = chance.choice(_KITS), chance.choice(_STATES)
        account = _account(place, line, state, kit, chance)
        second = PAIRS_FROM <= place < PAIRS_FROM + 2 * PAIRS and (place - PAIRS_FROM) % 2 == 1
        if second or (place > len(_LEADING) and place % 17 == 0):
            first = accounts[-1]
            account = replace(
                account,
                holder=first.holder,
                id_number=first.id_number,
                province=first.province,
                email=first.email,
                phone=first.phone,
                activated=first.activated,
                withdrawn=first.withdrawn,
            )
        elif place >= len(_LEADING) and place % 23 == 0:
            account = replace(account, lump=sum(_PRICES.get(one.type, 0) for one in account.equipment))
        accounts.append(account)
    return tuple(accounts)


def stranger(sequence: int) -> Account:
    """Somebody who is not in the list: `sequence` 1..9 gives different people."""
    chance = Random(_SEED + sequence)  # noqa: S311 - invention, not secrecy
    account = _account(900 + sequence, Line.INTERNET_FIJO, ChargeState.FACTURADO, ("ONT",), chance)
    return replace(account, id_number=cedula(30, sequence))


def _account(place: int, line: Line, state: ChargeState, kit: tuple[str, ...], chance: Random) -> Account:
    province = (place * 7) % 24
    surnames = chance.sample(_SURNAMES, 2)
    given = chance.sample(_GIVEN, 2)
    withdrawn = date(2020, 3, 20) + timedelta(days=chance.randrange(170))
    if place % 5 == 4:
        withdrawn = date(2024, 5, 2) + timedelta(days=chance.randrange(400))
    # An eighth of the list has no address: the company never asked for it.
    email = "" if place % 8 == 7 else f"{_plain(given[0])}.{_plain(surnames[0])}{place:03d}@correo.example"
    return Account(
        holder=" ".join((*surnames, *given)),
        id_number=cedula(province + 1, place // 24 + 1),
        line=line,
        service=f"02{2_000_000 + place * 37}" if line is Line.TELEFONIA_FIJA else str(40_010_000 + place * 61),
        equipment=tuple(_equipment(EquipmentType(one), chance) for one in kit),
        state=state,
        activated=withdrawn - timedelta(days=chance.randrange(700, 2200)),
        withdrawn=withdrawn,
        province=_PROVINCES[province],
        email=email,
        phone=f"09900{place:05d}",
    )


def _plain(word: str) -> str:
    return word.lower().translate(str.maketrans("áéíóúñ ", "aeioun_"))


def _equipment(kind: EquipmentType, chance: Random) -> Equipment:
    if kind in WITHOUT_SERIAL:
        return Equipment(kind)
    digits = "".join(chance.choices("0123456789", k=8))
    mac = "02:" + ":".join(f"{chance.randrange(256):02X}" for _ in range(5))
    match kind:
        case EquipmentType.ONT:
            vendor, brand, model = chance.choice(
                [("HWTC", "Huawei", "HG8245Q2"), ("ZTEG", "ZTE", "F660"), ("ALCL", "Nokia", "G-240W")]
            )
            return Equipment(kind, brand, model, f"{vendor}{chance.randrange(16**8):08X}", mac)
        case EquipmentType.MODEM_ROUTER:
            return Equipment(kind, "Huawei", "HG532e", f"21530{digits}", mac)
        case EquipmentType.DECODIFICADOR:
            return Equipment(kind, "Kaon", "KSTB2077", f"KN2077A{digits}")
        case EquipmentType.SMARTCARD:
            return Equipment(kind, "", "", f"0091{digits}")
        case _:
            return Equipment(kind, "ZTE", "WP628", f"WP628-{digits}")


# ── the company's file ───────────────────────────────────────────────────────────────────────────

COLUMNS = (
    *("CEDULA_RUC", "TITULAR", "LINEA_NEGOCIO", "NUMERO_SERVICIO", "FECHA_ACTIVACION", "FECHA_RETIRO", "PROVINCIA"),
    *("CORREO", "TELEFONOS", "RECLAMO_ABIERTO", "COACTIVA", "TIPO_EQUIPO", "DESCRIPCION_EQUIPO", "SERIE", "MAC"),
    *("ESTADO_CARGO", "CONCEPTO", "BASE", "IVA", "TOTAL", "TARIFA_IVA", "PAGADO", "FACTURA"),
)
"""Headings as in `rules/columns/cases.toml`, the first name of each."""

_INVOICED = frozenset({ChargeState.FACTURADO, ChargeState.PAGADO, ChargeState.EN_RECLAMO, ChargeState.EN_COBRO})


def write_case_list(path: Path, accounts: Iterable[Account] | None = None) -> int:
    """Write the list of cases as the company would (CSV, `;`, UTF-8, a row per charge); returns the rows.

    `accounts` None means all of `people()`.
    """
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, COLUMNS, delimiter=";", restval="")
        sheet.writeheader()
        for account in people() if accounts is None else accounts:
            rows = _rows(account)
            sheet.writerows(rows)
            written += len(rows)
    return written


def _rows(account: Account) -> list[dict[str, str]]:
    who = {
        "CEDULA_RUC": account.id_number,
        "TITULAR": account.holder,
        "LINEA_NEGOCIO": account.line.value,
        "NUMERO_SERVICIO": account.service,
        "FECHA_ACTIVACION": _day(account.activated),
        "FECHA_RETIRO": _day(account.withdrawn),
        "PROVINCIA": account.province,
        "CORREO": account.email,
        "TELEFONOS": account.phone,
        "RECLAMO_ABIERTO": "SI" if account.state is ChargeState.EN_RECLAMO else "NO",
        "COACTIVA": "SI" if account.state is ChargeState.EN_COBRO else "NO",
    }
    rows = []
    for number, one in enumerate(account.equipment):
        what = {
            "TIPO_EQUIPO": one.type.value,
            "DESCRIPCION_EQUIPO": f"{one.brand} {one.model}".strip(),
            "SERIE": one.serial,
            "MAC": one.mac,
        }
        charge = {} if account.lump else _charge(account, f"{one.type.value} NO DEVUELTO", _PRICES[one.type], number)
        rows.append(who | what | charge)
    if account.lump:
        rows.append(who | _charge(account, "EQUIPOS NO DEVUELTOS", account.lump, 0))
    return rows


def _charge(account: Account, concept: str, base: Cents, number: int) -> dict[str, str]:
    tax, whole = _with_tax(base, account.vat_percent)
    return {
        "ESTADO_CARGO": account.state.value,
        "CONCEPTO": concept,
        "BASE": _dollars(base),
        "IVA": _dollars(tax),
        "TOTAL": _dollars(whole),
        "TARIFA_IVA": str(account.vat_percent),
        "PAGADO": _dollars(whole if account.state is ChargeState.PAGADO else 0),
        "FACTURA": f"001-002-{int(account.service[-7:]) * 3 + number:09d}" if account.state in _INVOICED else "",
    }


def _day(day: date) -> str:
    return f"{day.day}-{day.month}-{day.year}"


def _dollars(cents: Cents) -> str:
    return f"{cents // 100},{cents % 100:02d}"
