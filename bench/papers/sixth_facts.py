"""What the layouts of `sixth` certify: other people, firms, makes of equipment, offices and writings of numbers.

Nobody lives; addresses of equipment are locally administered, firms have a RUC of a series that was never given.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from evidence_daemon.model import EquipmentType, Line
from papers.fourth_facts import firm_ruc
from papers.truth import Facts, Item, cedula

_SURNAMES = (
    *("ACOSTA", "BARRIGA", "CALDERÓN", "CHUQUIMARCA", "DEL CASTILLO", "DE LA CUEVA", "ESCALANTE", "FREIRE", "GUAITA"),
    *("HUERTAS", "IZA", "JARRÍN", "LEMA", "MASAQUIZA", "NÚÑEZ", "OCAÑA", "PAUCAR", "QUEZADA", "RON", "SANTILLÁN"),
    *("TIPÁN", "UVIDIA", "VALLEJO", "WONG", "YUGSI", "ZURITA", "DE LOS REYES", "MEJÍA", "PONCE", "TUQUERRES"),
)
_GIVEN = (
    *("ABEL", "BERTHA", "CAMILO", "DIANA", "EMILIA", "FABIÁN", "GABRIELA", "HERNÁN", "IRENE", "JORGE", "KEVIN", "LOLA"),
    *("MATEO", "NATALIA", "OLGA", "PATRICIO", "RENÉ", "SANDRA", "TATIANA", "ULISES", "VIVIANA", "WALTER", "XIMENA"),
)
_FIRMS = (
    *("FERRETERÍA EL YUNQUE S.A.S.", "COMERCIAL TRES ESQUINAS CIA. LTDA.", "LABORATORIO DENTAL SONRISAS S.A."),
    *("TRANSPORTES VALLE HONDO S.A.", "PANADERÍA Y PASTELERÍA LA ESPIGA ALTA S.A.S.", "AGROINSUMOS PIEDRA AZUL S.A."),
)
_OFFICES = (
    *(("CAC Plaza del Molino", "Quito"), ("Agencia Terminal Norte", "Guayaquil"), ("CAC Los Nogales", "Cuenca")),
    *(("Centro de Atención La Vertiente", "Loja"), ("Agencia Paseo Marino", "Machala"), ("CAC Altamira", "Ambato")),
    *(("CAC El Tejar Alto", "Ibarra"), ("Agencia Dos Ríos", "Quevedo"), ("CAC Cumbres", "Riobamba")),
)
_STREETS = (
    *("Av. de los Capulíes N34-112 y Calle 7", "Cdla. El Remanso, Mz. 14, villa 9", "Calle Larga 5-60 y Puentecillo"),
    *("Barrio San Isidro, pasaje B, casa 21", "Km 4½ vía a la Costa, conj. Brisas", "Sucre 12-08 y Los Tulipanes"),
)
_MAKES: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "ONT": (
        ("ONT", "Huawei", "HG8546M", "HWTC%%%%%%%%"),
        ("Equipo terminal óptico", "Huawei", "EG8141A5", "48575443%%%%%%%%"),
        ("ONT GPON", "ZTE", "F680", "ZTEG%%%%%%%%"),
        ("Módem de fibra ONT", "Nokia", "G-2425G-A", "ALCL%%%%%%%%"),
        ("ONU", "TP-Link", "XC220-G3", "TPLG%%%%%%%%"),
        ("ONU GPON", "Dasan", "H640GW", "44534E57%%%%%%%%"),
    ),
    "MODEM_ROUTER": (
        ("Módem", "Sagemcom", "FAST 1704", "NQ1########"),
        ("Módem router ADSL", "TP-Link", "TD-W9970", "22##########"),
        ("Router WiFi", "D-Link", "DIR-825", "QB2@#########"),
        ("Módem VDSL", "Zyxel", "VMG1312", "S17#E########"),
    ),
    "DECODIFICADOR": (
        ("Decodificador", "Skyworth", "HY4401", "SW#########"),
        ("Decodificador HD", "Jiuzhou", "DTS6600", "JZ@##########"),
        ("Decodificador IPTV", "ZTE", "B866V2", "ZX##@@########"),
        ("Caja decodificadora", "Kaon", "NA1402HD", "KM#########"),
        ("Decodificador satelital", "Huawei", "DS310", "2150####@@########"),
    ),
    "SMARTCARD": (
        ("Tarjeta inteligente", "Irdeto", "", "0##########"),
        ("Smart card", "Nagra", "", "8000########"),
    ),
    "REPETIDOR": (
        ("Repetidor WiFi", "TP-Link", "HC220-G1", "2223########"),
        ("Extensor mesh", "Nokia", "Beacon 1", "ALCL%%%%%%%%"),
    ),
    "TELEFONO": (
        ("Teléfono inalámbrico", "Panasonic", "KX-TGB110", "3CBQD######"),
        ("Teléfono fijo", "Huawei", "F501", "F5N#########"),
    ),
    "FUENTE": (("Fuente de poder", "", "", ""), ("Adaptador de corriente", "", "", ""), ("Cargador", "", "", "")),
    "CABLE": (("Cable HDMI", "", "", ""), ("Cable UTP", "", "", ""), ("Patch cord de fibra", "", "", "")),
    "CONTROL_REMOTO": (("Control remoto", "", "", ""),),
    "LNB": (("LNB", "", "", ""), ("LNB universal", "", "", "")),
    "ANTENA": (("Antena parabólica", "", "", ""), ("Plato parabólico", "", "", "")),
    "ROSETA": (("Roseta óptica", "", "", ""),),
    "SPLITTER": (("Splitter", "", "", ""),),
}
"""By type: word, brand, model and serial, of which # stands for a digit, % for a hexadecimal one, @ for a letter."""
_SIGNS = {"#": "0123456789", "%": "0123456789ABCDEF", "@": "ACEFHKMNPRTY"}
_KITS = (
    (Line.INTERNET_FIJO, "ONT"),
    (Line.INTERNET_FIJO, "ONT FUENTE CABLE ROSETA"),
    (Line.INTERNET_FIJO, "ONT REPETIDOR REPETIDOR FUENTE"),
    (Line.INTERNET_FIJO, "MODEM_ROUTER FUENTE"),
    (Line.TELEVISION, "DECODIFICADOR SMARTCARD CONTROL_REMOTO CABLE"),
    (Line.TELEVISION, "DECODIFICADOR DECODIFICADOR CONTROL_REMOTO SPLITTER"),
    (Line.TELEVISION, "DECODIFICADOR CONTROL_REMOTO LNB ANTENA FUENTE"),
    (Line.TELEFONIA_FIJA, "TELEFONO FUENTE"),
    (Line.TELEFONIA_FIJA, "ONT TELEFONO"),
)


