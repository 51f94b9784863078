"""What the layouts of `fourth` certify: other names, makes and writings of numbers than the sets before; nobody lives.

Serials keep the hyphens and blanks with which offices group them; some given names are initials, some surnames
have particles; one in seven holders is a company with the RUC of a series that was never given out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from evidence_daemon.model import EquipmentType, Line
from papers.truth import Facts, Item, cedula

_SURNAMES = (
    *("DE LA CUEVA", "DEL CASTILLO", "SAN LUCAS", "ÑACATO", "PIÑALOZA", "CAICHE", "AYALA", "OÑATE", "IZURIETA", "LEMA"),
    *("YANZAGUANO", "BUENAÑO", "ARTEAGA", "NÚÑEZ", "QUEZADA", "ILLESCAS", "TENESACA", "BAQUE", "JARAMILLO", "PONCE"),
)
_GIVEN = (
    *(
        "ANA",
        "MARÍA JOSÉ",
        "ÁNGEL R.",
        "NOEMÍ",
        "ABDÓN",
        "GEOVANNY",
        "ÍTALO",
        "LOURDES E.",
        "SIXTO",
        "MERCEDES",
        "XAVIER",
    ),
    *("DOMÉNICA", "PEDRO PABLO", "JHON", "ZOILA", "MARÍA DEL CARMEN", "LUIS A.", "NANCY", "EFRÉN", "YOLANDA"),
)
_FIRMS = (
    *("COMERCIAL ÑUSTA DEL SUR CIA. LTDA.", "FERRETERÍA EL TORNILLO FELIZ S.A.", "AGROINSUMOS VALLE ALTO S.A.S."),
    *("HOSTERÍA LAGUNA ESCONDIDA CIA. LTDA.", "UNIDAD EDUCATIVA NUEVO PICHACAY", "TRANSPORTES PEÑAS BLANCAS C.A."),
)
_OFFICES = (
    *(("CAC Plaza Bolívar Antigua", "Machala"), ("Agencia Los Sauces", "Ibarra"), ("CAC El Girón Viejo", "Quito")),
    *(
        ("Punto de Atención La Pradera", "Santo Domingo"),
        ("CAC Cumandá Alto", "Riobamba"),
        ("CAC Puerto Nuevo", "Manta"),
    ),
)
_MAKES = """
ONT            ONT                         Huawei      HG8546M     HWTC-%%%%%%%%
ONT            ONT wifi                    ZTE         F680        ZTEG %%%%%%%%
ONT            Módem de fibra              Huawei      EG8141A5    4857 5443 %%%% %%%%
ONT            ONU GPON                    Nokia       G-140W-C    ALCL%%%%%%%%
ONT            ONT                         ZTE         F6640       5A544547%%%%%%%%
MODEM_ROUTER   Router wifi                 TP-Link     EX220       22#@###&&&&&&
MODEM_ROUTER   Módem VDSL2                 Huawei      HG630       21530#####@#####
DECODIFICADOR  Decodificador HD            Kaon        KCF-S220    KA#########
DECODIFICADOR  Set-top box                 Skyworth    HP44H       SK-#######-##
DECODIFICADOR  Decodificador 4K            ZTE         B866V2      ZXB8########
SMARTCARD      Tarjeta inteligente         Nagra       N3          0170 #### #### ####
REPETIDOR      Extensor wifi               Huawei      K562        K5&&##&&##&&
TELEFONO       Teléfono fijo inalámbrico   ZTE         WP650       32#######-####
FUENTE         Fuente de poder
FUENTE         Adaptador 12V/1A
CABLE          Patch cord de fibra
CABLE          Cable HDMI
CONTROL_REMOTO  Control remoto
"""
"""Type, word, brand, model and serial: # a digit, % a hexadecimal one, @ a letter, & a hexadecimal digit but 0."""
_SIGNS = {"#": "0123456789", "%": "0123456789ABCDEF", "&": "123456789ABCDEF", "@": "ABCEFHKMNPRTY"}
_KITS = (
    (Line.INTERNET_FIJO, "ONT FUENTE CABLE"),
    (Line.INTERNET_FIJO, "ONT"),
    (Line.INTERNET_FIJO, "ONT REPETIDOR FUENTE"),
    (Line.INTERNET_FIJO, "MODEM_ROUTER FUENTE"),
    (Line.TELEVISION, "DECODIFICADOR SMARTCARD CONTROL_REMOTO"),
    (Line.TELEVISION, "DECODIFICADOR DECODIFICADOR CONTROL_REMOTO FUENTE"),
    (Line.TELEFONIA_FIJA, "TELEFONO FUENTE"),
)


