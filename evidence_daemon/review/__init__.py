"""What a person may do with a held mail; the command line and the review desk both call this.

A person's verdict is a `Decision` like the daemon's and goes through the same `settle`: the same state
tables refuse what may not be, the same ledger takes the entries, the same outbox the answer.

Each act is one transaction, and what it rests on is checked in it:

* `token`  the question as it stood when the form was made; when it is another now, nothing is written and the
           person is told who did what (`TooLate`).
* a claim  whoever has a mail before him for five minutes is not disturbed (`InHand`); activity renews it.
* `key`    the form's own: sent twice, it is one act with one outcome.
* two people  above an amount, on strong signals, and for a share by lot, a decision that accredits only becomes a
           proposal; a second person approves it, and the database refuses that he is the first.
"""

from evidence_daemon.review.answer import LONGEST_ANSWER
from evidence_daemon.review.desk import LEASE, UNDO, Desk
from evidence_daemon.review.ruling import Dossier, InHand, NotShown, Outcome, Preview, Ruling, TooLate

__all__ = [
    "LEASE",
    "LONGEST_ANSWER",
    "UNDO",
    "Desk",
    "Dossier",
    "InHand",
    "NotShown",
    "Outcome",
    "Preview",
    "Ruling",
    "TooLate",
]
