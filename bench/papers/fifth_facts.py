"""What the layouts of `fifth` certify: people of other names, long ones among them, and other writings of numbers.

Equipment, offices and services are those of `fourth_facts`; nobody lives.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from papers.fourth_facts import fourth_facts
from papers.truth import Facts

_SURNAMES = (
    *(
        "ALBORNOZ",
        "BALSECA",
        "CUENCA",
        "DELGADO",
        "ERAZO",
        "FIALLOS",
        "GUERRÓN",
        "HIDALGO",
        "IMBAQUINGO",
        "LLUMIQUINGA",
    ),
    *("MALDONADO", "NAULA", "ORDÓÑEZ", "PEÑA", "REINO", "SISALEMA", "TOBAR", "URGILÉS", "VERA", "ZAPATA", "DE LA A"),
)
_GIVEN = (
    *("AGUSTÍN", "BLANCA", "CARLOTA", "DIÓGENES", "ELVIA", "FAUSTO", "GENOVEVA", "HOMERO", "IRMA", "JULIO CÉSAR"),
    *("LAURO", "MARÍA DE LOS ÁNGELES DEL ROCÍO", "NORMA", "OSWALDO", "PIEDAD", "ROQUE", "SANTIAGO", "TERESA DE JESÚS"),
)
_FIRMS = (
    *("IMPORTADORA Y DISTRIBUIDORA DE REPUESTOS LOS TRES HERMANOS CIA. LTDA.", "CLÍNICA VETERINARIA COLA LARGA S.A.S."),
    *("ASOCIACIÓN DE PRODUCTORES DE PANELA RÍO MANSO", "COMPAÑÍA DE SERVICIOS CONTABLES EL DEBE Y EL HABER S.A."),
)


def neighbour(chance: Random, *, given_first: bool = False) -> str:
    """A person: two surnames and the given names."""
    surnames, given = " ".join(chance.sample(_SURNAMES, 2)), chance.choice(_GIVEN)
    if " " not in given:
        given += " " + chance.choice([one for one in _GIVEN if " " not in one and one != given])
    return f"{given} {surnames}" if given_first else f"{surnames} {given}"


def fifth_facts(chance: Random, *, given_first: bool = False, firm: float = 0.0) -> Facts:
    """A certificate with everything in order; `firm` is the share of companies among the holders."""
    one, few = fourth_facts(chance, firm=firm), chance.randrange(1, 10**5)
    a_person = len(one.id_number) == 10 or one.id_number[2] == "6"
    return replace(
        one,
        holder=neighbour(chance, given_first=given_first) if a_person else chance.choice(_FIRMS),
        agent=neighbour(chance, given_first=True),
        number=chance.choice(
            (f"{one.day:%Y}-{few:06d}", f"ADE-{few:05d}-{one.day:%y}", f"{few:07d}", f"CAC{few % 60:02d}-{few:05d}")
        ),
    )