def someone(chance: Random) -> str:
    """A person, family name before or after: most with two surnames, some with particles, a few with one only."""
    surnames = chance.sample(_SURNAMES, 1 if chance.random() < 0.08 else 2)
    given = chance.sample(_GIVEN, 1 if chance.random() < 0.25 else 2)
    return " ".join((*surnames, *given) if chance.random() < 0.6 else (*given, *surnames))


def street(chance: Random) -> str:
    return chance.choice(_STREETS)


def unit(kind: str, chance: Random) -> Item:
    """A piece of equipment of the type, as its label and a form would name it."""
    word, brand, model, pattern = chance.choice(_MAKES[kind])
    serial = "".join(chance.choice(_SIGNS.get(sign, sign)) for sign in pattern)
    mac = ""
    if kind in {"ONT", "MODEM_ROUTER"} and chance.random() < 0.75:
        joint = chance.choice((":", ":", "-", ""))
        mac = joint.join(f"{byte:02X}" for byte in (0x02 | 4 * chance.randrange(64), *chance.randbytes(5)))
    return Item(EquipmentType(kind), word, brand, model, serial, mac)


def sixth_facts(chance: Random) -> Facts:
    """A certificate of return with everything in order: ours, signed by both; mostly stamped."""
    line, kit = chance.choice(_KITS)
    office, city = chance.choice(_OFFICES)
    day = date(2020, 4, 6) + timedelta(days=chance.randrange(2000))
    few, own_id = chance.randrange(10, 10**5), cedula(chance)
    firm = chance.random() < 0.12
    service = f"0{chance.randrange(2, 8)}{chance.randrange(2, 5)}{chance.randrange(10**6):06d}"
    if line is not Line.TELEFONIA_FIJA and chance.random() < 0.55:
        service = f"{chance.choice('1368')}{chance.randrange(10**7):07d}"
    return Facts(
        holder=chance.choice(_FIRMS) if firm else someone(chance),
        id_number=firm_ruc(chance) if firm else own_id + "001" if chance.random() < 0.08 else own_id,
        service=service,
        line=line,
        items=tuple(unit(kind, chance) for kind in kit.split()),
        day=day,
        number=chance.choice(
            (f"DEV-{day:%Y}-{few:06d}", f"RE{few:07d}", f"{few:05d}-{day:%Y}", f"SGE-{few:06d}", f"{few:08d}")
        ),
        office=office,
        city=city,
        agent=someone(chance),
        agent_id=cedula(chance),
        stamped=chance.random() < 0.75,
    )
