"""`python -m evidence_daemon` is the command `evidence-daemon`."""

from evidence_daemon.cli import main

main()