def person_parts(chance: Random) -> tuple[str, str, str]:
    """Two surnames and the given names."""
    one, other = chance.sample(_SURNAMES, 2)
    given = chance.choice(_GIVEN)
    if " " not in given and chance.random() < 0.6:
        given += " " + chance.choice([g for g in _GIVEN if " " not in g and g != given])
    return one, other, given


def someone(chance: Random, *, given_first: bool = False) -> str:
    """A person, surnames first or given names first."""
    one, other, given = person_parts(chance)
    return f"{given} {one} {other}" if given_first else f"{one} {other} {given}"


def three_parts(holder: str) -> tuple[str, str, str]:
    """First surname, second surname and given names of one whom `someone` invented; a company stays whole."""
    first = next((s for s in _SURNAMES if holder.startswith(f"{s} ")), "")
    rest = holder[len(first) :].strip()
    second = next((s for s in _SURNAMES if rest.startswith(f"{s} ")), "")
    return (first, second, rest[len(second) :].strip()) if first and second else (holder, "", "")


def firm_ruc(chance: Random) -> str:
    """The RUC of a private company (third digit 9, modulo 11), in a series far above those given out."""
    while True:
        nine = f"{chance.choice((1, 7, 11, 13, 18)):02d}999{chance.randrange(10**4):04d}"
        check = -sum(int(d) * w for d, w in zip(nine, (4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
        if check < 10:
            return f"{nine}{check}001"


def piece(kind: str, chance: Random) -> Item:
    """One piece of equipment, its serial grouped as its maker or an office groups it."""
    rows = [re.split(r"\s{2,}", row) for row in _MAKES.split("\n") if row.split(" ")[0] == kind]
    _, word, *rest = chance.choice(rows)
    brand, model, pattern = rest or ("", "", "")
    serial = "".join(chance.choice(_SIGNS.get(sign, sign)) for sign in pattern)
    mac = ""
    if kind in {"ONT", "MODEM_ROUTER", "REPETIDOR"} and chance.random() < 0.75:
        octets = [f"{0x02 | 4 * chance.randrange(64):02X}", *(f"{byte:02X}" for byte in chance.randbytes(5))]
        joint = chance.choice((":", ":", "-", "", "."))
        mac = joint.join(octets) if joint != "." else ".".join("".join(octets[n : n + 2]) for n in (0, 2, 4)).lower()
    return Item(EquipmentType(kind), word, brand, model, serial, mac)


def fourth_facts(
    chance: Random, *, given_first: bool = False, firm: float = 0.15, kits: Sequence[tuple[Line, str]] = _KITS
) -> Facts:
    """A certificate with everything in order; `firm` is the share of companies among the holders."""
    line, kit = chance.choice(kits)
    office, city = chance.choice(_OFFICES)
    day = date(2020, 4, 6) + timedelta(days=chance.randrange(2000))
    few, is_firm = chance.randrange(1, 10**5), chance.random() < firm
    service = f"0{chance.randrange(2, 8)}{chance.randrange(2, 4)}{chance.randrange(10**6):06d}"
    if line is not Line.TELEFONIA_FIJA and chance.random() < 0.45:
        service = f"{chance.choice((4, 7))}{chance.randrange(10**7):07d}"
    return Facts(
        holder=chance.choice(_FIRMS) if is_firm else someone(chance, given_first=given_first),
        id_number=firm_ruc(chance) if is_firm else cedula(chance) + ("001" if chance.random() < 0.08 else ""),
        service=service,
        line=line,
        items=tuple(piece(kind, chance) for kind in kit.split()),
        day=day,
        number=chance.choice(
            (f"001-{few % 90:03d}-{few:07d}", f"DEV-{day:%Y}-{few:05d}", f"{few:08d}", f"AC{few:06d}")
        ),
        office=office,
        city=city,
        agent=someone(chance, given_first=True),
        agent_id=cedula(chance),
        stamped=chance.random() < 0.75,
    )
