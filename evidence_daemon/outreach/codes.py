"""What the Cloud API's error codes mean for a campaign: the table, and nothing else (pure).

Decided by the code alone, never by a title or the HTTP status; a status says only what an answer without a code
means.  Sources: Meta's error-code reference (15 May 2026), and what RapidPro's courier and pywa do with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What is to be done."""

    THROTTLE = "THROTTLE"
    """The whole channel goes slower; this message is handed over again."""
    PAIR = "PAIR"
    """Only this customer's messages wait, longer each time."""
    RETRY = "RETRY"
    """The provider's own trouble, told with a code: it was not taken, and is handed over again."""
    CHANNEL = "CHANNEL"
    """Nothing leaves until a person acts; nobody's attempt is burned."""
    TEMPLATE = "TEMPLATE"
    """Every message of this template would fail: it stops at the first."""
    PERSON = "PERSON"
    """This customer cannot be reached here."""
    SOFT = "SOFT"
    """The provider chose not to deliver: once more, not before 24 hours."""
    OPT_OUT = "OPT_OUT"
    """The customer does not want our messages here."""
    BUG = "BUG"
    """This program must not have sent it."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One line of the table; `because` is for staff."""

    kind: Kind
    because: str


def _all(kind: Kind, because: str, *codes: int) -> dict[int, Meaning]:
    return dict.fromkeys(codes, Meaning(kind, because))


CODES: Mapping[int, Meaning] = MappingProxyType(
    _all(Kind.THROTTLE, "el proveedor pide ir más despacio", 130429, 4, 80007, 133016)
    | _all(Kind.PAIR, "demasiados mensajes seguidos a este cliente", 131056)
    | _all(Kind.CHANNEL, "el proveedor limitó los envíos por quejas de los clientes", 131048)
    | _all(Kind.CHANNEL, "se alcanzó el límite de clientes por día de la cuenta", 131064)
    | _all(Kind.CHANNEL, "la cuenta está bloqueada o restringida", 368, 131031, 130497)
    | _all(Kind.CHANNEL, "hay un problema de pago con el proveedor", 131042)
    | _all(Kind.CHANNEL, "el proveedor no acepta nuestra clave o le faltan permisos", 190, 10, 3, 200, 131005)
    | _all(Kind.CHANNEL, "nuestro número no está registrado o está en mantenimiento", 133010, 131057, 131045)
    | _all(Kind.RETRY, "el proveedor tiene problemas", 131016, 131000, 1, 2, 133004)
    | _all(Kind.PERSON, "no tiene WhatsApp, o no puede recibir el mensaje", 131026)
    | _all(Kind.PERSON, "nuestro propio número no puede ser el destinatario", 131021)
    | _all(Kind.SOFT, "el proveedor decidió no entregarlo", 131049, 130472)
    | _all(Kind.OPT_OUT, "pidió al proveedor no recibir estos mensajes", 131050)
    | _all(Kind.BUG, "pasaron más de 24 horas desde su último mensaje: solo se puede usar una plantilla", 131047)
    | _all(
        Kind.TEMPLATE,
        "la plantilla o sus datos no son los aprobados",
        132000, 132001, 132005, 132007, 132008, 132012, 132018, 131008, 131009, 131051, 100, 33,
    )
    | _all(Kind.TEMPLATE, "el proveedor pausó o deshabilitó la plantilla", 132015, 132016)
)  # fmt: skip


def meaning(code: int, status: int) -> Meaning:
    """What an error means; `status` is the answer's HTTP status (0 for one told by a webhook).

    A code that nobody knows yet stops the template: what is wrong with one message is most likely wrong with all.
    """
    if (known := CODES.get(code)) is not None:
        return known
    if status == 429:
        return Meaning(Kind.THROTTLE, CODES[130429].because)
    if status in (401, 403):
        return Meaning(Kind.CHANNEL, CODES[190].because)
    if status >= 500:
        return Meaning(Kind.RETRY, CODES[131016].because)
    if status == 0:
        return Meaning(Kind.SOFT, f"no se entregó, por una causa que el programa no conoce ({code})")
    return Meaning(Kind.TEMPLATE, f"el proveedor lo rechaza por una causa que el programa no conoce ({code})")
