"""Invented people, services and equipment, and the truth about a paper as a line of `truth.jsonl`.

Nobody here exists: the third digit of every cédula is 6, in provinces that never came to issue such
numbers; MAC addresses are of the locally administered range; office names are made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from evidence_daemon.cases.identity import check_digit
from evidence_daemon.model import WITHOUT_SERIAL, EquipmentType, Line

CNT = "CORPORACIÓN NACIONAL DE TELECOMUNICACIONES CNT EP"
CNT_RUC = "1768152560001"
OTHERS = (
    "CONECEL S.A. - CLARO",
    "MEGADATOS S.A. - NETLIFE",
    "SETEL S.A. - XTRIM",
    "PUNTONET S.A. - CELERITY",
    "OTECEL S.A. - MOVISTAR",
)
"""Other operators: their papers look alike and prove nothing here."""

MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)
_NO_SIX = tuple(p for p in range(1, 25) if p not in (9, 17))
"""Provinces without cédulas whose third digit is 6: only the two largest ran out of the lower ones."""

_SURNAMES = (
    *("AGUAYO", "ALMEIDA", "ANDRADE", "ARÉVALO", "BASANTES", "BUSTAMANTE", "CABEZAS", "CÁRDENAS", "CHÁVEZ", "COELLO"),
    *("DÁVILA", "ECHEVERRÍA", "ESPINOZA", "FAJARDO", "GALÁRRAGA", "GUALOTUÑA", "HERMOSA", "INTRIAGO", "JÁCOME"),
    *("LANDÁZURI", "LOGROÑO", "MACÍAS", "MONTALVO", "NARVÁEZ", "OÑA", "PAZMIÑO", "QUIÑÓNEZ", "RIVADENEIRA", "SALGADO"),
    *("SIMBAÑA", "TAPIA", "TOAPANTA", "UBIDIA", "VACA", "VILLACÍS", "VITERI", "YÉPEZ", "ZÚÑIGA", "CAJAMARCA", "PILCO"),
)
_GIVEN = (
    *("ALEXANDRA", "ANDRÉS", "BEATRIZ", "CÉSAR", "CRISTINA", "DARWIN", "DOLORES", "EDUARDO", "ESTEFANÍA", "FERNANDO"),
    *("GERMÁNICO", "GUADALUPE", "HÉCTOR", "HUGO", "ISABEL", "IVÁN", "JENNY", "JOAQUÍN", "KARINA", "LEONARDO", "LIGIA"),
    *(
        "MARGARITA",
        "MAURICIO",
        "MÓNICA",
        "NARCISA",
        "NICOLÁS",
        "ÓSCAR",
        "PAÚL",
        "RAÚL",
        "ROSARIO",
        "SEGUNDO",
        "VERÓNICA",
    ),
)
_OFFICES = (
    *(("CAC El Ceibo", "Quito"), ("CAC Mirador del Río", "Cuenca"), ("CAC Las Acacias", "Guayaquil")),
    *(("Agencia Plaza Norte", "Ambato"), ("CAC La Ronda Nueva", "Loja"), ("CAC Puerto Claro", "Manta")),
    *(("Agencia San Gabrielito", "Ibarra"), ("CAC Jardines del Sur", "Riobamba")),
)
LINE_WORDS = {
    Line.INTERNET_FIJO: "Internet fijo",
    Line.TELEVISION: "Televisión",
    Line.TELEFONIA_FIJA: "Telefonía fija",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of equipment as printed; `serial` and `mac` keep the separators of the paper."""

    type: EquipmentType
    word: str
    brand: str = ""
    model: str = ""
    serial: str = ""
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a certificate says.  `service` is bare digits or letters; layouts print it in their own way."""

    holder: str
    id_number: str
    service: str
    line: Line
    items: tuple[Item, ...]
    day: date
    number: str
    office: str
    city: str
    agent: str
    agent_id: str
    company: str = CNT
    returned: bool = True
    signed: bool = True
    attended: bool = True
    """The agent signed too."""
    stamped: bool = True
    second: tuple[str, Line, tuple[Item, ...]] | None = None
    """Another service on the same certificate: its number, line and equipment."""

    @property
    def ours(self) -> bool:
        return self.company == CNT

    @property
    def all_items(self) -> tuple[Item, ...]:
        return self.items + (self.second[2] if self.second else ())

    def without(self, omitted: Iterable[str]) -> Facts:
        """The same without the named fields (`number`, `service`, `mac`, `id_number`, …)."""
        changed: dict[str, Any] = {name: "" for name in omitted if name != "mac"}
        if "mac" in omitted:
            changed["items"] = tuple(replace(item, mac="") for item in self.items)
        return replace(self, **changed)


def cedula(chance: Random) -> str:
    """A valid cédula that nobody was ever given."""
    nine = f"{chance.choice(_NO_SIX):02d}6{chance.randrange(10**6):06d}"
    return nine + check_digit(nine)


def person(chance: Random) -> str:
    """Two surnames and two given names, in capitals with accents."""
    return " ".join((*chance.sample(_SURNAMES, 2), *chance.sample(_GIVEN, 2)))


_ONTS = (
    *(
        ("HWTC", "Huawei", "HG8245Q2"),
        ("HWTC", "Huawei", "HG8145V5"),
        ("ZTEG", "ZTE", "F670L"),
        ("ZTEG", "ZTE", "F660"),
    ),
    *(("ALCL", "Nokia", "G-140W-H"), ("FHTT", "FiberHome", "AN5506-04")),
)


def item(kind: EquipmentType, chance: Random) -> Item:
    """One piece of equipment with its serial and MAC, in one of the ways in which they are printed."""
    if kind in WITHOUT_SERIAL:
        words = {
            EquipmentType.FUENTE: ("Fuente de poder", "Cargador", "Adaptador de corriente"),
            EquipmentType.CONTROL_REMOTO: ("Control remoto",),
            EquipmentType.CABLE: ("Cable HDMI", "Cable de red", "Cable RCA"),
        }
        return Item(kind, chance.choice(words.get(kind, (kind.value.title(),))))
    joint = chance.choice((":", ":", "-", ""))
    mac = joint.join(f"{byte:02X}" for byte in (0x02 | 4 * chance.randrange(64), *chance.randbytes(5)))
    tail = f"{chance.randrange(16**8):08X}"
    digits = "".join(chance.choices("0123456789", k=9))
    match kind:
        case EquipmentType.ONT:
            vendor, brand, model = chance.choice(_ONTS)
            serial = vendor + tail if chance.random() < 0.7 else vendor.encode().hex().upper() + tail
            return Item(kind, chance.choice(("ONT", "ONT", "Módem óptico ONT", "ONU")), brand, model, serial, mac)
        case EquipmentType.MODEM_ROUTER:
            brand, model = chance.choice((("Huawei", "HG532e"), ("TP-Link", "TD-W8961N"), ("ZTE", "H108N")))
            word = chance.choice(("Módem router", "Módem ADSL", "CPE", "Router wifi"))
            return Item(kind, word, brand, model, f"2153{chance.choice('0123')}{digits}", mac)
        case EquipmentType.DECODIFICADOR:
            brand, model, head = chance.choice(
                (("Kaon", "KSTB2077", "KN"), ("Coship", "N5266C", "CS"), ("ZTE", "B860H", "ZX"))
            )
            word = chance.choice(("Decodificador", "Decodificador HD", "Deco", "STB"))
            return Item(kind, word, brand, model, f"{head}{chance.choice('2479')}{chance.choice('AFHKT')}{digits}")
        case EquipmentType.SMARTCARD:
            return Item(kind, chance.choice(("Tarjeta inteligente", "Smart card")), "", "", f"0061{digits}")
        case _:
            return Item(kind, "Teléfono inalámbrico", "ZTE", "WP628", f"32{digits}")


_KITS: tuple[tuple[Line, tuple[EquipmentType, ...]], ...] = (
    (Line.INTERNET_FIJO, (EquipmentType.ONT,)),
    (Line.INTERNET_FIJO, (EquipmentType.ONT, EquipmentType.FUENTE)),
    (Line.INTERNET_FIJO, (EquipmentType.MODEM_ROUTER, EquipmentType.FUENTE, EquipmentType.CABLE)),
    (Line.TELEVISION, (EquipmentType.DECODIFICADOR, EquipmentType.CONTROL_REMOTO)),
    (Line.TELEVISION, (EquipmentType.DECODIFICADOR, EquipmentType.SMARTCARD, EquipmentType.DECODIFICADOR)),
    (Line.TELEFONIA_FIJA, (EquipmentType.TELEFONO,)),
    (Line.INTERNET_FIJO, (EquipmentType.ONT, EquipmentType.ONT)),
)


def facts(chance: Random) -> Facts:
    """A certificate of return with everything in order: ours, signed, stamped, complete."""
    line, kit = chance.choice(_KITS)
    office, city = chance.choice(_OFFICES)
    day = date(2020, 6, 1) + timedelta(days=chance.randrange(1900))
    serial = chance.randrange(1, 10**6)
    number = chance.choice(
        (
            f"{serial:07d}",
            f"CNT-{day:%Y}-{serial:06d}",
            f"AD-{serial:06d}",
            f"{chance.randrange(1, 999):03d}-{serial:06d}",
        )
    )
    id_number = cedula(chance)
    return Facts(
        holder=person(chance),
        id_number=id_number + "001" if chance.random() < 0.12 else id_number,
        service=_service(line, chance),
        line=line,
        items=tuple(item(kind, chance) for kind in kit),
        day=day,
        number=number,
        office=office,
        city=city,
        agent=person(chance),
        agent_id=cedula(chance),
        stamped=chance.random() < 0.8,
    )


def with_second_service(one: Facts, chance: Random) -> Facts:
    """The same certificate, for television too."""
    items = tuple(item(kind, chance) for kind in (EquipmentType.DECODIFICADOR, EquipmentType.CONTROL_REMOTO))
    first = tuple(item(kind, chance) for kind in (EquipmentType.ONT, EquipmentType.FUENTE))
    return replace(
        one,
        line=Line.INTERNET_FIJO,
        items=first,
        service=_service(Line.INTERNET_FIJO, chance),
        second=(_service(Line.TELEVISION, chance), Line.TELEVISION, items),
    )


def _service(line: Line, chance: Random) -> str:
    if line is Line.TELEVISION:
        return f"4{chance.randrange(10**7):07d}"
    return f"0{chance.randrange(2, 8)}{chance.randrange(10**7):07d}"


_LATER_MAKES = """
ONT            Terminal óptico            ZTE          F6600P     ZTEG%%%%%%%%
ONT            ONT                        Huawei       EG8145V5   HWTC%%%%%%%%
ONT            ONT GPON                   Huawei       HS8545M    48575443%%%%%%%%
ONT            ONT                        Nokia        G-240W-C   414C434C%%%%%%%%
ONT            ONU                        FiberHome    HG6145F    FHTT%%%%%%%%
MODEM_ROUTER   Módem VDSL                 Zyxel        VMG3312    S###@########
MODEM_ROUTER   Módem ADSL                 Huawei       HG530      2102311######
MODEM_ROUTER   Router inalámbrico         TP-Link      WR841N     2##@####@####
DECODIFICADOR  Decodificador satelital    Arion        AF-5210    AR##########
DECODIFICADOR  Decodificador IPTV         Huawei       EC6108V9   0021003#########
DECODIFICADOR  Receptor HD                Technicolor  DSI804     @@#########
SMARTCARD      Tarjeta de acceso          Conax        C7         0170############
REPETIDOR      Extensor mesh              ZTE          H196A      *&&&&&&&&&&
TELEFONO       Terminal fijo inalámbrico  Huawei       F317       86#############
FUENTE         Fuente de poder
FUENTE         Cargador 12 V
CABLE          Cable HDMI
CABLE          Cable de red
CONTROL_REMOTO  Control remoto
LNB            LNB doble
ANTENA         Antena parabólica
"""
"""Type, word, brand, model and serial: # a digit, % a hexadecimal one, @ a letter, * the head of a local address.

