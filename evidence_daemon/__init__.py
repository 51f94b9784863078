"""Reads certificates of returned equipment from a mailbox, and marks wrongly charged values for reversal.

The walk of one mail: intake → read → match → decide → settle → dispatch → file away.
Two laws: no mail is lost, and no value is reversed wrongly or twice.
"""

__version__ = "0.1.0"
