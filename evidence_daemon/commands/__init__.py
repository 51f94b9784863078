"""Command groups: one file per group of `evidence-daemon` commands; `cli.py` hangs them up."""
