"""Files that come in and go out: the company's lists, batches of reversals, billing's answers, refunds.

The door of this room.  Behind it: what offices do to a list (`sheets`, `cells`, `told`), the lists themselves
(`caselist`, `register`, `responses`), how files are written (`forms`, `reversals`), what people do with charges
(`batches`, `corrections`), and how files travel (`delivery`, `watched`).
"""

from evidence_daemon.exchange.batches import Batches
from evidence_daemon.exchange.caselist import ImportReport, import_cases, segment
from evidence_daemon.exchange.cells import cents_of
from evidence_daemon.exchange.corrections import Corrections
from evidence_daemon.exchange.register import import_register
from evidence_daemon.exchange.responses import ResponseReport, import_response
from evidence_daemon.exchange.reversals import ExportReport, export_reversals
from evidence_daemon.exchange.told import RowFault

__all__ = [
    "Batches",
    "Corrections",
    "ExportReport",
    "ImportReport",
    "ResponseReport",
    "RowFault",
    "cents_of",
    "export_reversals",
    "import_cases",
    "import_register",
    "import_response",
    "segment",
]
