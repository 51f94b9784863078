"""Every table of this room, for whoever means all of them: a table joins the metadata when its module is imported."""

from __future__ import annotations

from evidence_daemon.store import (  # noqa: F401
    tables_batches,
    tables_cluster,
    tables_desk,
    tables_judging,
    tables_mail,
    tables_outreach,
    tables_reading,
    tables_unattended,
    tables_web,
    tables_whatsapp,
)
from evidence_daemon.store.tables import Table

__all__ = ["Table"]
