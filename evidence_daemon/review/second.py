"""When one person is not enough: above an amount, on strong signals, and for a share drawn by lot."""

from __future__ import annotations

from evidence_daemon.cases.lot import TWO_PEOPLE, lot
from evidence_daemon.model import Partial, Reverse, Settlement
from evidence_daemon.rulebook import DecisionPolicy


def why_two(settlement: Settlement, policy: DecisionPolicy, *, strong_signal: bool, receipt: str, secret: bytes) -> str:
    """Why a second person must agree to this (Spanish); "" when one is enough.

    The lot is drawn with the house's `secret`: the same for the same mail, whoever asks, and nobody outside can
    foretell it.
    """
    if not isinstance(settlement.decision, Reverse | Partial):
        return ""
    if sum(entry.amount for entry in settlement.entries) > policy.four_eyes_cents:
        return f"el monto supera USD {policy.four_eyes_cents // 100}"
    if strong_signal:
        return "hay una señal grave"
    if lot(secret, TWO_PEOPLE, receipt) < policy.four_eyes_share:
        return "salió en la muestra de control de calidad"
    return ""