& is a hexadecimal digit other than 0: where nothing tells that a serial is hexadecimal, nobody could tell 0 from O
in a typewriter's face.
"""
_SIGNS = {"#": "0123456789", "%": "0123456789ABCDEF", "&": "123456789ABCDEF", "@": "ABCEFHKMNPRTY"}
_LATER_KITS = (
    (Line.INTERNET_FIJO, "ONT"),
    (Line.INTERNET_FIJO, "ONT REPETIDOR FUENTE CABLE"),
    (Line.INTERNET_FIJO, "ONT FUENTE"),
    (Line.INTERNET_FIJO, "MODEM_ROUTER FUENTE CABLE"),
    (Line.TELEVISION, "DECODIFICADOR DECODIFICADOR CONTROL_REMOTO"),
    (Line.TELEVISION, "DECODIFICADOR SMARTCARD CONTROL_REMOTO FUENTE"),
    (Line.TELEVISION, "DECODIFICADOR ANTENA LNB"),
    (Line.TELEFONIA_FIJA, "TELEFONO FUENTE"),
)
_LATER_SURNAMES = (
    *("DE LA TORRE", "DEL POZO", "GUAMÁN", "CHICAIZA", "MOREIRA", "CEVALLOS", "PEÑAFIEL", "QUISPE", "LARREA", "SÁENZ"),
    *("ÑAUTA", "ZAMBRANO", "VÉLIZ", "ORBE", "TIPANTASI", "ALBÁN", "BRIONES", "HARO", "MUÑOZ", "CASTRO"),
)
_LATER_GIVEN = (
    *("MARÍA", "JOSÉ", "LUZ", "ÁNGEL", "BYRON", "GLORIA", "WILMER", "NELLY", "RODRIGO", "SOFÍA", "MARCO"),
    *("INÉS", "VINICIO", "ELSA", "TOMÁS", "AÍDA", "FREDDY", "ROSA", "IGNACIO"),
)
_LATER_OFFICES = (
    *(("CAC Portal Andino", "Latacunga"), ("CAC La Merced Alta", "Ambato"), ("Oficina Comercial El Arenal", "Cuenca")),
    *(("CAC Malecón Viejo", "Esmeraldas"), ("Agencia Los Cerezos", "Tulcán"), ("CAC Río Verde", "Babahoyo")),
)


def later_person(chance: Random) -> str:
    """Two surnames, some with particles, and one or two given names."""
    given = chance.sample(_LATER_GIVEN, 2 if chance.random() < 0.8 else 1)
    return " ".join((*chance.sample(_LATER_SURNAMES, 2), *given))


def _later_item(kind: str, chance: Random) -> Item:
    rows = [re.split(r"\s{2,}", row) for row in _LATER_MAKES.split("\n") if row.split(" ")[0] == kind]
    _, word, *rest = chance.choice(rows)
    brand, model, pattern = rest or ("", "", "")
    first, joint = f"{0x12 | 4 * chance.randrange(64):02X}", chance.choice((":", "-", ""))
    serial = "".join(first if sign == "*" else chance.choice(_SIGNS.get(sign, sign)) for sign in pattern)
    addressed = kind in {"ONT", "MODEM_ROUTER"} and chance.random() < 0.8
    mac = joint.join((first, *(f"{byte:02X}" for byte in chance.randbytes(5)))) if addressed else ""
    return Item(EquipmentType(kind), word, brand, model, serial, mac)


def later_facts(chance: Random) -> Facts:
    """What the layouts of `later` certify: everything in order too, in other makes, names and writings of numbers."""
    line, kit = chance.choice(_LATER_KITS)
    office, city = chance.choice(_LATER_OFFICES)
    day = date(2020, 3, 20) + timedelta(days=chance.randrange(2050))
    few, own_id = chance.randrange(1, 10**5), cedula(chance)
    service = f"0{chance.randrange(2, 8)}{chance.randrange(2, 4)}{chance.randrange(10**6):06d}"
    if line is not Line.TELEFONIA_FIJA and chance.random() < 0.6:
        service = chance.choice((f"4{chance.randrange(10**7):07d}", f"{chance.randrange(10**6, 10**7)}"))
    return Facts(
        holder=later_person(chance),
        id_number=own_id + "001" if chance.random() < 0.1 else own_id,
        service=service,
        line=line,
        items=tuple(_later_item(kind, chance) for kind in kit.split()),
        day=day,
        number=chance.choice((f"{few:06d}", f"ADE-{day:%y}-{few:05d}", f"{day:%Y}-EQ-{few:05d}", f"R{few:07d}")),
        office=office,
        city=city,
        agent=later_person(chance),
        agent_id=cedula(chance),
        stamped=chance.random() < 0.75,
    )


def blank(one: Facts) -> Facts:
    """The form as it lies in a drawer: nobody has filled it in."""
    return replace(
        one.without(("holder", "id_number", "service", "agent", "agent_id", "number")),
        items=tuple(Item(i.type, "") for i in one.items),
        signed=False,
        attended=False,
        stamped=False,
    )


@dataclass(frozen=True, slots=True)
class Truth:
    """What stands on one generated paper, in which files it lies, and whether it may be accepted."""

    files: tuple[str, ...]
    kind: str
    """`acta`, or which of the negatives."""
    layout: str
    wear: str
    unseen: bool
    accept: bool
    facts: Facts | None
    """None: a paper without values that matter (a blank page, a modem)."""

    def row(self) -> dict[str, Any]:
        """As a line of `truth.jsonl`; the keys are those of the example certificates, so that both are judged alike."""
        one = self.facts
        return {
            "archivo": self.files[0],
            "archivos": list(self.files),
            "nombre_adjunto": self.files[0],
            "clase": self.kind,
            "plantilla": self.layout,
            "degradacion": self.wear,
            "no_vista": self.unseen,
            "esperado": {"decision": "aceptar" if self.accept else "no_aceptar"},
            "campos": None
            if one is None
            else {
                "acta_numero": one.number,
                "fecha": one.day.isoformat(),
                "cliente_nombre": one.holder,
                "cliente_doc": one.id_number,
                "servicio_numero": one.service,
                "servicios": [one.service, *([one.second[0]] if one.second else [])],
                "linea_negocio": one.line.value,
                "cac": one.office,
                "equipos": [
                    {"tipo": i.type.value, "marca": i.brand, "modelo": i.model, "serie": i.serial, "mac": i.mac}
                    for i in one.all_items
                ],
                "firma_cliente": one.signed,
                "firma_cnt": one.attended,
                "sello_cnt": one.stamped,
                "agente_nombre": one.agent,
                "empresa": one.company,
                "sentido": "cliente_a_cnt" if one.returned else "cnt_a_cliente",
            },
        }
