"""Writes the corpus anew: `python tests/corpus/make.py`.

The mails and `cases.csv` come from the demo's own samples; what each mail must lead to is written by hand
in the `.toml` beside it and is never touched here.  A sample without expectation, or an expectation
without sample, is refused.  Run it only when a sample changed: pictures drawn with another version of the
drawing libraries differ in their bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from evidence_daemon.demo.mails import samples
from evidence_daemon.demo.people import write_case_list

CORPUS = Path(__file__).parent


def main() -> int:
    expected = {path.stem.partition("-")[2]: path for path in CORPUS.glob("*.toml")}
    drawn = {sample.name: sample.raw for sample in samples()}
    for name in sorted(expected.keys() ^ drawn.keys()):
        sys.stderr.write(f"{name}: {'no sample' if name in expected else 'no .toml says what it must lead to'}\n")
    if expected.keys() != drawn.keys():
        return 1
    for name, raw in drawn.items():
        expected[name].with_suffix(".eml").write_bytes(raw)
    write_case_list(CORPUS / "cases.csv")
    return 0


if __name__ == "__main__":
    sys.exit(main())
