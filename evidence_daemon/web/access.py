"""Who may do what: two tables, and nothing else decides it.

`MAY` says what each role may do; `NEEDS` names for each route what its visitor must be allowed to do.  A route
that does not stand in `NEEDS` is closed to everybody (`site.admit`), and a test tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evidence_daemon.model import Role


class Permission(StrEnum):
    """One kind of deed."""

    LOOK_UP = "look_up"
    """See, masked, how a case stands."""
    TAKE_DOWN = "take_down"
    """Note what a customer says, or take the acta that he brings."""
    SEE_QUEUE = "see_queue"
    """See the queue, its mails, the pages of their papers."""
    DECIDE = "decide"
    APPROVE = "approve"
    """Be the second pair of eyes."""
    SEE_ORIGINALS = "see_originals"
    """Download what the customer sent, as it came."""
    SEE_FIGURES = "see_figures"
    SEE_HISTORY = "see_history"
    """Read the audit trail."""
    SEE_USERS = "see_users"
    CHANGE_USERS = "change_users"
    SEE_CAMPAIGNS = "see_campaigns"
    """See campaigns, whom they reach, what became of each contact, and who is left alone."""
    RUN_CAMPAIGNS = "run_campaigns"
    """Write, start, pause and end campaigns; say who is left alone."""
    APPROVE_CAMPAIGNS = "approve_campaigns"
    """Be the second person of a campaign that somebody else wrote."""


class Open(StrEnum):
    """What a route asks for that is not a permission."""

    EVERYBODY = "everybody"
    """No login: the login itself, styles, whether the house lives."""
    ANYBODY_IN = "anybody_in"
    """Whoever is logged in, whatever his role: his own account."""
    HALF_IN = "half_in"
    """Whoever gave the right password and is asked for the second factor (or is in)."""
    NEWCOMER = "newcomer"
    """Whoever is in, even when he must choose his own password or set up the second factor first."""


_P = Permission
_LOOKS = frozenset({_P.LOOK_UP, _P.TAKE_DOWN})
_DECIDES = _LOOKS | {_P.SEE_QUEUE, _P.DECIDE, _P.SEE_ORIGINALS}

MAY: Mapping[Role, frozenset[Permission]] = {
    Role.CONSULTA: _LOOKS,
    Role.REVISOR: _DECIDES,
    Role.APROBADOR: _DECIDES | {_P.APPROVE, _P.SEE_CAMPAIGNS, _P.APPROVE_CAMPAIGNS},
    Role.SUPERVISOR: _DECIDES
    | {_P.APPROVE, _P.SEE_FIGURES, _P.SEE_HISTORY, _P.SEE_USERS, _P.CHANGE_USERS}
    | {_P.SEE_CAMPAIGNS, _P.RUN_CAMPAIGNS, _P.APPROVE_CAMPAIGNS},
    Role.AUDITOR: frozenset(
        {_P.LOOK_UP, _P.SEE_QUEUE, _P.SEE_ORIGINALS, _P.SEE_FIGURES, _P.SEE_HISTORY, _P.SEE_USERS, _P.SEE_CAMPAIGNS}
    ),
}

NEEDS: Mapping[str, Permission | Open] = {
    # the frame
    "GET /": Open.ANYBODY_IN,
    "GET /static/{name}": Open.EVERYBODY,
    "GET /salud": Open.EVERYBODY,
    "POST /tema": Open.EVERYBODY,
    # getting in and out
    "GET /entrar": Open.EVERYBODY,
    "POST /entrar": Open.EVERYBODY,
    "GET /entrar/unico": Open.EVERYBODY,
    "GET /entrar/unico/vuelta": Open.EVERYBODY,
    "GET /entrar/codigo": Open.HALF_IN,
    "POST /entrar/codigo": Open.HALF_IN,
    "POST /salir": Open.HALF_IN,
    # one's own account
    "GET /cuenta": Open.ANYBODY_IN,
    "POST /cuenta/atajos": Open.ANYBODY_IN,
    "POST /cuenta/sesiones": Open.ANYBODY_IN,
    "GET /cuenta/clave": Open.NEWCOMER,
    "POST /cuenta/clave": Open.NEWCOMER,
    "GET /cuenta/codigo": Open.NEWCOMER,
    "GET /cuenta/codigo.svg": Open.NEWCOMER,
    "POST /cuenta/codigo": Open.NEWCOMER,
    # the people of the house
    "GET /usuarios": Permission.SEE_USERS,
    "POST /usuarios": Permission.CHANGE_USERS,
    "GET /usuarios/{user_id}": Permission.SEE_USERS,
    "POST /usuarios/{user_id}": Permission.CHANGE_USERS,
    # agents: look-up, and what customers say or bring
    "GET /consulta": Permission.LOOK_UP,
    "POST /consulta": Permission.LOOK_UP,
    "POST /consulta/nota": Permission.TAKE_DOWN,
    "GET /recepcion": Permission.TAKE_DOWN,
    "POST /recepcion": Permission.TAKE_DOWN,
    # figures
    "GET /panel": Permission.SEE_FIGURES,
    "GET /panel/{name}.{kind}": Permission.SEE_FIGURES,
    "GET /registro": Permission.SEE_HISTORY,
    # campaigns
    "GET /campanas": Permission.SEE_CAMPAIGNS,
    "POST /campanas": Permission.RUN_CAMPAIGNS,
    "GET /campanas/nueva": Permission.RUN_CAMPAIGNS,
    "GET /campanas/{campaign_id}": Permission.SEE_CAMPAIGNS,
    "POST /campanas/{campaign_id}": Permission.RUN_CAMPAIGNS,
    "GET /campanas/{campaign_id}/editar": Permission.RUN_CAMPAIGNS,
    "POST /campanas/{campaign_id}/editar": Permission.RUN_CAMPAIGNS,
    "POST /campanas/{campaign_id}/aprobar": Permission.APPROVE_CAMPAIGNS,
    "POST /campanas/{campaign_id}/prueba": Permission.RUN_CAMPAIGNS,
    "GET /campanas/{campaign_id}/audiencia": Permission.SEE_CAMPAIGNS,
    "GET /campanas/{campaign_id}/avance": Permission.SEE_CAMPAIGNS,
    "GET /campanas/{campaign_id}/voz/{script}": Permission.SEE_CAMPAIGNS,
    "POST /campanas/{campaign_id}/voz/{script}": Permission.RUN_CAMPAIGNS,
    "GET /campanas/{campaign_id}/intentos": Permission.SEE_CAMPAIGNS,
    "GET /campanas/{campaign_id}/intentos.{kind}": Permission.SEE_CAMPAIGNS,
    "GET /campanas/{campaign_id}/ley.{kind}": Permission.SEE_CAMPAIGNS,
    "GET /campanas/{campaign_id}/plazo.ics": Permission.SEE_CAMPAIGNS,
    "GET /contactos/{case_id}": Permission.SEE_CAMPAIGNS,
    "GET /exclusiones": Permission.SEE_CAMPAIGNS,
    "POST /exclusiones": Permission.RUN_CAMPAIGNS,
    "POST /exclusiones/buscar": Permission.SEE_CAMPAIGNS,
    "POST /exclusiones/levantar": Permission.RUN_CAMPAIGNS,
    "POST /exclusiones/lista": Permission.RUN_CAMPAIGNS,
    "GET /exclusiones.{kind}": Permission.SEE_CAMPAIGNS,
    # the queue and its items
    "GET /cola": Permission.SEE_QUEUE,
    "GET /cola/cuentas": Permission.SEE_QUEUE,
    "GET /cola/siguiente": Permission.DECIDE,
    "POST /cola/lote": Permission.DECIDE,
    "GET /cola/{receipt}": Permission.SEE_QUEUE,
    "GET /cola/{receipt}/preparar": Permission.DECIDE,
    "GET /cola/{receipt}/pagina/{raster}": Permission.SEE_QUEUE,
    "GET /cola/{receipt}/adjunto/{number}": Permission.SEE_ORIGINALS,
    "GET /cola/{receipt}/correo": Permission.SEE_ORIGINALS,
    "POST /cola/{receipt}/vista": Permission.DECIDE,
    "POST /cola/{receipt}/decidir": Permission.DECIDE,
    "POST /cola/{receipt}/mantener": Permission.DECIDE,
    "POST /cola/{receipt}/soltar": Permission.DECIDE,
    "POST /cola/{receipt}/deshacer": Permission.DECIDE,
    "POST /cola/{receipt}/aprobar": Permission.APPROVE,
    "POST /cola/{receipt}/devolver": Permission.DECIDE,
    "POST /cola/{receipt}/corregir": Permission.DECIDE,
    "POST /cola/{receipt}/posponer": Permission.DECIDE,
    "POST /cola/{receipt}/hecho": Permission.DECIDE,
    "POST /cola/{receipt}/reprocesar": Permission.DECIDE,
}


ONLY_WATCHES = frozenset({"GET /campanas/{campaign_id}/avance"})
"""Routes that ask by themselves while a page lies open: they do not keep a session alive."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the menu: for whom it is, and its msgid."""

    path: str
    text: str
    needs: Permission


MENU = (
    Link("/cola", "Queue", Permission.SEE_QUEUE),
    Link("/consulta", "Look-up", Permission.LOOK_UP),
    Link("/recepcion", "Counter", Permission.TAKE_DOWN),
    Link("/campanas", "Campaigns", Permission.SEE_CAMPAIGNS),
    Link("/panel", "Figures", Permission.SEE_FIGURES),
    Link("/registro", "Audit trail", Permission.SEE_HISTORY),
    Link("/usuarios", "Users", Permission.SEE_USERS),
)
"""In order; the first one that he may open is where he lands."""


def may(role: Role, permission: Permission) -> bool:
    """Whether somebody of this role may do that."""
    return permission in MAY[role]
