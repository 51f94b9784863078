"""When one person is not enough: above an amount, on strong signals, and for a share drawn by lot."""

from __future__ import annotations

from datetime import timedelta

from evidence_daemon.cases.lot import TWO_PEOPLE, lot
from evidence_daemon.model import Cents, Partial, Reverse, Settlement
from evidence_daemon.rulebook import DecisionPolicy

LATELY = timedelta(days=30)
"""So long what people accredited to a case counts with what they accredit to it now: no amount is passed in parts."""


def why_two(
    settlement: Settlement,
    policy: DecisionPolicy,
    *,
    strong_signal: bool,
    lately: Cents,
    receipt: str,
    secret: bytes,
) -> str:
    """Why a second person must agree to this (Spanish); "" when one is enough.

    `lately`: cents that people accredited to the same cases in the time told above.
    The lot is drawn with the house's `secret`: the same for the same mail, whoever asks, and nobody outside can
    foretell it.
    """
    if not isinstance(settlement.decision, Reverse | Partial):
        return ""
    now = sum(entry.amount for entry in settlement.entries)
    if now > policy.four_eyes_cents:
        return f"el monto supera USD {policy.four_eyes_cents // 100}"
    if now and now + lately > policy.four_eyes_cents:
        return f"con lo acreditado en {LATELY.days} días el caso supera USD {policy.four_eyes_cents // 100}"
    if strong_signal:
        return "hay una señal grave"
    if lot(secret, TWO_PEOPLE, receipt) < policy.four_eyes_share:
        return "salió en la muestra de control de calidad"
    return ""
